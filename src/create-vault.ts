/** Composition of the vault: what it asks of providers, answered from their registry and metadata. Wiring, no rules. */
import type { Bus } from "./bus/port.js";
import type { Config } from "./config/schema.js";
import { namedWebhooks } from "./config/webhook-hosts.js";
import { noFaults } from "./kernel/fault.js";
import type { Metrics } from "./kernel/metrics.js";
import { systemClock } from "./kernel/time.js";
import { readRefreshedIdToken } from "./oauth/refreshed-id-token.js";
import { revocationOf, revocationRow } from "./outbox/revocation.js";
import { needsReconnect, webhookRows } from "./outbox/webhook.js";
import type { Provider } from "./providers/provider.js";
import type { News } from "./sessions/news.js";
import type { SignInPorts } from "./sign-in/ports.js";
import { ConsentRequired } from "./vault/consent-required.js";
import { bearerChallenge } from "./vault/policy/challenge.js";
import type { VaultConnections, VaultPorts } from "./vault/ports.js";
import { createVault, type RunningVault } from "./vault/vault.js";

export interface VaultWiring {
  readonly config: Config;
  readonly base: string;
  readonly signIn: Pick<
    SignInPorts,
    "store" | "egress" | "keyring" | "metadata" | "providers" | "clock" | "random" | "log" | "faults"
  >;
  readonly news: News;
  readonly bus: Bus | undefined;
  readonly metrics: Metrics;
  readonly learnIssuer: (unresolved: string) => Promise<unknown>;
  /** AC-19: what a refresh brought, once it is stored. */
  readonly onRefreshed: VaultPorts["onRefreshed"];
  readonly onQueued: () => void;
  /** Left out where nobody asks for tool servers' tokens. */
  readonly toolServers?: VaultConnections;
  /** This process's name among those that hold leases. */
  readonly node: string;
}

export function wireVault(wiring: VaultWiring): RunningVault {
  const { config, signIn, news, bus, metrics, onRefreshed, onQueued } = wiring;
  const { store, keyring, egress, clock, random, log, faults } = signIn;
  return createVault({
    store,
    keyring,
    egress,
    connections: eitherOf(providerConnections(wiring), wiring.toolServers),
    news,
    hints: bus,
    clock,
    waitingClock: systemClock,
    random,
    log,
    metrics,
    faults: faults ?? noFaults,
    node: wiring.node,
    onRefreshed,
    tellEnd: (grant, reason, now) =>
      webhookRows(signIn, namedWebhooks(config.webhooks), needsReconnect(grant, reason, now), now),
    onQueued,
    options: config.vault,
  });
}

/** Which of the two answers is in the connection's name; no grant of the one is ever the other's (VA-16). */
function eitherOf(providers: VaultConnections, tools: VaultConnections | undefined): VaultConnections {
  if (!tools) return providers;
  const of = (connection: string): VaultConnections => (connection.startsWith("tool:") ? tools : providers);
  return {
    find: (connection) => of(connection).find(connection),
    mustAdmit: (connection, user) => of(connection).mustAdmit(connection, user),
    foreign: (grant, secrets) => of(grant.connection).foreign(grant, secrets),
    unattended: (connection, user) => of(connection).unattended(connection, user),
    resolveClient: (grant) => of(grant.connection).resolveClient(grant),
    bounds: (connection) => of(connection).bounds(connection),
    wantsMore: (who, challenge) => of(who.connection).wantsMore(who, challenge),
    revocation: (grant, secrets, now) => of(grant.connection).revocation(grant, secrets, now),
  };
}

/** LO-5: `auto` revokes only where the preset knows that this ends one token. */
const revokedAtSignOut = ({ revokeOnSignOut, revocationEndsOneToken }: Provider) =>
  revokeOnSignOut === "always" ? "always" : revokeOnSignOut === "auto" && revocationEndsOneToken ? "alone" : "never";

const prefix = "provider:";

function providerConnections({ base, signIn, learnIssuer }: VaultWiring): VaultConnections {
  const { providers, metadata, keyring, random } = signIn;
  const providerOf = (connection: string): Provider | undefined =>
    connection.startsWith(prefix) ? providers.byId(connection.slice(prefix.length)) : undefined;
  const known = (connection: string): Provider => {
    const provider = providerOf(connection);
    if (!provider) throw new Error(`no provider for ${connection}`);
    return provider;
  };
  const connectUrlOf = ({ id }: Provider): string => `${base}/providers/${id}/start`;

  return {
    async find(connection) {
      const provider = providerOf(connection);
      if (!provider) return undefined;
      if (provider.unresolvedIssuer !== undefined && provider.issuers.length === 0) {
        await learnIssuer(provider.unresolvedIssuer);
      }
      const { displayName: name, enabled, issuers } = provider;
      return { name, enabled, issuers, connectUrl: connectUrlOf(provider) };
    },
    // Whoever may sign in with a provider may use what it gave them.
    mustAdmit: async () => {},
    foreign: () => null,
    unattended: async () => null,
    async resolveClient(grant) {
      const provider = known(grant.connection);
      const as = await metadata.discover(provider);
      const { client, quirks, scopes: requested, refreshScope } = provider;
      return {
        as,
        client,
        quirks,
        scopes: refreshScope === "omit" ? null : refreshScope === "granted" ? grant.scopes : requested,
        resource: [],
        readIdToken:
          provider.kind === "oauth2" ? null : (input) => readRefreshedIdToken({ metadata }, { as, provider, ...input }),
        revokedAtSignOut: revokedAtSignOut(provider),
      };
    },
    async bounds(connection) {
      const provider = known(connection);
      const as = await metadata.discover(provider);
      return { origins: provider.apiOrigins, urls: as.userinfo_endpoint === undefined ? [] : [as.userinfo_endpoint] };
    },
    async wantsMore({ connection }, challenge) {
      const connectUrl = connectUrlOf(known(connection));
      return new ConsentRequired({ connection, connectUrl, scopes: bearerChallenge(challenge)?.scopes ?? [] });
    },
    revocation: (grant, tokens, now) => revocationRow({ keyring, random }, revocationOf(grant, tokens), now),
  };
}
