/**
 * `vault.accessToken`: the way out for a token (VA-6, VA-13). Fresh is answered from memory; else the grant is refreshed
 * first, and where that is not to be had a token that is still valid is served all the same (VA-9).
 */
import { equalInConstantTime, sha256Base64Url } from "../crypto/digest.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { VaultReadOutcome } from "../kernel/metrics.js";
import { type Duration, type Instant, milliseconds, type StandardDate, toDate } from "../kernel/time.js";
import type { RefreshEnd } from "./attempt-refresh.js";
import type { GrantFinder } from "./find-grant.js";
import type { GrantKey, HeldGrant } from "./grant-cache.js";
import { createJointWaits } from "./joint-waits.js";
import { freshnessOf, isAhead, refreshedSince, rejectionCounts } from "./policy/freshness.js";
import type { VaultPorts } from "./ports.js";
import type { Refresher } from "./refresh.js";

/** Whose token, for what. */
export interface AccessTokenRequest extends GrantKey {
  /** A user's id, as `sessions.authenticate` gives it. */
  readonly user: string;
  /**
   * A session's id: its own grant is used where it is active (VA-16). Name it wherever there is one.
   *
   * @default the user's active grant of this connection that was made last; one that is newer counts within 5 s
   */
  readonly session?: string | undefined;
  /** `provider:<id>`. Never another one's token, whatever is there. */
  readonly connection: string;
  /**
   * Milliseconds that the token must still be valid for. Cut at nine tenths of the token's lifetime.
   *
   * @default 0: `vault.refreshMargin` alone decides
   */
  readonly minValidity?: number | undefined;
}

/** An access token that may be used now. Keep it no longer than the work at hand: the next call costs microseconds. */
export interface AccessToken {
  readonly accessToken: string;
  /** How it is to be presented (RFC 6750, RFC 9449). */
  readonly tokenType: "Bearer" | "DPoP";
  /** Null: the provider did not say. */
  readonly expiresAt: StandardDate | null;
  /** What was granted. */
  readonly scopes: readonly string[];
}

/** The ways to a token, to be handed out as `T`. */
export interface AccessTokens<T> {
  /** At once where it is remembered: a thousand callers at the end of a token are a thousand of every promise on the way. */
  accessToken(request: AccessTokenRequest): T | Promise<T>;
  /** The same after a server refused `rejected`: one refresh, if that is still the current token. */
  afterRejection(request: AccessTokenRequest, rejected: string): Promise<T>;
  /** The same for a caller that is somewhere else: it knows a refused token by its hash, and waits less long. */
  forService(request: ServiceTokenRequest): T | Promise<T>;
}

/** What `POST /token` asks for (VA-15). */
export interface ServiceTokenRequest extends AccessTokenRequest {
  /** SHA-256 of a token that a server refused, base64url. */
  readonly rejectedTokenHash: string | undefined;
  /** How long this caller waits for a refresh, which goes on all the same. */
  readonly wait: Duration;
}

/** Where a store's rows change faster than they can be read, somebody is at work who should be waited for no longer. */
const mostRounds = 5;

/** A grant that is served, and as what it counts. */
interface Served {
  readonly held: HeldGrant;
  readonly as: Exclude<VaultReadOutcome, "refused">;
}

/** @returns the tokens as they are held, and those that whoever bears them may use: `grant.token_bound` for the others */
export function createAccessTokens(
  ports: VaultPorts,
  finder: GrantFinder,
  refresher: Refresher,
): { readonly held: AccessTokens<HeldToken>; readonly bearer: AccessTokens<AccessToken> } {
  const { clock, metrics, news, options } = ports;
  const none = milliseconds(0);

  const freshness = ({ grant }: HeldGrant, minValidity: Duration, now: Instant) =>
    freshnessOf(grant, { now, margin: options.refreshMargin, minValidity });

  /** @param isRejected whether a server refused this token */
  async function slowly(
    request: AccessTokenRequest,
    isRejected: (accessToken: string) => boolean,
    wait: Duration,
  ): Promise<Served> {
    const startedAt = clock.now();
    const deadline = clock.monotonic() + wait;
    const minValidity = milliseconds(Math.max(0, request.minValidity ?? 0));
    for (let round = 0; round < mostRounds; round++) {
      const held = await finder.find(request);
      const { grant, secrets } = held;
      const now = clock.now();
      const refused = isRejected(secrets.accessToken) && rejectionCounts(grant.lastRefreshAt, now);
      const refreshed = refreshedSince(grant.lastRefreshAt, startedAt, now);
      if (refreshed || (!refused && freshness(held, minValidity, now) === "fresh"))
        return { held, as: round === 0 ? "fresh" : "refreshed" };
      const valid = !refused && freshness(held, none, now) !== "expired";
      // In memory already: nothing can be had before that moment, or ever.
      const waits = grant.nextAttemptAt !== null && grant.nextAttemptAt > now && !isAhead(grant.updatedAt, now);
      const renewable = secrets.refreshToken !== null || secrets.asked?.withoutPerson !== undefined;
      if (valid && (!renewable || waits)) return { held, as: "kept" };
      const { session } = request;
      const rejected = refused ? secrets.accessToken : undefined;
      const need = { rejected, minValidity, startedAt, session, remembered: held };
      const end = await within(deadline, refresher.refresh(grant.id, need));
      if (end?.kind === "look" && end.current) await finder.renew(request, held, end.current);
      else finder.drop(request);
      if (end?.kind === "look") continue;
      if (!valid || freshness(held, none, clock.now()) === "expired") throw notHad(request, end);
      // It is served after a wait, in which something may have been said against it: as to whoever asks now, or not at all.
      const found = await finder.find(request);
      const isSame = found.grant.id === grant.id && found.secrets.accessToken === secrets.accessToken;
      if (!isSame) continue;
      if (freshness(found, none, clock.now()) === "expired") throw notHad(request, end);
      return { held: found, as: "kept" };
    }
    throw notHad(request, undefined);
  }

  /** Undefined when the time is over; what was waited for goes on. */
  async function within(deadline: number, end: Promise<RefreshEnd>): Promise<RefreshEnd | undefined> {
    let cancel = (): void => {};
    const over = new Promise<undefined>((resolve) => {
      cancel = clock.after(milliseconds(Math.max(0, deadline - clock.monotonic())), () => resolve(undefined));
    });
    // Whoever stops waiting must not make an unhandled rejection of its failure.
    end.catch(() => {});
    try {
      return await Promise.race([end, over]);
    } finally {
      cancel();
    }
  }

  const waits = createJointWaits<Served>({ clock, news });
  const notRejected = (): boolean => false;
  async function joined(request: AccessTokenRequest, wait: Duration): Promise<Served> {
    if (!news.isCurrent()) await news.catchUp();
    return waits.join(request, wait, (kept) => slowly(kept, notRejected, wait));
  }

  /** The remembered one, where it is fresh: no I/O. */
  function atHand(request: AccessTokenRequest): HeldGrant | undefined {
    const now = clock.now();
    const held = finder.remembered(request, now);
    return held && freshness(held, (request.minValidity ?? 0) as Duration, now) === "fresh" ? held : undefined;
  }

  function refuse(thrown: unknown): never {
    metrics.vaultRead("refused");
    throw thrown;
  }

  function waysTo<T>(handOut: (held: HeldGrant) => T): AccessTokens<T> {
    const give = ({ held, as }: Served): T => {
      metrics.vaultRead(as);
      return handOut(held);
    };
    /** One promise for each caller who waits: each has an answer of its own, and all share the way to it. */
    function answer(request: AccessTokenRequest, wait: Duration): T | Promise<T> {
      const known = waits.latest(request, wait);
      if (known !== undefined) return known.then(give, refuse);
      const held = atHand(request);
      return held ? give({ held, as: "fresh" }) : joined(request, wait).then(give, refuse);
    }
    return {
      accessToken: (request) => answer(request, options.callerWait),
      afterRejection: (request, rejected) =>
        slowly(request, (accessToken) => accessToken === rejected, options.callerWait).then(give, refuse),
      forService({ rejectedTokenHash: hash, wait, ...request }) {
        if (hash === undefined) return answer(request, wait);
        const isRejected = (accessToken: string) => equalInConstantTime(sha256Base64Url(accessToken), hash);
        return slowly(request, isRejected, wait).then(give, refuse);
      },
    };
  }
  return { held: waysTo(heldToken), bearer: waysTo(bearerToken) };
}

/** As it is held, for whoever presents it where it belongs. */
export interface HeldToken extends AccessToken {
  /** For its tool server alone (TS-21). */
  readonly confined: boolean;
}

/** Seconds to wait where nobody knows better. */
const soon = 5;

function notHad(
  { connection }: AccessTokenRequest,
  end: Extract<RefreshEnd, { kind: "held" }> | undefined,
): LatchkeyError {
  const seconds = end?.retryAfter == null ? soon : Math.max(1, Math.ceil(end.retryAfter / 1_000));
  const code = end?.code ?? "grant.refresh_unavailable";
  const retryAfter = code === "grant.refresh_unavailable" ? seconds : undefined;
  return new LatchkeyError(code, { data: { connection, reason: end?.reason ?? "still_under_way", retryAfter } });
}

const isConfined = ({ secrets }: HeldGrant): boolean => secrets.asked?.confined === true;

const heldToken = (held: HeldGrant): HeldToken => ({ ...tokenOf(held), confined: isConfined(held) });

/** @throws LatchkeyError `grant.token_bound` */
function bearerToken(held: HeldGrant): AccessToken {
  if (held.secrets.tokenType === "Bearer" && !isConfined(held)) return tokenOf(held);
  throw new LatchkeyError("grant.token_bound", {
    data: { connection: held.grant.connection, error: "invalid_target" },
  });
}

const tokenOf = ({ grant, secrets }: HeldGrant): AccessToken => ({
  accessToken: secrets.accessToken,
  tokenType: secrets.tokenType,
  expiresAt: grant.expiresAt === null ? null : toDate(grant.expiresAt),
  scopes: grant.scopes,
});
