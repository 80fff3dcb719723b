/**
 * Services that an operator makes at run time. A secret is made here, shown once, and kept as a hash alone; a running node
 * reads the row with each request, so nothing has to be told to anybody.
 */
import { type AuditContext, auditEvent } from "../audit/audit-event.js";
import { sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { RandomSource } from "../kernel/random.js";
import { after, type Clock, type Duration, type Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { AuditEventRecord, ServiceRecord } from "../store/records.js";
import { checkNewService } from "./policy/new-service.js";
import type { Service } from "./service.js";

/** A service as an operator sees it. */
export interface ListedService extends Service {
  /** Those of the file are changed there; one of the same name that is stored is hidden. */
  readonly source: "file" | "stored" | "hidden";
  readonly createdAt: Instant | null;
  readonly updatedAt: Instant | null;
  /** Until when the secret before this one is taken too; null: it is not. */
  readonly formerSecretEndsAt: Instant | null;
}

export interface ServiceAdministration {
  /** By id. */
  list(): Promise<readonly ListedService[]>;
  /** @throws LatchkeyError `token.service_invalid` · `token.service_exists` */
  add(service: Service): Promise<{ readonly service: Service; readonly secret: string }>;
  /**
   * Another secret.
   *
   * @param keep how long the one before is taken as well, for a service that cannot be changed in the same moment
   * @throws LatchkeyError `token.service_unknown` also for one of the file, whose own secret is the only one that is taken
   */
  rotate(id: string, keep: Duration): Promise<{ readonly secret: string; readonly formerSecretEndsAt: Instant | null }>;
  /**
   * @returns `inFile`: the file has one of this id, which hid this one and goes on
   * @throws LatchkeyError `token.service_unknown`
   */
  remove(id: string): Promise<{ readonly inFile: boolean }>;
}

export function administerServices(ports: {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly configured: readonly Service[];
  readonly by: () => AuditContext & { readonly actor: AuditEventRecord["actor"] };
}): ServiceAdministration {
  const { store, clock, random, configured } = ports;
  const inFile = (id: string): boolean => configured.some((service) => service.id === id);
  const unknown = (id: string) =>
    new LatchkeyError("token.service_unknown", { data: { service: id.slice(0, 100), inFile: inFile(id) } });

  function written(type: "service.added" | "service.rotated" | "service.removed", id: string, service?: Service) {
    const { actor, ...context } = ports.by();
    const data = service ? { connections: [...service.connections], offline: service.offline } : {};
    return auditEvent(ports, clock.now(), context, { type, actor, target: { kind: "service", id }, data });
  }

  return {
    async list() {
      const none = { createdAt: null, updatedAt: null, formerSecretEndsAt: null };
      const now = clock.now();
      const fromFile = configured.map(
        ({ id, connections, offline, audience }): ListedService => ({
          id,
          connections,
          offline,
          audience,
          source: "file",
          ...none,
        }),
      );
      const stored = (await store.services.all()).map((record) => listed(record, inFile(record.id), now));
      return [...fromFile, ...stored].sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async add(service) {
      const checked = checkNewService(service);
      if (!checked.ok) throw new LatchkeyError("token.service_invalid", { data: { reason: checked.error } });
      const secret = randomToken(random);
      const now = clock.now();
      const record: ServiceRecord = {
        ...service,
        secretHash: sha256Base64Url(secret),
        formerSecretHash: null,
        formerSecretEndsAt: null,
        createdAt: now,
        updatedAt: now,
      };
      const event = written("service.added", service.id, service);
      await store.transaction(async (tx) => {
        if (inFile(service.id) || (await tx.services.byId(service.id)))
          throw new LatchkeyError("token.service_exists", { data: { service: service.id } });
        await tx.services.save(record);
        await tx.audit.append(event);
      });
      return { service, secret };
    },

    async rotate(id, keep) {
      const secret = randomToken(random);
      const now = clock.now();
      const formerSecretEndsAt = keep > 0 ? after(now, keep) : null;
      const event = written("service.rotated", id);
      await store.transaction(async (tx) => {
        const stored = await tx.services.byId(id);
        if (!stored || inFile(id)) throw unknown(id);
        const formerSecretHash = keep > 0 ? stored.secretHash : null;
        const secretHash = sha256Base64Url(secret);
        await tx.services.save({ ...stored, secretHash, formerSecretHash, formerSecretEndsAt, updatedAt: now });
        await tx.audit.append(event);
      });
      return { secret, formerSecretEndsAt };
    },

    async remove(id) {
      const event = written("service.removed", id);
      await store.transaction(async (tx) => {
        if (!(await tx.services.delete(id))) throw unknown(id);
        await tx.audit.append(event);
      });
      return { inFile: inFile(id) };
    },
  };
}

function listed(record: ServiceRecord, hidden: boolean, now: Instant): ListedService {
  const { id, connections, offline, audience, createdAt, updatedAt, formerSecretEndsAt } = record;
  const ends = formerSecretEndsAt !== null && formerSecretEndsAt > now ? formerSecretEndsAt : null;
  const source = hidden ? "hidden" : "stored";
  return { id, connections, offline, audience, source, createdAt, updatedAt, formerSecretEndsAt: ends };
}
