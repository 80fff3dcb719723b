/** Composition of tool servers: discovery, who we are there, connecting, and what the vault asks about it. Wiring, no rules. */

import { readNamed } from "./config/named-file.js";
import type { Config } from "./config/schema.js";
import { readToolServer } from "./config/tool-server-record.js";
import { isLatchkeyError } from "./kernel/errors.js";
import { systemClock } from "./kernel/time.js";
import { createProofs } from "./oauth/dpop.js";
import { anotherNow, unknownHere } from "./outbox/deliver-revocation.js";
import { isRevocableAt, type Revocation } from "./outbox/revocation.js";
import type { Unregistration } from "./outbox/unregistration.js";
import type { News } from "./sessions/news.js";
import type { SignInPorts } from "./sign-in/ports.js";
import { clientOfGrant, namesNone, serverOfIssuer } from "./tool-servers/client-of-grant.js";
import { createClients } from "./tool-servers/clients.js";
import { createDiscovery } from "./tool-servers/discovery.js";
import { createFind } from "./tool-servers/find.js";
import type { ConnectPorts } from "./tool-servers/ports.js";
import { createToolServers } from "./tool-servers/registry.js";
import { discoverySettings } from "./tool-servers/settings.js";
import { loadToolServers } from "./tool-servers/stored-servers.js";
import type { ToolServer } from "./tool-servers/tool-server.js";

export interface ToolServerWiring {
  readonly config: Config;
  readonly base: string;
  readonly node: string;
  readonly news: News;
  readonly signIn: Pick<
    SignInPorts,
    | "store"
    | "egress"
    | "keyring"
    | "clock"
    | "random"
    | "log"
    | "flowCookies"
    | "checkSession"
    | "origin"
    | "flowLifetime"
    | "providers"
    | "metadata"
  >;
}

export function wireToolServers({ config, base, node, news, signIn }: ToolServerWiring): ConnectPorts {
  const { store, keyring, log } = signIn;
  const load = () => loadToolServers({ store, keyring, log, read: readToolServer(config) });
  const servers = createToolServers(config, { load, news });
  const registering = {
    ...signIn,
    waitingClock: systemClock,
    servers,
    our: { base, name: config.branding.name },
    node,
  };
  const clients = createClients(registering);
  const discovery = createDiscovery({
    ...signIn,
    news,
    registrations: ({ id }) => {
      const server = servers.byId(id) as ToolServer;
      return {
        known: () => clients.knownIssuers(server),
        canRegister: (as) => clients.canRegister(server, as),
      };
    },
  });
  const find = createFind(signIn, (server, options) => discovery.find(discoverySettings(server), options));
  return {
    ...registering,
    find,
    clients,
    proofs: createProofs(signIn),
    basePath: config.basePath,
    readTokenFile: (file) => readNamed("toolServers.workloadTokenFile", file),
  };
}

/**
 * Where a tool server's tokens are revoked: at the issuer and as the client that they were made with.
 *
 * @throws LatchkeyError `unknownHere` · `anotherNow` · whatever means later
 */
export const revocationTargets = (ports: ConnectPorts) => async (revocation: Revocation) => {
  const { servers } = ports;
  await servers.refresh();
  const server = servers.byConnection(revocation.provider) ?? servers.gone(revocation.provider);
  if (!server) throw unknownHere();
  try {
    const own = server.registration === "provider" ? await ownProvider(ports, server, revocation) : undefined;
    if (own) return { as: await ports.metadata.discover(own), client: own.client };
    return await clientOfGrant(ports, server, revocation);
  } catch (thrown) {
    if (isLatchkeyError(thrown, "grant.needs_reconnect")) throw anotherNow();
    throw thrown;
  }
};

/** What a sign-in provider gave for this server is that provider's to revoke (TS-21). */
async function ownProvider({ providers, metadata }: ConnectPorts, { provider: id }: ToolServer, of: Revocation) {
  for (const one of id === null ? providers.all() : [providers.byId(id)]) {
    if (!one) throw unknownHere();
    // Which issuer a tenant's name stands for this node may not have been told yet (SI-2).
    if (one.issuers.length === 0) await metadata.discover(one);
  }
  return providers.all().find((provider) => isRevocableAt(provider, of));
}

/**
 * The end of a registration's row before its server is asked to take it back (RFC 7592). False where a tool server of that
 * name is there again, and at the same authorization server: then it goes on being who we are.
 *
 * @throws LatchkeyError whatever means later
 */
export const lettingGo =
  (ports: ConnectPorts) =>
  async ({ connection, registration, clientId, issuer }: Unregistration): Promise<boolean> => {
    if (registration === null) return true;
    await ports.servers.refresh();
    const server = ports.servers.byConnection(connection);
    if (server && (await goesOn(ports, server, issuer))) return false;
    await ports.store.transaction(async (tx) => {
      const row = (await tx.registrations.ofConnection(connection)).find(({ id }) => id === registration);
      if (row?.clientId === clientId) await tx.registrations.delete(row.id);
    });
    return true;
  };

/** Whether we are still somebody there for this tool server, which may be another one that was given the id of the first. */
async function goesOn(ports: ConnectPorts, server: ToolServer, issuer: string): Promise<boolean> {
  if (server.registration === "key") return false;
  try {
    return (await serverOfIssuer(ports, server, issuer)) !== undefined;
  } catch (thrown) {
    // It may name it again, for those who hold tokens of it (TS-10); where nobody does, nothing is lost.
    if (namesNone(thrown) && !(await ports.store.grants.issuers(server.connection)).includes(issuer)) return false;
    throw thrown;
  }
}
