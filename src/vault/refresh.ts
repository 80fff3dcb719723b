/**
 * One refresh per expiry (VA-7): within a node callers share one promise, across nodes the lease in the grant's row lets
 * one go and the others wait and look again. It goes on when nobody waits any more.
 *
 * take the lease · ask (attempt-refresh) · decide (policy/outcome) · write (write-outcome) · only then answer
 */
import { asLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { GrantId, UserId } from "../kernel/ids.js";
import { type Duration, type Instant, milliseconds } from "../kernel/time.js";
import type { GrantRecord } from "../store/records.js";
import { type AttemptFacts, attemptRefresh, fingerprintOf, type RefreshEnd } from "./attempt-refresh.js";
import { takeLease, type WatchedLease, watchLease } from "./lease.js";
import { freshnessOf, isAhead, refreshedSince } from "./policy/freshness.js";
import { readFailure } from "./policy/hold.js";
import type { PersonTokens, VaultPorts } from "./ports.js";
import { type GrantSecrets, type OpenedGrant, openGrant } from "./sealed-grant.js";
import { createWaiter, type Watch } from "./waiter.js";
import { codeOfFailure, outcomeUnknown, writeEnd } from "./write-outcome.js";

/** Why a token that is there is not enough. */
export interface RefreshNeed {
  /** The token that a server refused. */
  readonly rejected?: string | undefined;
  readonly minValidity: Duration;
  /** However fresh it is: what comes with a new one is wanted. */
  readonly always?: boolean | undefined;
  /** A refresh after this moment is enough, whatever it brought. */
  readonly startedAt: Instant;
  /**
   * Nobody waits for it (VA-12): it neither waits for another node's refresh nor ends a grant that has no refresh token.
   * Of one that was issued before `idleSince` the refresh token is used, however long the access token is good for.
   */
  readonly ahead?: { readonly idleSince: Instant | null } | undefined;
  /** What the caller remembers of the grant, however old: where it holds still, the lease is had without a read. */
  readonly remembered?: OpenedGrant | undefined;
  /** The session that asks; what a person has at providers is taken from it first (VA-16). */
  readonly session?: string | undefined;
}

export interface Refresher {
  /** @throws LatchkeyError `store.*` · `grant.unreadable` */
  refresh(id: GrantId, need: RefreshNeed): Promise<RefreshEnd>;
  /** Ends waits for other nodes, and resolves when every request that is out has been written. */
  stop(): Promise<void>;
}

/** @param personTokens what a person has at providers, for connections that need nobody to connect them */
export function createRefresher(
  ports: VaultPorts,
  personTokens: (user: UserId, session: string | undefined) => PersonTokens,
): Refresher {
  const { store, clock, options } = ports;
  const running = new Map<GrantId, Promise<RefreshEnd>>();
  const waiter = createWaiter(ports);
  let stopping = false;

  function needed(row: GrantRecord, secrets: GrantSecrets, need: RefreshNeed): boolean {
    if (refreshedSince(row.lastRefreshAt, need.startedAt, clock.now())) return false;
    if (need.always) return true;
    if (need.rejected !== undefined) return secrets.accessToken === need.rejected;
    const idle = need.ahead?.idleSince ?? null;
    if (idle !== null && row.issuedAt <= idle) return true;
    const { minValidity } = need;
    return freshnessOf(row, { now: clock.now(), margin: options.refreshMargin, minValidity }) !== "fresh";
  }

  /** VA-9: a failure says when to try again; one that the operator can mend is also over when the client changes. */
  async function heldBack(row: GrantRecord, person: PersonTokens): Promise<RefreshEnd | undefined> {
    const left = row.nextAttemptAt === null ? 0 : row.nextAttemptAt - clock.now();
    const failure = readFailure(row.lastFailureCode);
    // `updatedAt` is when the pause began: one that begins later than now was counted by a clock that was set back since.
    if (failure?.kind === "sign_in_needed") {
      if ((await fingerprintOf(ports, row, person)) !== failure.fingerprint) return undefined;
      const { kind, reason } = failure;
      return { kind: "held", code: codeOfFailure(kind), retryAfter: null, reason, asked: null };
    }
    if (left <= 0 || !failure || isAhead(row.updatedAt, clock.now())) return undefined;
    if (failure.fingerprint !== null) {
      const now = await fingerprintOf(ports, row, person);
      if (now !== undefined && now !== failure.fingerprint) return undefined;
    }
    return {
      kind: "held",
      code: codeOfFailure(failure.kind),
      retryAfter: milliseconds(left),
      reason: failure.reason,
      asked: null,
    };
  }

  /** Nothing can be asked: served until it ends, and then over, without a request (VA-9). */
  async function withoutRefreshToken(row: GrantRecord, need: RefreshNeed): Promise<RefreshEnd> {
    const over = row.expiresAt === null ? need.rejected !== undefined : row.expiresAt <= clock.now();
    if (!over || need.ahead) {
      const reason = "no_refresh_token";
      return { kind: "held", code: "grant.needs_reconnect", retryAfter: null, reason, asked: null };
    }
    if ((await writeEnd(ports, row, "no_refresh_token")).kind === "written") {
      ports.metrics.refreshEnded(row.connection, "ended");
    }
    return { kind: "look" };
  }

  /** Undefined when there is nothing to be refreshed. */
  async function read(id: GrantId): Promise<OpenedGrant | undefined> {
    const grant = await store.grants.byId(id);
    if (grant?.status !== "active") return undefined;
    const secrets = openGrant(ports.keyring, grant);
    if (!secrets) throw new LatchkeyError("grant.unreadable", { data: { grant: id } });
    return { grant, secrets };
  }

  async function run(id: GrantId, need: RefreshNeed): Promise<RefreshEnd> {
    const watch = waiter.watch(id);
    try {
      return await runWatching(id, need, watch);
    } finally {
      watch.end();
    }
  }

  async function runWatching(id: GrantId, need: RefreshNeed, watch: Watch): Promise<RefreshEnd> {
    let lastWatched: WatchedLease | undefined;
    let waits = 0;
    for (let round = 0; ; round++) {
      if (stopping) throw new LatchkeyError("grant.refresh_unavailable", { data: { reason: "stopping" } });
      watch.mark();
      const found = round === 0 && isCalm(need.remembered) ? need.remembered : await read(id);
      if (!found) return { kind: "look" };
      const { grant: row, secrets } = found;
      if (!needed(row, secrets, need)) return { kind: "look", current: { grant: row, secrets } };
      const own = secrets.asked?.withoutPerson !== undefined;
      if (secrets.refreshToken === null && !own) return withoutRefreshToken(row, need);
      const person = personTokens(row.userId, need.session);
      const held = await heldBack(row, person);
      if (held) return held;
      if (row.leaseOwner !== null && row.leaseOwner !== ports.node) {
        if (need.ahead && (row.leaseEndsAt ?? 0) > clock.now()) return { kind: "look" };
        if (waits === 0) ports.metrics.leaseWaited(row.connection);
        const { holds, watched } = await watchLease(ports, row, lastWatched);
        lastWatched = watched;
        if (holds) {
          await watch.changed(waits++);
          continue;
        }
      }
      // Of a token without a known end it is known now that it is over; that must outlive a refresh that fails.
      const expiresAt = row.expiresAt === null && need.rejected !== undefined ? clock.now() : row.expiresAt;
      const lease = await takeLease(ports, row, { expiresAt });
      if (!lease) continue;
      const unknownBefore = !own && outcomeUnknown(row);
      return attempt(lease, secrets, { unknownBefore, used: need.ahead === undefined, person });
    }
  }

  async function attempt(
    lease: NonNullable<Awaited<ReturnType<typeof takeLease>>>,
    secrets: GrantSecrets,
    about: AttemptFacts,
  ): Promise<RefreshEnd> {
    const { connection, id } = lease.row;
    try {
      const { end, outcome } = await attemptRefresh(ports, lease, secrets, about);
      ports.metrics.refreshEnded(connection, outcome);
      return end;
    } catch (thrown) {
      ports.metrics.refreshEnded(connection, "failed");
      ports.log.error({ grant: id, connection, err: asLatchkeyError(thrown) }, "a refresh failed here");
      throw thrown;
    } finally {
      await lease.stop();
      // Those who wait elsewhere need not wait for their next look.
      void ports.hints?.hint(id);
    }
  }

  return {
    refresh(id, need) {
      const known = running.get(id);
      if (known !== undefined) return known;
      const started = run(id, need).finally(() => running.delete(id));
      running.set(id, started);
      return started;
    },
    async stop() {
      stopping = true;
      waiter.stop();
      await Promise.allSettled(running.values());
    },
  };
}

/** Nothing is to be decided about it but who asks: then a version that holds still is all that has to be known. */
const isCalm = (known: OpenedGrant | undefined): known is OpenedGrant =>
  known !== undefined &&
  known.grant.status === "active" &&
  known.grant.leaseOwner === null &&
  known.grant.lastFailureCode === null &&
  known.secrets.refreshToken !== null;
