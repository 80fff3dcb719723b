/**
 * Refreshes grants before anybody asks, and uses refresh tokens that would end from idleness (VA-12). Every node does it,
 * with the same lease as everybody else: whichever comes first does the work, the others pass on.
 *
 * Grants wait in a lane per issuer that lets few go at a time. An issuer that is in trouble is left alone, for as long as it
 * says or with growing pauses: each grant by itself would ask it once more (VA-9).
 *
 * Not here: how a refresh goes (refresh.ts), when a grant is due (policy/ahead.ts).
 */
import { asLatchkeyError } from "../kernel/errors.js";
import type { GrantId } from "../kernel/ids.js";
import { randomFraction } from "../kernel/random.js";
import { after, before, type Duration, hours, type Instant, milliseconds, minutes } from "../kernel/time.js";
import type { WaitingGrant } from "../store/records.js";
import type { RefreshEnd } from "./attempt-refresh.js";
import { aheadMoment, horizonOf, idleHorizon, idleLookEvery, idleSince } from "./policy/ahead.js";
import { pauseAfter } from "./policy/hold.js";
import type { ConnectionInfo, VaultPorts } from "./ports.js";
import type { Refresher, RefreshNeed } from "./refresh.js";

export interface RefreshAhead {
  look(): Promise<void>;
  /** Lets nothing more go. What is out is the refresher's. */
  stop(): void;
}

interface Waiting {
  readonly grant: WaitingGrant;
  readonly need: RefreshNeed;
}
interface Lane {
  readonly waiting: Waiting[];
  underWay: number;
}

const page = 500;
/** More than that of one issuer wait in the database. */
const longestLane = 1_000;
/** What ended longer ago is left to whoever asks for it: nobody does for most, as after a sign-in without `offline_access`. */
const lookBack = hours(1);
const mostDry = 100_000;

export function createRefreshAhead(
  ports: Pick<VaultPorts, "store" | "clock" | "random" | "log"> & {
    readonly options: Pick<VaultPorts["options"], "refreshAhead" | "keepAlive" | "refreshMargin">;
  },
  refresher: Pick<Refresher, "refresh">,
  usableConnection: (connection: string) => Promise<ConnectionInfo>,
): RefreshAhead {
  const { store, clock, options } = ports;
  const { enabled, concurrencyPerIssuer } = options.refreshAhead;
  const lanes = new Map<string, Lane>();
  const known = new Set<GrantId>();
  /**
   * Nothing can be asked with these: no refresh token, nothing of the person's to ask with, or no key opens them. A person who
   * signs in has another row, or asks for the token themselves.
   */
  const dry = new Set<GrantId>();
  /** By issuer, and by connection where our client there is at fault. */
  const pauses = new Map<string, { readonly until: Instant; readonly length: Duration }>();
  let idleLookAt = Number.NEGATIVE_INFINITY;
  let stopped = false;

  const isPaused = ({ issuer, connection }: WaitingGrant): boolean =>
    [issuer, connection].some((name) => (pauses.get(name)?.until ?? 0) > clock.now());

  /** Asked once a look for each connection, and not for each grant. */
  function usableOnes() {
    const answers = new Map<string, Promise<ConnectionInfo | undefined>>();
    return async ({ connection, issuer }: WaitingGrant): Promise<boolean> => {
      const asked = answers.get(connection) ?? usableConnection(connection).catch(() => undefined);
      answers.set(connection, asked);
      const info = await asked;
      return info !== undefined && (info.issuers === null || info.issuers.includes(issuer));
    };
  }

  /** Walks through pages of grants, and puts into the lanes what `needOf` says has to go. False: some were left for later. */
  async function collect(
    next: (after: WaitingGrant | undefined) => Promise<readonly WaitingGrant[]>,
    needOf: (grant: WaitingGrant) => RefreshNeed | undefined,
  ): Promise<boolean> {
    const isUsable = usableOnes();
    let all = true;
    for (let last: WaitingGrant | undefined; !stopped; ) {
      const grants = await next(last);
      for (const grant of grants) {
        const need = needOf(grant);
        if (!need || known.has(grant.id) || dry.has(grant.id) || !(await isUsable(grant))) continue;
        all = enqueue({ grant, need }) && all;
      }
      if (grants.length < page) return all;
      last = grants.at(-1);
    }
    return all;
  }

  function enqueue(waiting: Waiting): boolean {
    const { issuer, id } = waiting.grant;
    const lane = lanes.get(issuer) ?? { waiting: [], underWay: 0 };
    if (stopped || lane.waiting.length >= longestLane || isPaused(waiting.grant)) return false;
    lanes.set(issuer, lane);
    known.add(id);
    // Somewhere among the others: nodes that walk through the same rows would else race for each of them.
    const place = Math.floor(randomFraction(ports.random) * (lane.waiting.length + 1));
    lane.waiting.splice(place, 0, waiting);
    letGo(issuer, lane);
    return true;
  }

  function letGo(issuer: string, lane: Lane): void {
    while (lane.underWay < concurrencyPerIssuer) {
      const next = lane.waiting.shift();
      if (!next) break;
      // A later look finds it again.
      if (isPaused(next.grant)) known.delete(next.grant.id);
      else void refresh(issuer, lane, next);
    }
    if (lane.underWay === 0 && lane.waiting.length === 0) lanes.delete(issuer);
  }

  async function refresh(issuer: string, lane: Lane, { grant, need }: Waiting): Promise<void> {
    lane.underWay++;
    try {
      learn(grant, await refresher.refresh(grant.id, need));
    } catch (thrown) {
      const error = asLatchkeyError(thrown);
      if (error.code === "grant.unreadable") note(grant.id);
      else pause(issuer, null, clock.now());
      if (!stopped) ports.log.warn({ grant: grant.id, code: error.code }, "a grant could not be refreshed ahead");
    } finally {
      lane.underWay--;
      known.delete(grant.id);
      letGo(issuer, lane);
    }
  }

  function learn({ issuer, connection, id }: WaitingGrant, end: RefreshEnd): void {
    if (end.kind === "look") {
      forgetPause(issuer);
      forgetPause(connection);
    } else if (end.reason === "no_refresh_token" || end.code === "grant.sign_in_needed") note(id);
    else if (end.asked === null || end.code === "grant.provider_refused") return;
    else if (end.code === "grant.client_rejected") pause(connection, end.retryAfter, clock.now());
    else pause(issuer, end.asked.retryAfter, clock.now());
  }

  /** One that is not over stands: what was out beside a failure says nothing against it. */
  function forgetPause(name: string): void {
    if ((pauses.get(name)?.until ?? 0) <= clock.now()) pauses.delete(name);
  }

  function note(id: GrantId): void {
    if (dry.size >= mostDry) dry.clear();
    dry.add(id);
  }

  function pause(name: string, retryAfter: Duration | null, now: Instant): void {
    const last = pauses.get(name);
    // Those that were out together fail together: it is one failure.
    if (last && last.until > now && retryAfter === null) return;
    const failure = { kind: "transient", reason: "", retryAfter, unknown: false } as const;
    const length = pauseAfter(failure, last?.length ?? null, randomFraction(ports.random));
    const until = after(now, length);
    if (last === undefined || until > last.until) pauses.set(name, { until, length });
  }

  return {
    async look() {
      const now = clock.now();
      const { refreshMargin: margin, keepAlive } = options;
      if (enabled) {
        const span = { now, limit: page, from: before(now, lookBack), until: after(now, horizonOf(margin)) };
        await collect(
          (last) => store.grants.ending({ ...span, after: last }),
          ({ id, issuedAt, expiresAt }) => {
            if (expiresAt === null || aheadMoment({ id, issuedAt, expiresAt }, margin) > now) return undefined;
            // More than is left: so it is stale, unless somebody else has refreshed it meanwhile.
            const minValidity = milliseconds(Math.max(0, expiresAt - now) + 1);
            return { minValidity, startedAt: now, ahead: { idleSince: null } };
          },
        );
      }
      if (keepAlive !== false && clock.monotonic() >= idleLookAt) {
        const span = { now, limit: page, issuedBy: idleHorizon(keepAlive, now) };
        const all = await collect(
          (last) => store.grants.idle({ ...span, after: last }),
          ({ id, issuedAt }) => {
            const since = idleSince(id, keepAlive, now);
            if (issuedAt > since) return undefined;
            return { minValidity: milliseconds(0), startedAt: now, ahead: { idleSince: since } };
          },
        );
        idleLookAt = clock.monotonic() + (all ? idleLookEvery(keepAlive) : minutes(1));
      }
    },
    stop() {
      stopped = true;
      for (const lane of lanes.values()) lane.waiting.length = 0;
    },
  };
}
