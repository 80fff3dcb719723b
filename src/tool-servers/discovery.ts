/**
 * What was found of each tool server, found once and kept for everybody (TS-6): a row of the store with a copy in memory,
 * so that the second person reaches the consent page without a request, on any node and after any restart.
 *
 * Fresh: used as it is. Not fresh: found anew; while the server is out of reach the old copy serves for a day more. What
 * a server newly says, even if it is of no use to us, is never covered by an old copy. A change is announced, so that
 * another node's copy goes with it.
 */
import { auditEvent } from "../audit/audit-event.js";
import type { Egress } from "../egress/port.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { type AuditEventId, newId } from "../kernel/ids.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import { after, type Clock, type Instant, seconds } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { Announcement, AuditEventRecord } from "../store/records.js";
import type { Registrations } from "./choose-authorization-server.js";
import { discoverToolServer } from "./discover.js";
import type { FoundToolServer } from "./found.js";
import { type KeptCopy, keptCopy, rowOfCopy, staleFor } from "./kept-copy.js";
import { type DiscoverySettings, settingsFingerprint } from "./settings.js";

export interface Discovery {
  /**
   * What is known of a tool server, asking it only where that is needed. `refetch` asks it past every copy: for a 401 that
   * a refresh did not cure. That is done every ten seconds at most, as every call could be answered so.
   *
   * @throws LatchkeyError as `discoverToolServer`
   */
  find(server: DiscoverySettings, options?: { readonly refetch?: boolean }): Promise<FoundToolServer>;
}

export interface DiscoveryNews {
  isCurrent(): boolean;
  catchUp(): Promise<void>;
  subscribe(listener: (announcement: Announcement) => void): void;
}

/** A dead server costs the first caller its time-out, and the next ones nothing. */
const failureMemory = seconds(5);
const refetchEvery = seconds(10);

interface Failure {
  readonly settings: string;
  readonly error: LatchkeyError;
  /** Monotonic. */
  readonly until: number;
}

export function createDiscovery(ports: {
  readonly egress: Egress;
  readonly store: Pick<Store, "metadata" | "transaction">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly news: DiscoveryNews;
  readonly registrations: (server: DiscoverySettings) => Registrations;
}): Discovery {
  const { clock, log, news, store } = ports;
  const copies = new Map<string, KeptCopy>();
  const failures = new Map<string, Failure>();
  const underWay = new Map<string, Promise<FoundToolServer>>();
  const refetched = new Map<string, number>();

  news.subscribe(({ kind, key }) => {
    if (kind === "tool_server") forget(key);
    if (kind === "settings") for (const id of [...copies.keys(), ...failures.keys()]) forget(id);
  });
  const forget = (id: string): void => {
    copies.delete(id);
    failures.delete(id);
  };

  async function save(server: DiscoverySettings, copy: KeptCopy): Promise<void> {
    const before = await keptCopy(store, server.id);
    const changed = before !== undefined && essence(before) !== essence(copy);
    const record = rowOfCopy(server.id, copy);
    const event = changed || !before ? mismatchEvent(ports, server, copy.found) : undefined;
    await store.transaction(async (tx) => {
      await tx.metadata.save(record);
      if (changed) await tx.announcements.append("tool_server", server.id, copy.found.foundAt);
      if (event) await tx.audit.append(event);
    });
  }

  async function discover(server: DiscoverySettings, settings: string): Promise<FoundToolServer> {
    try {
      const registrations = ports.registrations(server);
      const copy = { settings, found: await discoverToolServer({ ...ports, registrations }, server) };
      await save(server, copy);
      failures.delete(server.id);
      copies.set(server.id, copy);
      const { status, warnings, authorizationServer } = copy.found;
      const facts = { toolServer: server.id, status, issuer: authorizationServer?.issuer };
      log.info({ ...facts, warnings: warnings.map(({ code }) => code) }, "a tool server was looked at");
      return copy.found;
    } catch (thrown) {
      if (
        isLatchkeyError(thrown, "connect.server_unreachable", "connect.metadata_refused", "connect.pkce_unsupported")
      ) {
        failures.set(server.id, { settings, error: thrown, until: clock.monotonic() + failureMemory });
      }
      throw thrown;
    }
  }

  function discoverOnce(server: DiscoverySettings, settings: string): Promise<FoundToolServer> {
    const key = `${server.id} ${settings}`;
    const running = underWay.get(key);
    if (running !== undefined) return running;
    const started = discover(server, settings).finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  }

  /** What this node or another has found with these settings, fresh or not. */
  async function heldCopy(server: DiscoverySettings, settings: string): Promise<FoundToolServer | undefined> {
    if (!news.isCurrent()) await news.catchUp();
    const now = clock.now();
    const own = copies.get(server.id);
    if (own?.settings === settings && isFresh(own.found, now)) return own.found;
    const other = await keptCopy(store, server.id);
    if (other?.settings !== settings) return own?.settings === settings ? own.found : undefined;
    copies.set(server.id, other);
    return other.found;
  }

  return {
    async find(server, options = {}) {
      const settings = settingsFingerprint(server);
      const held = await heldCopy(server, settings);
      const refetch = options.refetch === true && mayRefetch(server.id);
      if (held && !refetch && isFresh(held, clock.now())) return held;
      const failure = failures.get(server.id);
      const remembered = failure?.settings === settings && clock.monotonic() < failure.until && !refetch;
      try {
        // Thrown anew: an error that two callers share would gather both their causes.
        if (remembered) throw new LatchkeyError(failure.error.code, { cause: failure.error, data: failure.error.data });
        return await discoverOnce(server, settings);
      } catch (thrown) {
        const outOfReach = isLatchkeyError(thrown, "connect.server_unreachable");
        if (!held || !outOfReach || clock.now() >= after(held.freshUntil, staleFor)) throw thrown;
        if (!remembered)
          log.warn(
            { toolServer: server.id, err: thrown },
            "a tool server is out of reach; what was found before is used",
          );
        return held;
      }
    },
  };

  function mayRefetch(id: string): boolean {
    const last = refetched.get(id);
    if (last !== undefined && clock.monotonic() - last < refetchEvery) return false;
    refetched.set(id, clock.monotonic());
    return true;
  }
}

/** A clock that was set back makes a copy from the future: it is found anew rather than trusted for longer. */
const isFresh = (found: FoundToolServer, now: Instant): boolean => found.foundAt <= now && now < found.freshUntil;

/** What another node must hear of: everything but the times. */
const essence = ({ settings, found: { foundAt, freshUntil, ...found } }: KeptCopy): string =>
  JSON.stringify({ settings, found });

/** The operator's exception is written down when it is made use of, not each time it is (TS-4). */
function mismatchEvent(
  ports: { readonly random: RandomSource },
  server: DiscoverySettings,
  found: FoundToolServer,
): AuditEventRecord | undefined {
  const warning = found.warnings.find(({ code }) => code === "issuer_mismatch");
  if (!warning) return undefined;
  const context = { requestId: newId<AuditEventId>(found.foundAt, ports.random), address: null };
  return auditEvent(ports, found.foundAt, context, {
    type: "tool_server.issuer_mismatch_allowed",
    actor: { kind: "system", id: null },
    target: { kind: "tool_server", id: server.id },
    connection: `tool:${server.id}`,
    data: { issuer: found.authorizationServer?.issuer ?? null, told: warning.detail },
  });
}
