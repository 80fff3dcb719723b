/** Composition: whether what a grant holds is revoked when an operator ends it, as far as that is known without a request. */
import type { Config } from "./config/schema.js";
import { readToolServer } from "./config/tool-server-record.js";
import type { Keyring } from "./crypto/port.js";
import { silentLog } from "./kernel/log.js";
import type { Clock } from "./kernel/time.js";
import { isRevocableAt } from "./outbox/revocation.js";
import type { ProviderRegistry } from "./providers/provider.js";
import type { Store } from "./store/contract.js";
import type { GrantRecord } from "./store/records.js";
import { createToolServers } from "./tool-servers/registry.js";
import { createRevocable } from "./tool-servers/revocable.js";
import { loadToolServers } from "./tool-servers/stored-servers.js";
import { toolPrefix } from "./tool-servers/tool-server.js";

export function wireRevocable(ports: {
  readonly config: Config;
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly providers: ProviderRegistry;
}): (grant: GrantRecord) => Promise<boolean> {
  const { config, providers } = ports;
  const load = () => loadToolServers({ ...ports, log: silentLog, read: readToolServer(config) });
  const ofTool = createRevocable({
    ...ports,
    async serverOf(connection) {
      // Read anew each time: what this command has just removed is gone, and still known.
      const news = { isCurrent: () => true, catchUp: async () => {}, subscribe: () => {} };
      const servers = createToolServers(config, { load, news });
      await servers.refresh();
      return servers.byConnection(connection) ?? servers.gone(connection);
    },
  });
  return async (grant) => {
    if (grant.connection.startsWith(toolPrefix)) return ofTool(grant);
    const provider = providers.byId(grant.connection.replace(/^provider:/, ""));
    return provider !== undefined && isRevocableAt(provider, grant);
  };
}
