/**
 * Logout that a provider starts: back-channel, by a signed token (LO-7 to LO-9), and front-channel, by a page of the
 * provider's that loads ours (LO-10). Both end what the store says, never what a cookie says: the browser that brings a
 * front-channel request, if it is one, need not be the one that is signed in.
 *
 * Nothing is answered before it is committed, and a token's `jti` is used up in the transaction that ends the sessions:
 * what could not be finished can be sent again. That transaction also ends the sign-ins that are under way.
 */
import type { AuditContext } from "../audit/audit-event.js";
import { asLatchkeyError, isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { after, type Clock, type Instant, minutes } from "../kernel/time.js";
import type { IssuerPins } from "../oauth/issuer-pins.js";
import { type ClaimedLogout, type ProvenLogout, proveLogoutToken, readLogoutToken } from "../oauth/logout-token.js";
import type { Metadata } from "../oauth/metadata.js";
import type { Provider } from "../providers/provider.js";
import type { StoreReads } from "../store/contract.js";
import type { SessionRecord } from "../store/records.js";
import { type EndReason, type EndSessionsPorts, prepareEndOf } from "./end-sessions.js";
import { type LogoutOf, loggedOutSessions } from "./policy/logged-out-sessions.js";
import { endSignInsUnderWay, ofOneProvider } from "./sign-ins-under-way.js";

export interface ProviderLogoutPorts extends EndSessionsPorts {
  readonly metadata: Metadata;
  readonly pins: Pick<IssuerPins, "load">;
  readonly clock: Clock;
  readonly log: Log;
  /** Called after revocations were queued, so that they leave soon. */
  readonly onQueued: () => void;
}

/** The clocks of our own nodes: one that runs ahead must not sweep a `jti` that another would still take. */
const ownClocks = minutes(1);
/** Of each node, for `sid`s that a front-channel request names and nobody has. A provider's sign-out page needs one or two. */
const strangersRowsPerMinute = 60;

export function createProviderLogout(ports: ProviderLogoutPorts) {
  const { store, log } = ports;
  let strangers = { since: ports.clock.now(), rows: 0 };

  /**
   * Reads what a token says. That asks no provider and checks no signature, so a stranger's costs next to nothing.
   *
   * @param input.provider its id, where the URL named one
   * @returns what proves it and does it, and answers how many sessions ended
   * @throws LatchkeyError `logout.token_invalid` · `logout.unfinished`; so does what is returned
   */
  async function backChannel(input: {
    readonly provider: string | undefined;
    readonly logoutToken: string;
    readonly request: AuditContext;
  }): Promise<() => Promise<number>> {
    try {
      const providers = await speakingFor(input.provider);
      const claimed = readLogoutToken({ providers, logoutToken: input.logoutToken, now: ports.clock.now() });
      return () => finish(claimed, input.request);
    } catch (thrown) {
      throw unfinished(thrown);
    }
  }

  async function finish(claimed: ClaimedLogout, request: AuditContext): Promise<number> {
    try {
      const ended = await endOnce(await proveLogoutToken(ports, claimed), request, ports.clock.now());
      log.info({ provider: claimed.provider.id, ended, requestId: request.requestId }, "logged out by a provider");
      return ended;
    } catch (thrown) {
      throw unfinished(thrown);
    }
  }

  async function endOnce(proven: ProvenLogout, request: AuditContext, now: Instant): Promise<number> {
    const { provider, issuer, jti } = proven;
    const by = {
      actor: { kind: "provider", id: provider.id },
      reason: "backchannel" as EndReason,
      audit: request,
      now,
    };
    const end = await prepareEndOf(ports, await sessionsOf(store, [issuer], proven), by);
    const ended = await store.transaction(async (tx) => {
      const first = await tx.usedJtis.use(issuer, jti, after(proven.tooOldAt, ownClocks));
      if (!first) throw invalid("replayed", provider);
      const sessions = await sessionsOf(tx, [issuer], proven);
      const { clientIds, sub, sid, issuedAt: at } = proven;
      await endSignInsUnderWay(tx, { issuers: [issuer], clientIds, sub, sid, at, tolerance: ofOneProvider });
      return end(tx, sessions);
    });
    ports.onQueued();
    return ended;
  }

  /** @throws LatchkeyError `logout.token_invalid` for a `sid` that is somebody else's. */
  async function sessionsOf(reads: Pick<StoreReads, "sessions">, issuers: readonly string[], of: LogoutOf) {
    const bySid = of.sid === undefined ? [] : await reads.sessions.bySid(issuers, of.sid);
    const bySub: SessionRecord[] = [];
    for (const issuer of of.sub === undefined ? [] : issuers) {
      bySub.push(...(await reads.sessions.bySub(issuer, of.sub ?? "")));
    }
    const found = loggedOutSessions(of, { bySid, bySub });
    if (!found.ok) throw invalid(found.error);
    return found.value;
  }

  /**
   * The providers of a front-channel request: whose page may frame the answer, whether or not anything ends.
   *
   * @returns empty when the URL names none of ours
   */
  async function frontChannelProviders(input: {
    readonly provider: string | undefined;
    readonly iss: string | undefined;
  }) {
    const providers = await speakingFor(input.provider);
    if (input.iss === undefined) return input.provider === undefined ? [] : providers;
    return providers.filter(({ issuers }) => issuers.includes(input.iss ?? ""));
  }

  /** Ends the sessions of a `sid` at these providers (front-channel); answers how many. */
  async function frontChannel(input: {
    readonly providers: readonly Provider[];
    readonly iss: string | undefined;
    readonly sid: string;
    readonly request: AuditContext;
  }): Promise<number> {
    const now = ports.clock.now();
    const [first] = input.providers;
    if (first === undefined) return 0;
    const issuers = input.iss === undefined ? first.issuers : [input.iss];
    const of = { clientIds: input.providers.map(({ client }) => client.clientId), sub: undefined, sid: input.sid };
    const by = {
      actor: { kind: "provider", id: first.id },
      reason: "frontchannel" as EndReason,
      audit: input.request,
      now,
    };
    const sessions = await sessionsOf(store, issuers, of);
    // Anybody may ask about a sid. Those that nobody has must not fill the database or hold its write lock.
    if (sessions.length === 0 && !mayWriteFor(issuers.length * of.clientIds.length, now)) return 0;
    const end = await prepareEndOf(ports, sessions, by);
    const ended = await store.transaction(async (tx) => {
      await endSignInsUnderWay(tx, { issuers, ...of, at: now, tolerance: first.clockTolerance });
      return end(tx, await sessionsOf(tx, issuers, of));
    });
    ports.onQueued();
    return ended;
  }

  /** Whether a stranger's request may have this many rows written now. */
  function mayWriteFor(rows: number, now: Instant): boolean {
    if (now < strangers.since || after(strangers.since, minutes(1)) <= now) strangers = { since: now, rows: 0 };
    if (strangers.rows >= strangersRowsPerMinute) return false;
    strangers.rows += rows;
    return true;
  }

  /** With what a tenant's name stands for, where another node has learned it. */
  async function speakingFor(id: string | undefined): Promise<readonly Provider[]> {
    const one = id === undefined ? undefined : ports.providers.byId(id);
    const asked = id === undefined ? ports.providers.all() : one === undefined ? [] : [one];
    const speaking = asked.filter(({ kind }) => kind === "oidc");
    for (const { unresolvedIssuer } of speaking) if (unresolvedIssuer) await ports.pins.load(unresolvedIssuer);
    return speaking;
  }

  return { backChannel, frontChannelProviders, frontChannel };
}

/** Whatever is not the token's own fault: the provider may send it again. */
function unfinished(thrown: unknown): LatchkeyError {
  if (isLatchkeyError(thrown, "logout.token_invalid")) return thrown;
  const { code, data } = asLatchkeyError(thrown);
  return new LatchkeyError("logout.unfinished", { cause: thrown, data: { ...data, reason: code } });
}

const invalid = (reason: string, provider?: Provider): LatchkeyError =>
  new LatchkeyError("logout.token_invalid", { data: { reason, provider: provider?.id } });
