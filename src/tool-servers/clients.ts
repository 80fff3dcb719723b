/**
 * Which client we are at an authorization server, acted out (TS-7, TS-10, TS-11): the choice is a policy's, the
 * registration is made where there has to be one, and credentials stay with the issuer that they belong to.
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { Instant } from "../kernel/time.js";
import type { RegisteredClient } from "../oauth/client-registration.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { ClientRegistration } from "../providers/provider.js";
import { UniqueViolation } from "../store/contract.js";
import type { KnownIssuers } from "./choose-authorization-server.js";
import { createDynamicRegistrations } from "./dynamic-registrations.js";
import { chooseRegistration, type RegistrationChoice } from "./policy/choose-registration.js";
import type { RegistrationPorts } from "./registration-ports.js";
import { staticRegistration } from "./static-registration.js";
import type { ToolServer } from "./tool-server.js";

export interface Clients {
  /** What would be used, without a request and without writing anything: for operators, and for TS-3. */
  choose(server: ToolServer, as: AuthorizationServer): Promise<RegistrationChoice>;
  /** Whether one of the ways to be known there is open to us; the operator's credentials go to no other issuer by themselves. */
  canRegister(server: ToolServer, as: AuthorizationServer): Promise<boolean>;
  /**
   * Who we are to it, registered first where there has to be a registration.
   *
   * @throws LatchkeyError `connect.registration_needed` · `connect.registration_refused` · `connect.issuer_changed` ·
   *   `connect.server_unreachable`
   */
  forServer(server: ToolServer, as: AuthorizationServer): Promise<ClientRegistration>;
  /** The client with this id, if that is still who we are there. Nothing is registered for the sake of an old grant. */
  known(server: ToolServer, as: AuthorizationServer, clientId: string): Promise<ClientRegistration | undefined>;
  /** True where this issuer has refused our client metadata document, or the operator says so (TS-7). */
  documentRefused(issuer: string): Promise<boolean>;
  /** Where we are known for this server already (TS-3). */
  knownIssuers(server: ToolServer): Promise<KnownIssuers>;
  /**
   * The authorization server does not take this client: a registration of ours is made anew, a document is not used there
   * any more, and of credentials the operator is told. Answers whether another client is to be had now.
   */
  rejected(server: ToolServer, as: AuthorizationServer, clientId: string, where: "token" | "browser"): Promise<boolean>;
}

export function createClients(ports: RegistrationPorts): Clients {
  const { store, clock, log } = ports;
  const dynamic = createDynamicRegistrations(ports);

  const documentRefused = async (issuer: string): Promise<boolean> =>
    (await store.settings.byKey(refusedKey(issuer))) !== undefined;

  const choose = async (server: ToolServer, as: AuthorizationServer): Promise<RegistrationChoice> =>
    chooseRegistration({ server, as, documentRefused: await documentRefused(as.issuer) });

  async function forServer(server: ToolServer, as: AuthorizationServer): Promise<ClientRegistration> {
    const choice = await choose(server, as);
    switch (choice.kind) {
      case "static":
        await bind(server, as.issuer, choice.clientId, clock.now());
        return staticClient(server, choice.clientId);
      case "cimd":
        return publicClient(choice.clientId);
      case "dynamic":
        return registeredClient(await dynamic.get(server, as));
      case "operator": {
        const { reason } = choice;
        const data = { toolServer: server.id, issuer: as.issuer, reason, redirectUri: server.redirectUri };
        throw new LatchkeyError("connect.registration_needed", { data });
      }
      default:
        return choice satisfies never;
    }
  }

  const credentialsOf = async ({ connection }: ToolServer) =>
    (await store.registrations.ofConnection(connection)).filter(({ kind }) => kind === "static");

  async function canRegister(server: ToolServer, as: AuthorizationServer): Promise<boolean> {
    const choice = await choose(server, as);
    if (choice.kind !== "static") return choice.kind !== "operator";
    const bound = (await credentialsOf(server)).filter(({ clientId }) => clientId === choice.clientId);
    return bound.length === 0 || bound.some(({ issuer }) => issuer === as.issuer);
  }

  /**
   * The operator's credentials belong to one issuer: the one that is pinned, that was found when they were added, or, for those
   * of the file, at which they were used first. A tool server that names another later would otherwise be shown them (TS-10).
   */
  async function bind(server: ToolServer, issuer: string, clientId: string, now: Instant): Promise<void> {
    const rows = await credentialsOf(server);
    const same = rows.filter((row) => row.clientId === clientId);
    if (same.some((row) => row.issuer === issuer)) return;
    if (same.length > 0 && server.authorizationServer !== issuer) {
      const data = { toolServer: server.id, before: same.map((row) => row.issuer), now: issuer };
      throw new LatchkeyError("connect.issuer_changed", { data });
    }
    const taken = rows.find((row) => row.issuer === issuer && row.redirectUri === server.redirectUri);
    await store
      .transaction(async (tx) => {
        if (taken) await tx.registrations.delete(taken.id);
        const of = { connection: server.connection, issuer, redirectUri: server.redirectUri, clientId };
        await tx.registrations.insert(staticRegistration(ports, of, now));
      })
      .catch((thrown: unknown) => {
        // Another process was first, with the same.
        if (!(thrown instanceof UniqueViolation)) throw thrown;
      });
  }

  async function refuseDocument(server: ToolServer, issuer: string): Promise<void> {
    const now = clock.now();
    const key = refusedKey(issuer);
    const record = { key, value: { toolServer: server.id }, version: 1, updatedAt: now };
    if (await store.transaction((tx) => tx.settings.save(record, 0)))
      log.warn({ toolServer: server.id, issuer }, "an authorization server does not take our client metadata document");
  }

  return {
    choose,
    canRegister,
    forServer,
    documentRefused,

    async known(server, as, clientId) {
      const choice = await choose(server, as);
      if (choice.kind === "static") return choice.clientId === clientId ? staticClient(server, clientId) : undefined;
      // A grant that was made with the document is refreshed with it, also where new ones are made otherwise.
      if (clientId === server.documentUrl) return publicClient(clientId);
      const registered = await dynamic.known(server, as.issuer, clientId);
      return registered && registeredClient(registered);
    },

    async knownIssuers({ connection }) {
      const rows = await store.registrations.ofConnection(connection);
      const issuers = await store.grants.issuers(connection);
      // What was got with a document leaves no registration behind, and is of no use where that is not taken any more.
      const refused = await Promise.all(issuers.map(documentRefused));
      return {
        inUse: issuers.filter((_, at) => !refused[at]),
        registered: rows.flatMap(({ issuer, clientId }) => (clientId === null ? [] : [issuer])),
      };
    },

    async rejected(server, as, clientId, where) {
      const choice = await choose(server, as);
      if (clientId === server.documentUrl) {
        // Anybody can write what a browser brings back. Where nothing but the document would do, it shuts nobody out.
        const without = chooseRegistration({ server, as, documentRefused: true });
        if (where === "browser" && without.kind !== "dynamic") {
          log.error({ toolServer: server.id, issuer: as.issuer }, "a browser says that our document is not taken");
          return false;
        }
        await refuseDocument(server, as.issuer);
        return (await choose(server, as)).kind === "dynamic";
      }
      // What a browser brings back anybody can write; only the token endpoint's own word makes a client anew (AT-41).
      if (choice.kind !== "dynamic" || where === "browser") {
        log.error({ toolServer: server.id, issuer: as.issuer }, "an authorization server refuses our client");
        return false;
      }
      return (await dynamic.renew(server, as, clientId)).clientId !== clientId;
    },
  };
}

/** Where it is remembered that an issuer takes no document of ours. */
const refusedKey = (issuer: string): string => `client-metadata-refused:${issuer}`;

const bare = { clientKey: null, clientAssertionAudience: "issuer", clientIdInBody: false } as const;

const staticClient = (server: ToolServer, clientId: string): ClientRegistration => ({
  ...bare,
  clientId,
  clientSecret: server.clientSecret,
  clientKey: server.clientKey,
  tokenEndpointAuthMethod: server.tokenEndpointAuthMethod,
});

const publicClient = (clientId: string): ClientRegistration => ({
  ...bare,
  clientId,
  clientSecret: null,
  tokenEndpointAuthMethod: "none",
});

const registeredClient = ({ clientId, clientSecret, method }: RegisteredClient): ClientRegistration => ({
  ...bare,
  clientId,
  clientSecret,
  tokenEndpointAuthMethod: method,
});
