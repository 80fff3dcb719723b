/**
 * Removing a tool server that was added, and ending what people connected there: one way for every operator (TS-18). So does what is left
 * of one that is nowhere any more: it was taken out of the file, or its removal was cut off days ago.
 */
import { isLatchkeyError } from "../kernel/errors.js";
import type { GrantAdministration } from "../vault/administer-grants.js";
import type { EndedGrants } from "../vault/end-grants.js";
import type { ToolServerAdministration } from "./administer-tool-servers.js";

interface Steps {
  readonly toolServers: ToolServerAdministration;
  readonly grants: Pick<GrantAdministration, "holders" | "revoke">;
}

/** What a removal would mean to people. */
export interface ConnectedPeople {
  /** How many would lose what they connected; where the file has one of this id, it is that one's, and nobody does. */
  readonly people: number;
  /** False where their tokens cannot be revoked: nobody can say any more where, and as which client. */
  readonly revocable: boolean;
}

/** What a removal did: connections that ended, and what becomes of their tokens. */
export type ToolServerRemoved = EndedGrants &
  Pick<ConnectedPeople, "revocable"> & {
    /** It was removed before; this only ended what was left, if anything. */
    readonly already: boolean;
  };

export async function peopleOfRemoved({ toolServers, grants }: Steps, id: string): Promise<ConnectedPeople> {
  const { inUse, revocable } = await toolServers.look(id);
  return { people: inUse ? (await grants.holders(`tool:${id}`)).length : 0, revocable };
}

/**
 * First nobody can connect it anew; a run that is cut off here is finished by the next one.
 *
 * @throws LatchkeyError `connect.server_unknown` also for one of the file, and where nothing is left
 */
export async function removeToolServer({ toolServers, grants }: Steps, id: string): Promise<ToolServerRemoved> {
  const connection = `tool:${id}`;
  const { inUse, revocable, already } = await toolServers.remove(id);
  let gone = nothing;
  for (const user of inUse ? await grants.holders(connection) : [])
    gone = sum(gone, await grants.revoke(user, connection, { revokes: revocable }).catch(goneAlready));
  return { ...gone, revocable, already };
}

const nothing: EndedGrants = { ended: 0, revoked: 0, unreadable: 0 };

const sum = (a: EndedGrants, b: EndedGrants): EndedGrants => ({
  ended: a.ended + b.ended,
  revoked: a.revoked + b.revoked,
  unreadable: a.unreadable + b.unreadable,
});

/** They disconnected it themselves in this moment. */
function goneAlready(thrown: unknown): EndedGrants {
  if (isLatchkeyError(thrown, "grant.not_connected")) return nothing;
  throw thrown;
}
