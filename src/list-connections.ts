/** Everything that a person holds tokens for, or could: tool servers and kept providers as one list. Composition, no rules. */
import type { UserId } from "./kernel/ids.js";
import { toInstant } from "./kernel/time.js";
import type { ConnectionView } from "./server/features.js";
import type { ConnectPorts } from "./tool-servers/ports.js";
import { standings } from "./tool-servers/status.js";
import type { Vault } from "./vault/vault.js";

export async function listConnections(
  ports: { readonly toolServers: ConnectPorts; readonly vault: Pick<Vault, "list"> },
  userId: UserId,
): Promise<readonly ConnectionView[]> {
  const tools = await standings(ports.toolServers, userId);
  const held = (await ports.vault.list(userId)).filter(({ connection }) => connection.startsWith("provider:"));
  const instant = (date: { getTime(): number } | null) => (date === null ? null : toInstant(date.getTime()));
  const providers = held.map(({ connection, name, status, reason, since, scopes, expiresAt, lastRefreshAt }) => ({
    connection,
    name,
    status,
    reason,
    since: instant(since),
    scopes,
    expiresAt: instant(expiresAt),
    lastUsedAt: instant(lastRefreshAt),
    connectUrl: null,
  }));
  return [...tools, ...providers];
}
