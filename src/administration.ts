/**
 * Composition root of the commands that look after accounts while, or while no, server runs: it opens the same
 * database and wires the same steps, without egress, routes or background work. What has to be sent out (revocations)
 * waits in the outbox for the running server.
 */

import { addUser, deleteUser, findUser, type NewUser, type Operator } from "./accounts/administer.js";
import { administerUsers, type UserDetails } from "./administer-users.js";
import { auditEventTypes } from "./audit/audit-event.js";
import { announcingStore } from "./bus/announcing-store.js";
import { openBus } from "./bus/open-bus.js";
import type { Config } from "./config/schema.js";
import { readToolServer } from "./config/tool-server-record.js";
import { namedWebhooks } from "./config/webhook-hosts.js";
import { createKeyring } from "./crypto/keyring.js";
import { systemRandom } from "./crypto/random.js";
import { type IdentityId, isId, newId, type UserId } from "./kernel/ids.js";
import type { Log } from "./kernel/log.js";
import { systemClock } from "./kernel/time.js";
import { administerKeys, type KeyAdministration } from "./keys/administer-keys.js";
import { grantsWithoutSession, withdrawing } from "./logout/withdraw.js";
import { createIssuerPins } from "./oauth/issuer-pins.js";
import type { Ports } from "./options.js";
import { administerWebhooks, type WebhookAdministration } from "./outbox/administer-webhooks.js";
import { revocationOf, revocationRow } from "./outbox/revocation.js";
import { userCreated, webhookRows } from "./outbox/webhook.js";
import { createProviderRegistry } from "./providers/registry.js";
import { wireRevocable } from "./revocable-grants.js";
import { administerServices, type ServiceAdministration } from "./services/administer-services.js";
import { administerProviders, type ProviderAdministration } from "./sign-in/remove-provider.js";
import type { AuditFilter, Page, PageRequest, Store } from "./store/contract.js";
import { migrateStore, openStore } from "./store/open.js";
import type { AuditEventRecord, UserRecord } from "./store/records.js";
import { administerToolServers, type ToolServerAdministration } from "./tool-servers/administer-tool-servers.js";
import { peopleOfRemoved, removeToolServer } from "./tool-servers/remove-tool-server.js";
import { administerGrants, type GrantAdministration } from "./vault/administer-grants.js";

export type { UserDetails } from "./administer-users.js";
export type { KeyCount, KeyStatus } from "./keys/count-keys.js";
export type { Rotation } from "./keys/rotate-keys.js";
export type { SigningKeyView, SigningRotation } from "./keys/signing-keys.js";
export type { QueuedMessage } from "./outbox/administer-webhooks.js";
export type { ListedService } from "./services/administer-services.js";
export type { ProviderRemoved } from "./sign-in/remove-provider.js";
export type { ProviderTraces } from "./store/contract.js";
export type { ListedToolServer } from "./tool-servers/administer-tool-servers.js";
export type { GrantMetadata } from "./vault/administer-grants.js";
export type { EndedGrants } from "./vault/end-grants.js";

/** `who` is an e-mail address or an id; each throws `account.not_found` when it is nobody's. */
export interface Administration {
  listUsers(page: PageRequest, filter?: { search?: string; role?: string }): Promise<Page<UserRecord>>;
  userDetails(who: string): Promise<UserDetails>;
  /** An unclaimed user (AC-3), with `roles.default` where no role is said; the webhooks are told. */
  addUser(input: Omit<NewUser, "role"> & { readonly role?: string | undefined }): Promise<UserRecord>;
  setRole(who: string, role: string): Promise<UserRecord>;
  setDisabled(who: string, disabled: boolean): Promise<UserRecord>;
  /** Sessions, identities and grants go with the user; the audit trail stays. */
  deleteUser(who: string): Promise<UserRecord>;
  /** Answers how many sessions ended. */
  signOutUser(who: string): Promise<{ readonly user: UserRecord; readonly ended: number }>;
  readonly webhooks: WebhookAdministration;
  readonly keys: KeyAdministration;
  readonly services: ServiceAdministration;
  readonly toolServers: ToolServerAdministration;
  /** What removing one that was added, or what is left of one, would mean to people. */
  peopleOfToolServer(id: string): ReturnType<typeof peopleOfRemoved>;
  /** @throws LatchkeyError `connect.server_unknown` also for one of the file, and where nothing is left */
  removeToolServer(id: string): ReturnType<typeof removeToolServer>;
  readonly grants: GrantAdministration;
  readonly providers: ProviderAdministration;
  /** Every type of event that there is. */
  readonly auditTypes: readonly string[];
  /** Every role that there is, least first. */
  readonly roles: readonly string[];
  listAudit(page: PageRequest, filter: AuditFilter): Promise<Page<AuditEventRecord>>;
  /** The id of a user, by id or by address: a deleted user's id is an answer, since the audit trail outlives them. */
  userId(who: string): Promise<UserId>;
  close(): Promise<void>;
}

type DatabasePorts = Pick<Ports, "clock" | "random"> & { readonly log: Log };

const storePorts = ({ log, clock = systemClock, random = systemRandom }: DatabasePorts) => ({ clock, random, log });

/**
 * Brings the database up to date; one of several processes does it, the others wait.
 *
 * @throws LatchkeyError `store.newer` · `store.busy` · `store.unavailable`
 */
export const migrateDatabase = (
  config: Config,
  ports: DatabasePorts,
): Promise<{ readonly from: number; readonly to: number }> => migrateStore(config.database, storePorts(ports));

/**
 * The schema's version in the database and in this code.
 *
 * @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.unavailable`
 */
export async function databaseVersion(config: Config, ports: DatabasePorts): ReturnType<Store["schemaVersion"]> {
  const store = await openStore(config.database, storePorts(ports));
  try {
    return await store.schemaVersion();
  } finally {
    await store.close();
  }
}

/** @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.unavailable` */
export async function openAdministration(
  config: Config,
  ports: Pick<Ports, "clock" | "random" | "store"> & { log: Log },
): Promise<Administration> {
  const { log, clock = systemClock, random = systemRandom } = ports;
  // Waiting for a lock of the database is real time, whatever time a test plays.
  const opened = ports.store ?? (await openStore(config.database, { log, clock: systemClock, random }));
  // Running nodes hear of what is changed here as they hear of each other.
  const bus = await openBus(
    { clock: systemClock, log },
    {
      bus: config.bus,
      database: ports.store ? { kind: "sqlite" } : config.database,
      prefix: config.busPrefix,
      node: newId(systemClock.now(), random),
      sequence: () => 0,
    },
  );
  // What tenants under a name were found to be says which grants are theirs (SI-2).
  const pins = createIssuerPins({ store: opened, clock, log });
  const providers = createProviderRegistry(config, pins.known);
  for (const { unresolvedIssuer } of providers.all()) if (unresolvedIssuer) await pins.load(unresolvedIssuer);
  const published: Promise<void>[] = [];
  const store = announcingStore(opened, () => {
    if (bus) published.push(bus.publish());
  });
  const wired = {
    store,
    clock,
    random,
    log,
    keyring: createKeyring({ secrets: config.secrets, random }),
    providers,
  };
  const actor = { kind: "operator", id: "command-line" } as const;
  const by = (): Operator => ({ actor, requestId: newId<IdentityId>(clock.now(), random), address: null });

  const users = administerUsers(wired, config);
  const toolServers = administerToolServers({
    ...wired,
    base: config.baseUrl + config.basePath,
    configured: config.toolServers,
    read: readToolServer(config),
    by,
  });
  const grants = administerGrants({
    ...wired,
    by,
    isRevocable: wireRevocable({ ...wired, config }),
    revocation: (grant, tokens, now) => revocationRow(wired, revocationOf(grant, tokens), now),
  });

  return {
    addUser: ({ role = config.roles.default, ...input }) =>
      addUser(wired, { ...input, role }, config.roles.order, config.groups, by(), (user) => {
        const rows = webhookRows(wired, namedWebhooks(config.webhooks), userCreated(user, null), clock.now());
        return async (tx) => {
          for (const row of rows) await tx.outbox.insert(row);
        };
      }),
    webhooks: administerWebhooks(wired),
    // How long it takes, and waiting for the database, are real time too.
    keys: administerKeys({ ...wired, clock: systemClock }, config.assertions),
    services: administerServices({ ...wired, configured: config.services, by }),
    toolServers,
    peopleOfToolServer: (id) => peopleOfRemoved({ toolServers, grants }, id),
    removeToolServer: (id) => removeToolServer({ toolServers, grants }, id),
    grants,
    providers: administerProviders({ ...wired, roles: config.roles, by }),
    auditTypes: Object.keys(auditEventTypes),
    roles: config.roles.order,
    listAudit: (page, filter) => store.audit.list(page, filter),
    async userId(who) {
      return isId(who) ? (who as UserId) : (await findUser(wired, who)).id;
    },
    listUsers: (page, filter) => users.list(page, filter),
    userDetails: (who) => users.details(who),
    setRole: (who, role) => users.setRole(who, role, by()),
    setDisabled: (who, disabled) => users.setDisabled(who, disabled, by()),
    async deleteUser(who) {
      const user = await findUser(wired, who);
      const operator = by();
      const how = { actor, reason: "user_deleted", audit: operator, now: clock.now() } as const;
      const everyGrant = () => store.grants.ofUser(user.id);
      await withdrawing(wired, how, everyGrant, (withdraw) =>
        deleteUser(wired, user.id, operator, async (tx) => {
          const kept = grantsWithoutSession(await tx.grants.ofUser(user.id));
          await withdraw(tx, { sessions: await tx.sessions.ofUser(user.id), kept });
        }),
      );
      return user;
    },
    signOutUser: (who) => users.signOut(who, by()),
    async close() {
      await Promise.all(published);
      await bus?.close();
      await store.close();
    },
  };
}
