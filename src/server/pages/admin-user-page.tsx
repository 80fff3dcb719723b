/** One person: what they may do and why, how they sign in, and the forms to change it (SU-8, AC-13, AC-20). */
import type { FC } from "hono/jsx";
import type { UserDetails } from "../../administer-users.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import { deviceName } from "./device.js";
import type { Frame } from "./layout.js";
import type { Messages } from "./messages.js";
import { SessionFacts } from "./sessions-card.js";
import { Time } from "./time.js";
import { Verified } from "./verified.js";

export interface UserView {
  readonly details: UserDetails;
  readonly roles: readonly string[];
  readonly providerName: (id: string) => string;
}

export const AdminUserPage: FC<{ frame: Frame; notes: AdminNotes; view: UserView }> = ({ frame, notes, view }) => {
  const { user } = view.details;
  const { messages } = frame;
  const path = `${frame.site.basePath}/admin/users`;
  return (
    <AdminPage frame={frame} place="users" title={user.name} notes={notes}>
      <section class="card">
        <h1>
          <bdi>{user.name}</bdi>
        </h1>
        <p class="small">
          <bdi>{user.email}</bdi> <Verified yes={user.emailVerified} messages={messages} />{" "}
          {user.disabledAt !== null && <span class="badge warn">{messages.admin.disabled}</span>}{" "}
          {user.claimedAt === null && <span class="badge">{messages.admin.unclaimed}</span>}
        </p>
        <p class="small">
          <a href={path}>{messages.admin.backToPeople}</a>
        </p>
      </section>
      <AccessCard frame={frame} view={view} path={`${path}/${user.id}`} />
      <MethodsCard messages={messages} view={view} />
      <SessionsCard frame={frame} view={view} path={`${path}/${user.id}`} />
      <AccountCard messages={messages} view={view} path={`${path}/${user.id}`} />
    </AdminPage>
  );
};

const claimsOf = (origin: string): string | undefined => /^claims:(.+)$/s.exec(origin)?.[1];

function roleInWords({ admin }: Messages, origin: string, providerName: (id: string) => string): string {
  const claims = claimsOf(origin);
  return claims === undefined ? admin.roleReason(origin) : admin.roleClaims(providerName(claims));
}

function groupInWords({ account }: Messages, origin: string, providerName: (id: string) => string): string {
  if (origin === "manual") return account.groupManual;
  if (origin === "default") return account.groupDefault;
  const claims = claimsOf(origin);
  return claims === undefined ? origin : account.groupClaims(providerName(claims));
}

const AccessCard: FC<{ frame: Frame; view: UserView; path: string }> = ({ frame, view, path }) => {
  const { messages } = frame;
  const { admin } = messages;
  const { user, groups } = view.details;
  return (
    <section class="card" aria-labelledby="access">
      <h2 id="access">{admin.access}</h2>
      <dl class="explained">
        <div>
          <dt>{admin.role}</dt>
          <dd>
            <span class="badge">{user.role}</span>{" "}
            <span class="small">{roleInWords(messages, user.roleOrigin, view.providerName)}</span>
          </dd>
        </div>
        <div>
          <dt>{admin.groups}</dt>
          <dd>
            {groups.length === 0 ? (
              <span class="small">{admin.noGroups}</span>
            ) : (
              <ul>
                {groups.map(({ name, origin }) => (
                  <li key={`${name} ${origin}`}>
                    <span class="badge">{name}</span>{" "}
                    <span class="small">{groupInWords(messages, origin, view.providerName)}</span>
                  </li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      </dl>
      <form class="fields after" method="post" action={`${path}/role`}>
        <div>
          <label for="role">{admin.changeRole}</label>
          <select id="role" name="role" aria-describedby="role-note">
            {view.roles.map((role) => (
              <option value={role} selected={role === user.role}>
                {role}
              </option>
            ))}
          </select>
        </div>
        <button class="button" type="submit">
          {admin.changeRole}
        </button>
      </form>
      <p class="small" id="role-note">
        {admin.changeRoleNote}
      </p>
    </section>
  );
};

const MethodsCard: FC<{ messages: Messages; view: UserView }> = ({ messages, view }) => (
  <section class="card" aria-labelledby="methods">
    <h2 id="methods">{messages.admin.methods}</h2>
    {view.details.identities.length === 0 ? (
      <p class="small after">{messages.admin.noMethods}</p>
    ) : (
      <ul class="rows">
        {view.details.identities.map((identity) => (
          <li key={identity.id}>
            <div>
              <p class="name">{view.providerName(identity.provider)}</p>
              <p class="details">
                <bdi>{identity.issuer}</bdi>
                <span>
                  {messages.admin.subject} <bdi>{identity.subject}</bdi>
                </span>
                {identity.email !== null && (
                  <span>
                    <bdi>{identity.email}</bdi> <Verified yes={identity.emailVerified} messages={messages} />
                  </span>
                )}
                <span>
                  {messages.account.methodUsed} <Time at={identity.lastUsedAt} messages={messages} />
                </span>
              </p>
            </div>
          </li>
        ))}
      </ul>
    )}
  </section>
);

const SessionsCard: FC<{ frame: Frame; view: UserView; path: string }> = ({ frame, view, path }) => {
  const { messages } = frame;
  const { admin, account } = messages;
  const { sessions } = view.details;
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">{admin.sessions}</h2>
      <p class="small">{admin.sessionCount(String(sessions.length))}</p>
      {sessions.length > 0 && (
        <ul class="rows">
          {sessions.map((session) => (
            <li key={session.id}>
              <SessionFacts
                frame={frame}
                session={{ ...session, current: false, providerName: view.providerName(session.provider) }}
              />
              <form method="post" action={`${path}/sessions/${session.id}/end`}>
                <button
                  class="button quiet"
                  type="submit"
                  aria-label={account.endNamed(
                    deviceName(session.userAgent, messages.device),
                    messages.time(session.lastSeenAt),
                  )}
                >
                  {account.end}
                </button>
              </form>
            </li>
          ))}
        </ul>
      )}
      {sessions.length > 0 && (
        <div class="actions">
          <form method="post" action={`${path}/sign-out`}>
            <button class="button" type="submit">
              {admin.signOut}
            </button>
          </form>
        </div>
      )}
    </section>
  );
};

/** Apart from the sessions: what it does outlives them. */
const AccountCard: FC<{ messages: Messages; view: UserView; path: string }> = ({
  messages: { admin },
  view: {
    details: { user },
  },
  path,
}) => {
  const on = user.disabledAt === null;
  return (
    <section class="card" aria-labelledby="account">
      <h2 id="account">{admin.account}</h2>
      <p class="small">{on ? admin.disableNote : admin.enableNote}</p>
      <div class="actions">
        <form method="post" action={`${path}/${on ? "disable" : "enable"}`}>
          <button class={on ? "button danger" : "button"} type="submit">
            {on ? admin.disable : admin.enable}
          </button>
        </form>
      </div>
    </section>
  );
};
