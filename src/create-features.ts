/** Puts the steps behind the routes' one interface. Each member is a line: what needs more belongs into a feature. */

import { listIdentities } from "./accounts/list-identities.js";
import { listMemberships } from "./accounts/list-memberships.js";
import { listMethods } from "./accounts/list-methods.js";
import { readText } from "./accounts/policy/claim.js";
import type { SharedCounts } from "./bus/shared-counts.js";
import type { Config } from "./config/schema.js";
import { equalInConstantTime } from "./crypto/digest.js";
import { safeReturnTo } from "./flows/policy/return-to.js";
import { asLatchkeyError, isLatchkeyError, LatchkeyError } from "./kernel/errors.js";
import type { SessionId } from "./kernel/ids.js";
import { newId } from "./kernel/ids.js";
import type { JsonObject } from "./kernel/json.js";
import type { Metrics } from "./kernel/metrics.js";
import { milliseconds } from "./kernel/time.js";
import { keySetLifetime } from "./keys/policy/signing-keys.js";
import type { SigningKeys } from "./keys/signing-keys.js";
import { listConnections } from "./list-connections.js";
import { createEndSessionOrigins } from "./logout/end-session-origins.js";
import { type EndReason, endSessions } from "./logout/end-sessions.js";
import type { createProviderLogout } from "./logout/provider-logout.js";
import type { createSignOut } from "./logout/sign-out.js";
import { clientKeySet } from "./oauth/client-keys.js";
import type { Provider } from "./providers/provider.js";
import type { Features, RequestFacts } from "./server/features.js";
import type { Prometheus } from "./server/prometheus.js";
import type { SessionChecker } from "./sessions/check-session.js";
import { listSessions } from "./sessions/list-sessions.js";
import type { News } from "./sessions/news.js";
import type { Authenticated } from "./sessions/session.js";
import type { SessionCookie } from "./sessions/session-cookie.js";
import { beginSignIn } from "./sign-in/begin.js";
import { completeSignIn } from "./sign-in/complete.js";
import { beginLink } from "./sign-in/link.js";
import { isRecent } from "./sign-in/own-account.js";
import type { SignInPorts } from "./sign-in/ports.js";
import { unlinkIdentity } from "./sign-in/unlink.js";
import type { SessionRecord } from "./store/records.js";
import { usableServer } from "./tool-servers/admission.js";
import { beginConnect } from "./tool-servers/begin.js";
import { installationMetadata, serverMetadata } from "./tool-servers/client-metadata.js";
import { completeConnect } from "./tool-servers/complete.js";
import { standings } from "./tool-servers/status.js";
import type { UsePorts } from "./tool-servers/token-holder.js";
import type { ToolServer, ToolServers } from "./tool-servers/tool-server.js";
import type { Vault } from "./vault/vault.js";

export interface Wired {
  readonly config: Config;
  readonly base: string;
  /** Text of `branding.css`. */
  readonly extraCss: string | null;
  readonly signIn: SignInPorts;
  readonly signOut: ReturnType<typeof createSignOut>;
  readonly providerLogout: ReturnType<typeof createProviderLogout>;
  readonly services: Pick<
    Features,
    "authenticateService" | "exchangeToken" | "introspectForService" | "revokeForService"
  >;
  readonly checker: SessionChecker;
  readonly cookie: SessionCookie;
  readonly sharedCounts: SharedCounts | undefined;
  readonly keys: SigningKeys;
  readonly news: News;
  /** Called after rows were queued in the outbox. Must not wait. */
  readonly onQueued: () => void;
  readonly metrics: Metrics;
  /** Undefined where metrics are switched off. */
  readonly prometheus: Prometheus | undefined;
  readonly toolServers: UsePorts;
  readonly vault: Pick<Vault, "list" | "disconnect">;
}

export function createFeatures(wired: Wired): Features {
  const { config, base, signIn, checker, cookie, onQueued } = wired;
  const { store, providers, metadata, clock, random, flowCookies, postedNames } = signIn;
  const view = { store, providers };
  const endSessionOrigins = createEndSessionOrigins({ metadata, providers, log: signIn.log });

  let admin: ReturnType<Features["admin"]> | undefined;

  let clientKeys: { readonly of: readonly ToolServer[]; readonly keys: readonly JsonObject[] } | undefined;

  /** Tool servers for what strangers read: while the database cannot be asked, as they were known last. */
  async function asKnown(): Promise<ToolServers> {
    const { servers } = wired.toolServers;
    await servers.refresh().catch((thrown: unknown) => {
      signIn.log.debug({ code: asLatchkeyError(thrown).code }, "tool servers are told as they were known last");
    });
    return servers;
  }

  /** Beside the request: whoever loads the page next sees what came of it (SI-3). */
  function lookAgain(provider: Provider): void {
    metadata.discover(provider).catch((thrown: unknown) => {
      signIn.log.debug(
        { provider: provider.id, code: asLatchkeyError(thrown).code },
        "the provider cannot be used now",
      );
    });
  }

  async function end(signedIn: Authenticated, request: RequestFacts, which: (session: SessionRecord) => boolean) {
    const sessions = (await store.sessions.ofUser(signedIn.user.id)).filter(which);
    const actor = { kind: "user", id: signedIn.user.id };
    const reason: EndReason = "ended_by_person";
    const ended = await endSessions(signIn, sessions, { actor, reason, audit: request, now: clock.now() });
    onQueued();
    return ended;
  }

  async function outboxWaiting() {
    try {
      const { rows, oldest } = await store.outbox.waiting();
      const dead = await store.outbox.countDead();
      return { rows, dead, lag: milliseconds(oldest === null ? 0 : Math.max(0, clock.now() - oldest)) };
    } catch (thrown) {
      signIn.log.debug({ code: asLatchkeyError(thrown).code }, "the outbox could not be counted for metrics");
      return undefined;
    }
  }

  return {
    config,
    extraCss: wired.extraCss,
    sharedCounts: wired.sharedCounts,
    clock,
    log: signIn.log,
    newRequestId: () => newId(clock.now(), random),
    providers,
    async providerButtons() {
      const enabled = providers.all().filter((provider) => provider.enabled);
      for (const provider of enabled) if (metadata.health(provider) !== "ok") lookAgain(provider);
      return enabled.map((provider) => ({
        id: provider.id,
        displayName: provider.displayName,
        icon: provider.icon,
        startUrl: `${base}/providers/${provider.id}/start`,
        health: metadata.health(provider),
      }));
    },

    lastProvider: (cookieHeader) => signIn.lastProvider.read(cookieHeader) ?? null,

    autoStart(cookieHeader) {
      const enabled = providers.all().filter((provider) => provider.enabled);
      const [only] = enabled;
      if (!config.signIn.autoStart || enabled.length !== 1 || !only) return null;
      return signIn.signedOutMarker.isSet(cookieHeader) ? null : `${base}/providers/${only.id}/start`;
    },
    beginSignIn: (input) => beginSignIn(signIn, input),
    completeSignIn: (input) => completeSignIn(signIn, input),
    beginLink: (input) => beginLink(signIn, { ...input, accountPage: `${config.basePath}/account?done=method-added` }),
    isLinking: (header, state) => state !== null && (flowCookies.find(header, state)?.link ?? null) !== null,
    isRecent: (signedIn) => isRecent(signedIn, clock.now()),
    async unlinkIdentity(signedIn, id, request) {
      const unlinked = await unlinkIdentity(signIn, { signedIn, id, request });
      onQueued();
      return unlinked;
    },
    hasFlowCookie: (header, state) => state !== null && flowCookies.find(header, state) !== undefined,
    keepPostedName(id, state, user) {
      // Two names and an address; more is not Apple's, and not worth parsing.
      const text = user.length <= 2_048 ? providers.byId(id)?.quirks.postedName?.(user) : undefined;
      // One line of text before it is sealed: a control character would take six characters of the cookie.
      const name = text === undefined ? undefined : readText({ name: text }, "name");
      return name === undefined ? [] : postedNames.keep(id, state, name, clock.now());
    },
    clearFlowCookie: (header, state) => [...flowCookies.clear(header, state), ...postedNames.clear(header)],
    safeReturnTo: (text) => safeReturnTo(text, signIn.origin) ?? signIn.defaultReturnTo,

    checkSession: (headers) => checker.check(headers),
    clearSessionCookie: () => cookie.clear(),
    signedOutCookies: () => [cookie.clear(), ...signIn.signedOutMarker.set()],

    async account(signedIn) {
      const { user } = signedIn;
      const [record, groups, identities, methods, sessions, toolServers] = await Promise.all([
        store.users.byId(user.id),
        listMemberships(view, user.id),
        listIdentities(view, user.id),
        listMethods(view, user.id, signedIn.session.id),
        listSessions(view, signedIn, clock.now()),
        standings(wired.toolServers, user.id),
      ]);
      return { user, roleOrigin: record?.roleOrigin ?? "default", groups, identities, methods, sessions, toolServers };
    },
    picture: (userId) => store.pictures.ofUser(userId),
    listSessions: (signedIn) => listSessions(view, signedIn, clock.now()),
    listIdentities: (signedIn) => listIdentities(view, signedIn.user.id),
    async endSession(signedIn, id: SessionId, request) {
      const ended = await end(signedIn, request, (session) => session.id === id);
      if (ended === 0) throw new LatchkeyError("session.not_found", { data: { session: id } });
    },
    endOtherSessions: (signedIn, request) => end(signedIn, request, (session) => session.id !== signedIn.session.id),
    endAllSessions: (signedIn, request) => end(signedIn, request, () => true),

    signOut: (input) => wired.signOut.signOut(input),
    async signOutMode(signedIn) {
      await endSessionOrigins.learn(signedIn.session.provider);
      return providers.byId(signedIn.session.provider)?.logout ?? "local";
    },
    signedOut: (input) => wired.signOut.signedOut(input),
    endSessionOrigins: () => endSessionOrigins.known(),
    backChannelLogout: (input) => wired.providerLogout.backChannel(input),
    frontChannelProviders: (input) => wired.providerLogout.frontChannelProviders(input),
    frontChannelLogout: (input) => wired.providerLogout.frontChannel(input),

    async clientMetadata(id) {
      const our = { base, name: config.branding.name };
      const servers = await asKnown();
      return id === null ? installationMetadata(our, servers) : serverMetadata(our, servers, id);
    },
    ...wired.services,
    async clientKeySet() {
      const of = (await asKnown()).all();
      // The list is another one when it changed; reading private keys again for everybody who asks would be work for nothing.
      if (clientKeys?.of !== of)
        clientKeys = { of, keys: clientKeySet([...providers.all().map(({ client }) => client), ...of]) };
      return clientKeys.keys;
    },
    keySet: async () => ({ keys: await wired.keys.published(), lifetime: keySetLifetime }),
    toolServerName: async (id) => (await usableServer(wired.toolServers.servers, id)).name,
    beginConnect: (input) => beginConnect(wired.toolServers, input),
    completeConnect: (input) => completeConnect(wired.toolServers, input),
    connections: ({ user }) => listConnections({ toolServers: wired.toolServers, vault: wired.vault }, user.id),
    disconnect: async ({ user }, connection) => void (await wired.vault.disconnect({ user: user.id, connection })),

    async readiness() {
      try {
        await wired.news.catchUp();
        await store.announcements.latest();
        return { ready: true };
      } catch (thrown) {
        return { ready: false, code: isLatchkeyError(thrown) ? thrown.code : "store.unavailable" };
      }
    },
    admin() {
      admin ??= import("./create-admin.js").then((loaded) => loaded.createAdmin(config, signIn, onQueued));
      return admin;
    },
    metrics: wired.metrics,
    async metricsPage(authorization) {
      const { token } = config.observability.metrics;
      if (!wired.prometheus) throw new LatchkeyError("server.not_found");
      const presented = /^bearer +(.+)$/i.exec(authorization ?? "")?.[1] ?? "";
      if (token && !equalInConstantTime(presented, token.reveal())) throw new LatchkeyError("server.token_required");
      return wired.prometheus.page(await outboxWaiting());
    },
    isEmpty: () => store.users.none(),
  };
}
