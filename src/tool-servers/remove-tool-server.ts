/** Removing a tool server that was added, and ending what people connected there: one way for every operator (TS-18). */
import { isLatchkeyError } from "../kernel/errors.js";
import type { GrantAdministration } from "../vault/administer-grants.js";
import type { ToolServerAdministration } from "./administer-tool-servers.js";

interface Steps {
  readonly toolServers: ToolServerAdministration;
  readonly grants: Pick<GrantAdministration, "holders" | "revoke">;
}

/** How many people would lose what they connected; where the file has one of this id, it is that one's, and nobody does. */
export async function peopleOfAdded({ toolServers, grants }: Steps, id: string): Promise<number> {
  return (await toolServers.isInUse(id)) ? (await grants.holders(`tool:${id}`)).length : 0;
}

/**
 * First nobody can connect it anew; a run that is cut off here is finished by the next one.
 *
 * @throws LatchkeyError `connect.server_unknown` also for one of the file
 */
export async function removeToolServer(
  { toolServers, grants }: Steps,
  id: string,
): Promise<{ /** Connections, whose tokens will be revoked. */ readonly ended: number }> {
  const connection = `tool:${id}`;
  const { inUse } = await toolServers.remove(id);
  let ended = 0;
  for (const user of inUse ? await grants.holders(connection) : [])
    ended += await grants.revoke(user, connection).then((done) => done.ended, goneAlready);
  return { ended };
}

/** They disconnected it themselves in this moment. */
function goneAlready(thrown: unknown): number {
  if (isLatchkeyError(thrown, "grant.not_connected")) return 0;
  throw thrown;
}
