/** The server and the client that a grant was made with, as they are now. */
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { ClientRegistration } from "../providers/provider.js";
import type { GrantRecord } from "../store/records.js";
import { unreachable } from "./failures.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

/**
 * @throws LatchkeyError `grant.needs_reconnect` when either is another (TS-10, TS-11) · `connect.server_unreachable` where the
 *   tool server names none at the moment, and what `find` throws
 */
export async function clientOfGrant(
  ports: Pick<ConnectPorts, "find" | "clients">,
  server: ToolServer,
  grant: Pick<GrantRecord, "issuer" | "clientId">,
): Promise<{ readonly as: AuthorizationServer; readonly client: ClientRegistration }> {
  const as = await serverOfIssuer(ports, server, grant.issuer);
  const over = (reason: string) => new LatchkeyError("grant.needs_reconnect", { data: { reason } });
  if (!as) throw over("issuer_changed");
  const client = await ports.clients.known(server, as, grant.clientId);
  if (!client) throw over("client_replaced");
  return { as, client };
}

/**
 * The authorization server of this issuer, if the tool server names it; undefined where it names another. Where it names none
 * any more, nobody said that it moved: it is looked at anew, past the copy, and if that helps nothing whoever asks comes again.
 */
export async function serverOfIssuer(
  { find }: Pick<ConnectPorts, "find">,
  server: ToolServer,
  issuer: string,
): Promise<AuthorizationServer | undefined> {
  for (const options of [{}, { refetch: true }]) {
    const { authorizationServer: as, authorizationServerFrom } = await find(server, options);
    if (as?.issuer === issuer) return as;
    if (authorizationServerFrom === "metadata") return undefined;
  }
  throw unreachable(noneNamed, { url: server.url, issuer });
}

const noneNamed = "no_authorization_server_named";

/** Whether that is what `serverOfIssuer` threw. */
export const namesNone = (thrown: unknown): boolean =>
  isLatchkeyError(thrown, "connect.server_unreachable") && thrown.data["reason"] === noneNamed;
