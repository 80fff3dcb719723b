/**
 * Composition root of the commands that look after accounts while, or while no, server runs: it opens the same
 * database and wires the same steps, without egress, routes or background work. What has to be sent out (revocations)
 * waits in the outbox for the running server.
 */

import { deleteUser, findUser, listUsers, type Operator, setDisabled, setRole } from "./accounts/administer.js";
import { shownOrigin } from "./accounts/policy/origin.js";
import type { Config } from "./config/schema.js";
import { createKeyring } from "./crypto/keyring.js";
import { systemRandom } from "./crypto/random.js";
import { type IdentityId, newId, type UserId } from "./kernel/ids.js";
import type { Log } from "./kernel/log.js";
import { systemClock } from "./kernel/time.js";
import { type EndReason, endSessions, prepareEndOfUser } from "./logout/end-sessions.js";
import type { Ports } from "./options.js";
import { createProviderRegistry } from "./providers/registry.js";
import type { Page, PageRequest, Store } from "./store/contract.js";
import type { IdentityRecord, SessionRecord, UserRecord } from "./store/records.js";
import { migrateSqlite, openSqliteStore } from "./store/sqlite.js";

export interface UserDetails {
  readonly user: UserRecord;
  readonly identities: readonly IdentityRecord[];
  readonly sessions: readonly SessionRecord[];
  readonly groups: readonly { readonly name: string; readonly origin: string }[];
}

/** `who` is an e-mail address or an id; each throws `account.not_found` when it is nobody's. */
export interface Administration {
  listUsers(page: PageRequest, filter?: { search?: string; role?: string }): Promise<Page<UserRecord>>;
  userDetails(who: string): Promise<UserDetails>;
  setRole(who: string, role: string): Promise<UserRecord>;
  setDisabled(who: string, disabled: boolean): Promise<UserRecord>;
  /** Sessions, identities and grants go with the user; the audit trail stays. */
  deleteUser(who: string): Promise<UserRecord>;
  /** Answers how many sessions ended. */
  signOutUser(who: string): Promise<{ readonly user: UserRecord; readonly ended: number }>;
  close(): Promise<void>;
}

type DatabasePorts = Pick<Ports, "clock" | "random"> & { readonly log: Log };

const sqliteOptions = (config: Config, { log, clock = systemClock, random = systemRandom }: DatabasePorts) => ({
  path: config.database.path,
  clock,
  random,
  log,
});

/**
 * Brings the database up to date; one of several processes does it, the others wait.
 *
 * @throws LatchkeyError `store.newer` · `store.busy` · `store.unavailable`
 */
export const migrateDatabase = (
  config: Config,
  ports: DatabasePorts,
): Promise<{ readonly from: number; readonly to: number }> => migrateSqlite(sqliteOptions(config, ports));

/**
 * The schema's version in the database and in this code.
 *
 * @throws LatchkeyError `store.not_migrated` · `store.newer` · `store.unavailable`
 */
export async function databaseVersion(config: Config, ports: DatabasePorts): ReturnType<Store["schemaVersion"]> {
  const store = await openSqliteStore(sqliteOptions(config, ports));
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
  const store = ports.store ?? (await openSqliteStore(sqliteOptions(config, { log, clock, random })));
  const wired = {
    store,
    clock,
    random,
    log,
    keyring: createKeyring({ secrets: config.secrets, random }),
    providers: createProviderRegistry(config),
  };
  const actor = { kind: "operator", id: "command-line" } as const;
  const by = (): Operator => ({ actor, requestId: newId<IdentityId>(clock.now(), random), address: null });
  const idOf = async (who: string): Promise<UserId> => (await findUser(wired, who)).id;

  const ending = (audit: Operator, reason: EndReason) => ({ actor, reason, audit, now: clock.now() });

  async function signOut(user: UserRecord): Promise<number> {
    const sessions = await store.sessions.ofUser(user.id);
    return endSessions(wired, sessions, ending(by(), "ended_by_operator"));
  }

  return {
    listUsers: (page, filter) => listUsers(wired, page, filter),
    async userDetails(who) {
      const user = await findUser(wired, who);
      const groups = await store.groups.ofUser(user.id);
      return {
        user,
        identities: await store.identities.ofUser(user.id),
        sessions: await store.sessions.ofUser(user.id),
        groups: groups.map(({ group, origin }) => ({ name: group.name, origin: shownOrigin(origin) })),
      };
    },
    setRole: async (who, role) => setRole(wired, await idOf(who), role, config.roles.order, by()),
    async setDisabled(who, disabled) {
      const [id, operator] = [await idOf(who), by()];
      const end = await prepareEndOfUser(wired, id, ending(operator, "user_disabled"));
      return setDisabled(wired, id, disabled, operator, async (tx) => void (await end(tx)));
    },
    async deleteUser(who) {
      const user = await findUser(wired, who);
      const operator = by();
      const end = await prepareEndOfUser(wired, user.id, ending(operator, "user_deleted"));
      await deleteUser(wired, user.id, operator, async (tx) => void (await end(tx)));
      return user;
    },
    async signOutUser(who) {
      const user = await findUser(wired, who);
      return { user, ended: await signOut(user) };
    },
    close: () => store.close(),
  };
}
