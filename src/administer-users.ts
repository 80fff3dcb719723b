/** What an operator does to people, wired once for the command line and the admin pages: whoever asks says who they are. */
import { findUser, listUsers, type Operator, setDisabled, setRole } from "./accounts/administer.js";
import { shownOrigin } from "./accounts/policy/origin.js";
import type { Config } from "./config/schema.js";
import { LatchkeyError } from "./kernel/errors.js";
import type { RandomSource } from "./kernel/random.js";
import type { Clock } from "./kernel/time.js";
import { type EndReason, type EndSessionsPorts, endSessions, prepareEndOfUser } from "./logout/end-sessions.js";
import type { Page, PageRequest } from "./store/contract.js";
import type { IdentityRecord, SessionRecord, UserRecord } from "./store/records.js";

export interface UserDetails {
  readonly user: UserRecord;
  readonly identities: readonly IdentityRecord[];
  readonly sessions: readonly SessionRecord[];
  readonly groups: readonly { readonly name: string; readonly origin: string }[];
}

/** `who` is an e-mail address or an id; each throws `account.not_found` when it is nobody's. */
export interface UserAdministration {
  list(page: PageRequest, filter?: { search?: string; role?: string }): Promise<Page<UserRecord>>;
  details(who: string): Promise<UserDetails>;
  /** @throws LatchkeyError `account.role_unknown` · `account.last_admin` */
  setRole(who: string, role: string, by: Operator): Promise<UserRecord>;
  /** @throws LatchkeyError `account.last_admin` */
  setDisabled(who: string, disabled: boolean, by: Operator): Promise<UserRecord>;
  /** Answers how many sessions ended. */
  signOut(who: string, by: Operator): Promise<{ readonly user: UserRecord; readonly ended: number }>;
  /** One session of this person. @throws LatchkeyError `session.not_found` when it is not theirs, or not there */
  endSession(who: string, session: string, by: Operator): Promise<UserRecord>;
}

export function administerUsers(
  ports: EndSessionsPorts & { readonly clock: Clock; readonly random: RandomSource },
  config: Pick<Config, "roles">,
): UserAdministration {
  const { store, clock } = ports;
  const idOf = async (who: string) => (await findUser(ports, who)).id;
  const ending = (by: Operator, reason: EndReason) => ({ actor: by.actor, reason, audit: by, now: clock.now() });

  return {
    list: (page, filter) => listUsers(ports, page, filter),
    async details(who) {
      const user = await findUser(ports, who);
      const [groups, identities, sessions] = await Promise.all([
        store.groups.ofUser(user.id),
        store.identities.ofUser(user.id),
        store.sessions.ofUser(user.id),
      ]);
      const shown = groups.map(({ group, origin }) => ({ name: group.name, origin: shownOrigin(origin) }));
      return { user, identities, sessions, groups: shown };
    },
    setRole: async (who, role, by) => setRole(ports, await idOf(who), role, config.roles.order, by),
    async setDisabled(who, disabled, by) {
      const id = await idOf(who);
      const end = await prepareEndOfUser(ports, id, ending(by, "user_disabled"));
      return setDisabled(ports, id, disabled, by, async (tx) => void (await end(tx)));
    },
    async signOut(who, by) {
      const user = await findUser(ports, who);
      const sessions = await store.sessions.ofUser(user.id);
      return { user, ended: await endSessions(ports, sessions, ending(by, "ended_by_operator")) };
    },
    async endSession(who, session, by) {
      const user = await findUser(ports, who);
      const sessions = (await store.sessions.ofUser(user.id)).filter(({ id }) => id === session);
      const ended = await endSessions(ports, sessions, ending(by, "ended_by_operator"));
      if (ended === 0) throw new LatchkeyError("session.not_found", { data: { session, user: user.id } });
      return user;
    },
  };
}
