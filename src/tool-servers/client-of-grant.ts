/** The server and the client that a grant was made with, as they are now. */
import { LatchkeyError } from "../kernel/errors.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { ClientRegistration } from "../providers/provider.js";
import type { GrantRecord } from "../store/records.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

/** @throws LatchkeyError `grant.needs_reconnect` when either is another (TS-10, TS-11) */
export async function clientOfGrant(
  ports: Pick<ConnectPorts, "find" | "clients">,
  server: ToolServer,
  grant: Pick<GrantRecord, "issuer" | "clientId">,
): Promise<{ readonly as: AuthorizationServer; readonly client: ClientRegistration }> {
  const { authorizationServer: as } = await ports.find(server);
  const over = (reason: string) => new LatchkeyError("grant.needs_reconnect", { data: { reason } });
  if (as?.issuer !== grant.issuer) throw over("issuer_changed");
  const client = await ports.clients.known(server, as, grant.clientId);
  if (!client) throw over("client_replaced");
  return { as, client };
}
