/** Whether a tool server can be used, and by this person (TS-19): asked at the start, at the callback and at every use. */
import { LatchkeyError } from "../kernel/errors.js";
import type { StoreReads } from "../store/contract.js";
import type { UserRecord } from "../store/records.js";
import { mayUse } from "./policy/access.js";
import type { ToolServer, ToolServers } from "./tool-server.js";

/** @throws LatchkeyError `connect.server_unknown` · `connect.server_disabled` */
export async function usableServer(servers: ToolServers, id: string): Promise<ToolServer> {
  await servers.refresh();
  const server = servers.byId(id);
  if (!server) throw new LatchkeyError("connect.server_unknown", { data: { toolServer: id.slice(0, 64) } });
  if (!server.enabled) throw new LatchkeyError("connect.server_disabled", { data: { toolServer: id } });
  return server;
}

/**
 * In the transaction that writes what somebody has there: one that was removed a moment ago must not get new rows, which
 * nobody would end.
 *
 * @throws LatchkeyError `connect.server_unknown`
 */
export async function mustBeThere(tx: Pick<StoreReads, "toolServers">, server: ToolServer): Promise<void> {
  if (!(await isThere(tx, server))) throw removed(server);
}

/** False for one that an operator added and removed again. */
export const isThere = async (
  tx: Pick<StoreReads, "toolServers">,
  { id, added }: Pick<ToolServer, "id" | "added">,
): Promise<boolean> => !added || (await tx.toolServers.byId(id))?.removedAt === null;

export const removed = ({ id }: Pick<ToolServer, "id">): LatchkeyError =>
  new LatchkeyError("connect.server_unknown", { data: { toolServer: id, reason: "removed" } });

/** @throws LatchkeyError `account.pending` · `connect.access_refused` */
export async function requireAccess(
  store: Pick<StoreReads, "groups">,
  user: UserRecord | undefined,
  server: ToolServer,
): Promise<void> {
  if (user && (await isAdmitted(store, user, server))) return;
  // Not this server turns them away: they wait for everything here (AC-20).
  if (user?.role === "pending" && user.disabledAt === null)
    throw new LatchkeyError("account.pending", { data: { user: user.id } });
  throw new LatchkeyError("connect.access_refused", { data: { toolServer: server.id, user: user?.id ?? null } });
}

export async function isAdmitted(
  store: Pick<StoreReads, "groups">,
  user: UserRecord,
  server: ToolServer,
): Promise<boolean> {
  const { id, email, emailVerified, role } = user;
  const memberships = server.access.groups.length === 0 ? [] : await store.groups.ofUser(user.id);
  const groups = memberships.map(({ group }) => group.name);
  return mayUse({ id, email, emailVerified, role, disabled: user.disabledAt !== null, groups }, server);
}
