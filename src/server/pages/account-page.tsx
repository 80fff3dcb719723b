/** The account page: who I am and why, how I sign in, where I am signed in (SU-8, LO-6). */
import type { FC } from "hono/jsx";
import type { AccountView } from "../features.js";
import { ConnectionsCard } from "./connections-card.js";
import { type Failure, FailureFacts } from "./failure.js";
import { type Frame, Layout } from "./layout.js";
import type { DoneCode, Messages } from "./messages.js";
import { MethodsCard } from "./methods-card.js";
import { SessionsCard } from "./sessions-card.js";
import { SignOutForm, type SignOutMode } from "./sign-out-form.js";
import { Verified } from "./verified.js";

export interface AccountPageView {
  readonly account: AccountView;
  /** A picture on our own origin, else null. */
  readonly picture: string | null;
  /** The display name of a provider by its id, for "from Corp SSO". */
  readonly providerName: (id: string) => string;
  readonly signOutMode: SignOutMode;
  /** A key of `messages.done`: what a form has just done. */
  readonly done: DoneCode | undefined;
  /** Why a form did nothing. */
  readonly failure: Failure | undefined;
}

export const AccountPage: FC<{ frame: Frame; view: AccountPageView }> = ({ frame, view }) => {
  const { account } = view;
  const done = view.done === undefined ? undefined : frame.messages.done[view.done];
  return (
    <Layout frame={frame} title={frame.messages.account.title} wide>
      {done !== undefined && (
        <div class="notice good" role="status">
          <p>{done}</p>
        </div>
      )}
      {view.failure !== undefined && (
        <div class="notice bad" role="alert">
          <strong>{frame.messages.failures[view.failure.code].message}</strong>
          <p>{nextStep(frame.messages, view.failure)}</p>
          {view.failure.requestId !== null && <FailureFacts frame={frame} failure={view.failure} />}
        </div>
      )}
      <PersonCard frame={frame} view={view} />
      <AccessCard frame={frame} view={view} />
      <MethodsCard frame={frame} account={account} />
      <ConnectionsCard frame={frame} toolServers={account.toolServers} />
      <SessionsCard frame={frame} sessions={account.sessions} />
    </Layout>
  );
};

/** The catalog's words for a failed sign-in send people to the sign-in page; here they were adding a method. */
const nextStep = (messages: Messages, { code }: Failure): string =>
  code.startsWith("signin.") ? messages.account.nothingAdded : messages.failures[code].person;

const initials = (name: string): string =>
  name
    .split(/[\s@._-]+/)
    .filter((part) => part !== "")
    .slice(0, 2)
    .map((part) => [...part][0]?.toUpperCase() ?? "")
    .join("");

const PersonCard: FC<{ frame: Frame; view: AccountPageView }> = ({ frame, view }) => {
  const { user } = view.account;
  return (
    <section class="card me">
      <div class="person">
        {view.picture === null ? (
          <span class="portrait" aria-hidden="true">
            {initials(user.name)}
          </span>
        ) : (
          <img class="portrait" src={view.picture} alt="" />
        )}
        <div>
          <h1>
            <bdi>{user.name}</bdi>
          </h1>
          <p class="small">
            <bdi>{user.email}</bdi> <Verified yes={user.emailVerified} messages={frame.messages} />
          </p>
        </div>
      </div>
      <div class="actions">
        {user.role === "admin" && (
          <a class="button" href={`${frame.site.basePath}/admin/users`}>
            {frame.messages.account.administration}
          </a>
        )}
        <SignOutForm frame={frame} mode={view.signOutMode} />
      </div>
    </section>
  );
};

const AccessCard: FC<{ frame: Frame; view: AccountPageView }> = ({ frame, view }) => {
  const { user, roleOrigin, groups } = view.account;
  return (
    <section class="card" aria-labelledby="access">
      <h2 id="access">{frame.messages.account.access}</h2>
      <dl class="explained">
        <div>
          <dt>{frame.messages.account.role}</dt>
          <dd>
            <span class="badge">{user.role}</span>{" "}
            <span class="small">{roleInWords(frame.messages, roleOrigin, view.providerName)}</span>
          </dd>
        </div>
        <div>
          <dt>{frame.messages.account.groups}</dt>
          <dd>
            {groups.length === 0 ? (
              <span class="small">{frame.messages.account.noGroups}</span>
            ) : (
              <ul>
                {groups.map((group) => (
                  <li key={group.name}>
                    <span class="badge">{group.name}</span>{" "}
                    <span class="small">
                      {group.origins
                        .map((origin) => originInWords(frame.messages, origin, view.providerName))
                        .join(", ")}
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </dd>
        </div>
      </dl>
    </section>
  );
};

/** The role's origin in words; `claims:<provider>` names the provider. */
function roleInWords(messages: Messages, origin: string, providerName: (id: string) => string): string {
  const claims = /^claims:(.+)$/s.exec(origin)?.[1];
  return claims === undefined ? messages.account.roleReason(origin) : messages.account.roleClaims(providerName(claims));
}

/** `manual`, `default` or `claims:<provider>` (glossary: membership) in words. */
function originInWords(messages: Messages, origin: string, providerName: (id: string) => string): string {
  if (origin === "manual") return messages.account.groupManual;
  if (origin === "default") return messages.account.groupDefault;
  const claims = /^claims:(.+)$/s.exec(origin)?.[1];
  return claims === undefined ? origin : messages.account.groupClaims(providerName(claims));
}
