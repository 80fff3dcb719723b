/**
 * What the vault asks about tool servers' connections: whose they are, who may use them, as whom they are refreshed. The
 * vault does the rest, exactly as it does for providers.
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { AuthorizationServer } from "../oauth/types.js";
import { revocationRow } from "../outbox/revocation.js";
import type { ClientRegistration } from "../providers/provider.js";
import type { GrantRecord } from "../store/records.js";
import type { VaultConnections } from "../vault/ports.js";
import { type GrantSecrets, openGrant } from "../vault/sealed-grant.js";
import { requireAccess } from "./admission.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

type Ports = Pick<ConnectPorts, "servers" | "find" | "clients" | "store" | "keyring" | "random" | "proofs">;

const standard = { scopeSeparator: " ", tokenErrors: {}, tokenError: null } as const;

export function createToolConnections(ports: Ports): VaultConnections {
  const known = (connection: string): ToolServer => {
    const server = ports.servers.byConnection(connection);
    if (!server) throw new LatchkeyError("connect.server_unknown", { data: { connection } });
    return server;
  };

  return {
    async find(connection) {
      const server = ports.servers.byConnection(connection);
      // Of which issuer a grant is, is seen where it is refreshed; one of another server's URL counts nowhere (`foreign`).
      return server && { name: server.name, enabled: server.enabled, issuers: null, connectUrl: server.connectUrl };
    },
    mustAdmit: (connection, user) => requireAccess(ports.store, user, known(connection)),
    foreign: (grant, { asked }) => (asked?.server === known(grant.connection).url ? null : "server_changed"),
    async resolveClient(grant) {
      const server = known(grant.connection);
      const { as, client } = await clientOfGrant(ports, server, grant);
      const { asked, proofKey } = openGrant(ports.keyring, grant) ?? {};
      return {
        as,
        client,
        quirks: standard,
        scopes: scopesOf(server, grant, asked),
        resource: asked?.resource == null ? [] : [asked.resource],
        boundBy: proofKey === undefined ? null : { key: proofKey, proofs: ports.proofs },
        readIdToken: null,
        revokedAtSignOut: "always",
        onClientFault: async () => void (await ports.clients.rejected(server, as, grant.clientId, "token")),
      };
    },
    bounds: async (connection) => ({ origins: [], urls: [], below: [known(connection).url] }),
    revocation({ issuer, clientId, connection }, { refreshToken, accessToken }, now) {
      return revocationRow(ports, { provider: connection, issuer, clientId, refreshToken, accessToken }, now);
    },
  };
}

/**
 * The server and the client that a grant was made with, as they are now.
 *
 * @throws LatchkeyError `grant.needs_reconnect` when either is another (TS-10, TS-11)
 */
export async function clientOfGrant(
  ports: Pick<Ports, "find" | "clients">,
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

function scopesOf(server: ToolServer, grant: GrantRecord, asked: GrantSecrets["asked"]): readonly string[] | null {
  if (server.refreshScope === "omit") return null;
  const scopes = server.refreshScope === "granted" ? grant.scopes : (asked?.scopes ?? grant.scopes);
  return scopes.length === 0 ? null : scopes;
}
