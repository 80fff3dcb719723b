/**
 * What the vault asks about tool servers' connections: whose they are, who may use them, as whom they are refreshed. The
 * vault does the rest, exactly as it does for providers.
 */
import { LatchkeyError } from "../kernel/errors.js";
import { noTokenQuirks } from "../oauth/token-endpoint.js";
import { revocationRow } from "../outbox/revocation.js";
import type { GrantRecord } from "../store/records.js";
import type { VaultConnections } from "../vault/ports.js";
import { type GrantSecrets, openGrant } from "../vault/sealed-grant.js";
import { requireAccess } from "./admission.js";
import { clientOfGrant } from "./client-of-grant.js";
import { readChallenge } from "./policy/challenge.js";
import { isStepUp } from "./policy/scopes.js";
import { unattendedWay } from "./policy/without-person.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";
import { unattendedClient, unattendedGrant } from "./unattended.js";
import { wantsMore } from "./wants-more.js";

const registrationChanged = "registration_changed";

export function createToolConnections(ports: ConnectPorts): VaultConnections {
  const known = (connection: string): ToolServer => {
    const server = ports.servers.byConnection(connection);
    if (!server) throw new LatchkeyError("connect.server_unknown", { data: { connection } });
    return server;
  };

  return {
    async find(connection) {
      // The vault asks this before anything else of a connection.
      await ports.servers.refresh();
      const server = ports.servers.byConnection(connection);
      // Of which issuer a grant is, is seen where it is refreshed; one of another server's URL counts nowhere (`foreign`).
      return server && { name: server.name, enabled: server.enabled, issuers: null, connectUrl: server.connectUrl };
    },
    mustAdmit: (connection, user) => requireAccess(ports.store, user, known(connection)),
    foreign(grant, { asked }) {
      const server = known(grant.connection);
      if (asked?.server !== server.url) return "server_changed";
      // What one way got is not another's: a person's grant is not the operator's, nor the other way.
      return (asked.withoutPerson ?? null) === unattendedWay(server) ? null : registrationChanged;
    },
    unattended: (connection, user) => unattendedGrant(ports, known(connection), user),
    async resolveClient(grant) {
      const server = known(grant.connection);
      const way = unattendedWay(server);
      const secrets = openGrant(ports.keyring, grant);
      // Who refreshes ahead asks nobody whether it still counts (`foreign`).
      if (secrets && (secrets.asked?.withoutPerson ?? null) !== way)
        throw new LatchkeyError("grant.needs_reconnect", { data: { reason: registrationChanged } });
      if (way !== null) return unattendedClient(ports, server, way, grant);
      const { as, client } = await clientOfGrant(ports, server, grant);
      const { asked, proofKey } = secrets ?? {};
      return {
        as,
        client,
        quirks: noTokenQuirks,
        scopes: scopesOf(server, grant, asked),
        resource: asked?.resource == null ? [] : [asked.resource],
        boundBy: proofKey === undefined ? null : { key: proofKey, proofs: ports.proofs },
        readIdToken: null,
        revokedAtSignOut: "always",
        onClientFault: async () => void (await ports.clients.rejected(server, as, grant.clientId, "token")),
      };
    },
    bounds: async (connection) => ({ origins: [], urls: [], below: [known(connection).url] }),
    async wantsMore(who, header) {
      const challenge = readChallenge(header);
      return challenge && isStepUp(challenge) ? wantsMore(ports, who, known(who.connection), challenge) : null;
    },
    revocation({ issuer, clientId, connection }, { refreshToken, accessToken }, now) {
      return revocationRow(ports, { provider: connection, issuer, clientId, refreshToken, accessToken }, now);
    },
  };
}

function scopesOf(server: ToolServer, grant: GrantRecord, asked: GrantSecrets["asked"]): readonly string[] | null {
  if (server.refreshScope === "omit") return null;
  const scopes = server.refreshScope === "granted" ? grant.scopes : (asked?.scopes ?? grant.scopes);
  return scopes.length === 0 ? null : scopes;
}
