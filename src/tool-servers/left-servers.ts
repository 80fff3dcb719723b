/**
 * Tool servers that nobody can use any more and of which something is left all the same (VA-14): one that was taken out of the file,
 * or whose removal was cut off before every connection had ended. `tool-server remove` ends it.
 *
 * Not here: what nobody can do anything about. A registration that its server does not take back (RFC 7592) is a row without a use.
 */
import type { Keyring } from "../crypto/port.js";
import type { Store } from "../store/contract.js";
import { openRegistration } from "./sealed-registration.js";
import { toolPrefix } from "./tool-server.js";

export interface LeftToolServer {
  readonly id: string;
  /** Connections of people. */
  readonly grants: number;
  /** Registrations of ours that its server would take back. */
  readonly registrations: number;
  /** Its removal was begun; where tokens are revoked is still known. False: it is nowhere any more. */
  readonly removing: boolean;
}

/** By id. @param configured the ids of the file */
export async function leftToolServers(
  ports: { readonly store: Pick<Store, "grants" | "registrations" | "toolServers">; readonly keyring: Keyring },
  configured: readonly string[],
): Promise<readonly LeftToolServer[]> {
  const { store, keyring } = ports;
  const added = await store.toolServers.all();
  const removed = new Set(added.filter(({ removedAt }) => removedAt !== null).map(({ id }) => id));
  const there = new Set([...configured, ...added.map(({ id }) => id).filter((id) => !removed.has(id))]);
  const ours = (await store.registrations.all()).filter(({ connection }) => !there.has(idOf(connection)));
  const connections = [...(await store.grants.connections()), ...ours.map(({ connection }) => connection)];
  const ids = new Set(connections.filter((name) => name.startsWith(toolPrefix)).map(idOf));
  const left: LeftToolServer[] = [];
  for (const id of [...ids].filter((one) => !there.has(one)).sort()) {
    const connection = toolPrefix + id;
    const removing = removed.has(id);
    const takenBack = ours.filter((row) => row.connection === connection && openRegistration(keyring, row)?.management);
    // That of one that is being removed goes by itself, an hour later.
    const of = { grants: await store.grants.count(connection), registrations: removing ? 0 : takenBack.length };
    if (of.grants + of.registrations > 0) left.push({ id, ...of, removing });
  }
  return left;
}

const idOf = (connection: string): string => connection.slice(toolPrefix.length);
