/**
 * Registrations that we made ourselves (RFC 7591): one row for each issuer and redirect URI, filled once by whichever
 * process holds the lease in it, while the others wait and read (TS-10). A failure is remembered for a while, so that
 * people who click again cost the server nothing.
 *
 * It is made anew only when the token endpoint says `invalid_client`, or its secret has run out, and then not again for
 * ten minutes (TS-11). What a page, a person or a redirect says does not lead here (AT-41).
 */
import { LatchkeyError } from "../kernel/errors.js";
import { newId, type RegistrationId } from "../kernel/ids.js";
import { after, hours, type Instant, milliseconds, minutes, seconds } from "../kernel/time.js";
import type { RegisteredClient } from "../oauth/client-registration.js";
import type { AuthorizationServer } from "../oauth/types.js";
import { unregistrationRow } from "../outbox/unregistration.js";
import { UniqueViolation } from "../store/contract.js";
import type { RegistrationRecord } from "../store/records.js";
import { isThere, removed } from "./admission.js";
import { makeRegistration } from "./make-registration.js";
import type { RegistrationPorts } from "./registration-ports.js";
import { openRegistration, registrationOf, sealRegistration } from "./sealed-registration.js";
import type { ToolServer } from "./tool-server.js";

const leaseTtl = seconds(60);
const longestWait = seconds(25);
const pause = milliseconds(100);
/** After a failure nobody is asked again for so long. */
const afterRefusal = minutes(1);
const afterOutage = seconds(10);
/** So long a server that cannot move a registration to our new address is taken to be out of order, and no longer. */
const longestMove = hours(1);
/** The least time between two registrations of one kind: a server that forgets each of them is not filled with them. */
const coolDown = minutes(10);

export interface DynamicRegistrations {
  /**
   * What there is, without a request; undefined where nothing is registered, or its secret has run out. With `clientId` that
   * client and no other, also while it is registered for an older address of ours: tokens are refreshed from any address.
   */
  known(server: ToolServer, issuer: string, clientId?: string): Promise<RegisteredClient | undefined>;
  /** The same, registered first where there is none. @throws LatchkeyError `connect.registration_refused` · `connect.server_unreachable` */
  get(server: ToolServer, as: AuthorizationServer): Promise<RegisteredClient>;
  /**
   * The token endpoint does not know `clientId` any more. Answers the client to go on with; the same one where nothing
   * may be done yet.
   */
  renew(server: ToolServer, as: AuthorizationServer, clientId: string): Promise<RegisteredClient>;
}

export function createDynamicRegistrations(ports: RegistrationPorts): DynamicRegistrations {
  const { store, clock, waitingClock, keyring } = ports;
  const running = new Map<string, Promise<RegisteredClient>>();

  const rowOf = (server: ToolServer, issuer: string) =>
    store.registrations.find({ kind: "dynamic", issuer, redirectUri: server.redirectUri });

  function usable(row: RegistrationRecord | undefined, now: Instant): RegisteredClient | undefined {
    if (!row?.sealed || (row.secretEndsAt !== null && row.secretEndsAt <= now)) return undefined;
    const client = openRegistration(keyring, row);
    // Its secret may come back (VA-4); to register anew would cost everybody their grant.
    if (!client) throw new LatchkeyError("grant.unreadable", { data: { registration: row.id } });
    return client;
  }

  function once(server: ToolServer, as: AuthorizationServer, unwanted: string | null): Promise<RegisteredClient> {
    const key = `${as.issuer}\n${server.redirectUri}\n${unwanted ?? ""}`;
    const under = running.get(key);
    if (under !== undefined) return under;
    const started = find(server, as, unwanted).finally(() => running.delete(key));
    running.set(key, started);
    return started;
  }

  async function find(server: ToolServer, as: AuthorizationServer, unwanted: string | null): Promise<RegisteredClient> {
    const until = waitingClock.monotonic() + longestWait;
    for (;;) {
      const row = await rowOf(server, as.issuer);
      const now = clock.now();
      const client = usable(row, now);
      if (client && client.clientId !== unwanted) return client;
      const resting = row !== undefined && (row.nextAttemptAt ?? 0) > now;
      // What was made anew a moment ago and is refused again stays as it is: the fault is elsewhere.
      if (resting && client) return client;
      if (resting) throw stillRefused(row);
      if (!row || row.leaseOwner === null || row.leaseOwner === ports.node || (row.leaseEndsAt ?? 0) <= now) {
        const taken = await take(server, as, row, now);
        if (taken) return await fill(server, as, taken, row);
        continue;
      }
      if (waitingClock.monotonic() > until) {
        throw new LatchkeyError("connect.server_unreachable", { data: { reason: "registration_under_way" } });
      }
      await waitingClock.sleep(pause);
    }
  }

  /** The row with our lease in it; undefined when another process was first. */
  async function take(
    server: ToolServer,
    as: AuthorizationServer,
    row: RegistrationRecord | undefined,
    now: Instant,
  ): Promise<RegistrationRecord | undefined> {
    const lease = { leaseOwner: ports.node, leaseEndsAt: after(now, leaseTtl), updatedAt: now };
    if (row) {
      const next = { ...row, ...lease, version: row.version + 1 };
      return (await store.transaction((tx) => tx.registrations.replace(next, row.version))) ? next : undefined;
    }
    const fresh: RegistrationRecord = {
      ...lease,
      id: newId<RegistrationId>(now, ports.random),
      kind: "dynamic",
      connection: server.connection,
      issuer: as.issuer,
      redirectUri: server.redirectUri,
      clientId: null,
      sealed: null,
      secretEndsAt: null,
      lastFailure: null,
      nextAttemptAt: null,
      version: 1,
      createdAt: now,
    };
    try {
      await store.transaction((tx) => tx.registrations.insert(fresh));
      return fresh;
    } catch (thrown) {
      if (thrown instanceof UniqueViolation) return undefined;
      throw thrown;
    }
  }

  async function fill(
    server: ToolServer,
    as: AuthorizationServer,
    taken: RegistrationRecord,
    before: RegistrationRecord | undefined,
  ): Promise<RegisteredClient> {
    const isPatient = clock.now() < after(taken.createdAt, longestMove);
    const made = await makeRegistration(ports, server, as, isPatient);
    const now = clock.now();
    const free = { leaseOwner: null, leaseEndsAt: null, updatedAt: now, version: taken.version + 1 };
    if (!made.ok) {
      const { kind, reason } = made.error;
      const nextAttemptAt = after(now, kind === "unavailable" ? afterOutage : afterRefusal);
      const failed = { ...taken, ...free, lastFailure: `${kind} ${reason}`.slice(0, 300), nextAttemptAt };
      await store.transaction((tx) => tx.registrations.replace(failed, taken.version));
      throw failureOf(kind, { reason, issuer: as.issuer, redirectUri: server.redirectUri, ...made.error.about });
    }
    const { client, older } = made.value;
    const renewed = before?.clientId != null;
    const next: RegistrationRecord = {
      ...taken,
      ...free,
      clientId: client.clientId,
      sealed: sealRegistration(keyring, taken, client),
      secretEndsAt: client.secretEndsAt,
      lastFailure: null,
      nextAttemptAt: renewed ? after(now, coolDown) : null,
      createdAt: now,
    };
    // What it takes the place of is taken back at its server: the one that was refused, and those of older addresses.
    const replaced = before && openRegistration(keyring, before);
    const unwanted = [replaced, ...older.map((one) => one.registered)].flatMap((old) => {
      // It was moved; and some servers give whoever asks the same again the same client.
      if (old?.clientId === client.clientId) return [];
      const of = { connection: server.connection, issuer: as.issuer, client: old, registration: null };
      return unregistrationRow(ports, of, now, now) ?? [];
    });
    // Made for a tool server that was removed meanwhile, it is nobody's: it goes as it came.
    const own = { connection: server.connection, issuer: as.issuer, client, registration: null };
    const back = unregistrationRow(ports, own, now, now);
    const ended = await store.transaction(async (tx) => {
      if (!(await isThere(tx, server))) {
        if (back) await tx.outbox.insert(back);
        return "removed" as const;
      }
      if (!(await tx.registrations.replace(next, taken.version))) return undefined;
      // With the new row, never before it: whoever asks meanwhile finds one of the two.
      for (const { row } of older) await tx.registrations.delete(row.id);
      for (const row of unwanted) await tx.outbox.insert(row);
      await tx.announcements.append("tool_server", server.id, now);
      const current = { issuer: as.issuer, clientId: client.clientId };
      // Their refresh tokens belong to a client that the server has forgotten (TS-11).
      return renewed ? tx.grants.endForeign(server.connection, current, "client_replaced", now) : 0;
    });
    const fields = { toolServer: server.id, issuer: as.issuer, clientId: client.clientId };
    if (ended === "removed") throw removed(server);
    if (ended === undefined) throw new LatchkeyError("connect.server_unreachable", { data: { reason: "lease_lost" } });
    ports.log.info({ ...fields, ended }, renewed ? "registered anew at a tool server" : "registered at a tool server");
    return client;
  }

  return {
    known: async (server, issuer, clientId) => {
      if (clientId === undefined) return usable(await rowOf(server, issuer), clock.now());
      const rows = await store.registrations.ofConnection(server.connection);
      return usable(registrationOf(rows, { issuer, clientId }), clock.now());
    },
    get: (server, as) => once(server, as, null),
    renew: (server, as, clientId) => once(server, as, clientId),
  };
}

const failureOf = (kind: "refused" | "unavailable" | "unusable", data: Record<string, string | null>): LatchkeyError =>
  new LatchkeyError(kind === "unavailable" ? "connect.server_unreachable" : "connect.registration_refused", { data });

function stillRefused({ lastFailure, redirectUri, issuer }: RegistrationRecord): LatchkeyError {
  const [kind, ...reason] = (lastFailure ?? "refused").split(" ");
  const data = { reason: reason.join(" ") || "resting", issuer, redirectUri };
  return failureOf(kind === "unavailable" ? "unavailable" : "refused", data);
}
