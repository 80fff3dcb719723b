/** What a set of claims leads to, by the decision that signs people in (SI-19). */
import type { FC } from "hono/jsx";
import type { GroupStep } from "../../accounts/policy/groups.js";
import type { ClaimsExplanation } from "../../explain-claims.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import type { Frame } from "./layout.js";
import type { Messages } from "./messages.js";

export interface ClaimsView {
  readonly providers: readonly { readonly id: string; readonly displayName: string }[];
  /** What was asked, to be asked again with a change. */
  readonly asked: { readonly provider: string; readonly claims: string; readonly user: string };
  readonly told: ClaimsExplanation | undefined;
  readonly signsIn: boolean;
  /** The text is no JSON object. */
  readonly unreadable: boolean;
}

export const AdminClaimsPage: FC<{ frame: Frame; notes: AdminNotes; view: ClaimsView }> = ({ frame, notes, view }) => {
  const { admin } = frame.messages;
  return (
    <AdminPage frame={frame} place="claims" title={admin.claims} notes={notes}>
      {view.unreadable && (
        <div class="notice bad" role="alert">
          <strong>{admin.notReadable}</strong>
          <p>{admin.notReadableNext}</p>
        </div>
      )}
      {view.told !== undefined && <Told messages={frame.messages} told={view.told} signsIn={view.signsIn} />}
      <section class="card">
        <h1>{admin.claims}</h1>
        <p class="lead">{admin.claimsLead}</p>
        <form class="fields" method="post" action={`${frame.site.basePath}/admin/claims`}>
          <div>
            <label for="provider">{admin.provider}</label>
            <select id="provider" name="provider">
              {view.providers.map(({ id, displayName }) => (
                <option value={id} selected={id === view.asked.provider}>
                  {displayName}
                </option>
              ))}
            </select>
          </div>
          <div>
            <label for="user">{admin.asPerson}</label>
            <input id="user" name="user" type="text" inputmode="email" value={view.asked.user} maxlength={320} />
          </div>
          <div class="whole">
            <label for="claims">{admin.claimsJson}</label>
            <textarea id="claims" name="claims" rows={10} spellcheck={false} required dir="ltr">
              {view.asked.claims}
            </textarea>
          </div>
          <button class="button main" type="submit">
            {admin.explain}
          </button>
        </form>
      </section>
    </AdminPage>
  );
};

const Fact: FC<{ name: string; children?: unknown }> = ({ name, children }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const Told: FC<{ messages: Messages; told: ClaimsExplanation; signsIn: boolean }> = ({ messages, told, signsIn }) => {
  const { admin, failures } = messages;
  const code = told.kind === "refuse" ? told.reason : told.kind === "unreadable" ? told.problem : undefined;
  return (
    <section class="card" aria-labelledby="told" role="status">
      <h2 id="told">
        {signsIn ? admin.wouldSignIn : code === undefined ? admin.wouldNot : admin.wouldBeRefused(code)}
      </h2>
      <dl class="explained">
        <Fact name={admin.issuer}>
          <bdi>{told.issuer}</bdi>
        </Fact>
        {code !== undefined && (
          <Fact name={admin.access}>
            {failures[code].message} {told.kind === "refuse" && told.rule !== null && admin.ruleOf(told.rule)}
          </Fact>
        )}
        {told.kind === "refuse" && told.signOutEverywhere && <Fact name={admin.sessions}>{admin.signedOutToo}</Fact>}
        {told.kind !== "unreadable" && <Who messages={messages} told={told} />}
        {told.kind === "admit" && <Role messages={messages} told={told} />}
        {told.kind === "admit" && told.groups.length > 0 && (
          <Fact name={admin.groups}>
            <ul>
              {told.groups.slice(0, mostListed).map((step) => (
                <li>
                  <span class="badge">{step.name}</span> <span class="small">{stepInWords(messages, step)}</span>
                </li>
              ))}
              {told.groups.length > mostListed && <li class="small">{`+ ${told.groups.length - mostListed}`}</li>}
            </ul>
          </Fact>
        )}
        {told.warnings.length > 0 && (
          <Fact name={admin.notes}>
            <ul>
              {told.warnings.map((warning) => (
                <li>
                  {admin.warnings[warning.code]}
                  {"name" in warning && ` (${warning.name})`}
                </li>
              ))}
            </ul>
          </Fact>
        )}
      </dl>
    </section>
  );
};

/** Groups that are shown; the command line's --json has all. */
const mostListed = 200;

const Who: FC<{ messages: Messages; told: Exclude<ClaimsExplanation, { kind: "unreadable" }> }> = ({
  messages: { admin },
  told,
}) => {
  const { identity } = told.person;
  return (
    <>
      <Fact name={admin.subject}>
        <bdi>{identity.subject}</bdi>
      </Fact>
      <Fact name={admin.email}>
        <bdi>{identity.email}</bdi> <span class="small">{admin.trust[told.email?.why ?? "not_verified"]}</span>
      </Fact>
      <Fact name={admin.name}>
        <bdi>{identity.name ?? admin.noName}</bdi>
      </Fact>
      <Fact name={admin.account}>
        {told.kind === "admit" && admin.accountKind[told.account.kind]}
        {told.user === null ? (
          told.kind === "refuse" && admin.noAccount
        ) : (
          <>
            {" "}
            <bdi>{told.user.email}</bdi>
          </>
        )}
      </Fact>
    </>
  );
};

const Role: FC<{ messages: Messages; told: Extract<ClaimsExplanation, { kind: "admit" }> }> = ({
  messages: { admin },
  told: { role, user },
}) => (
  <Fact name={admin.role}>
    {user !== null && user.role !== role.role && (
      <>
        <span class="badge">{user.role}</span> →{" "}
      </>
    )}
    <span class="badge">{role.role}</span>{" "}
    <span class="small">
      {role.kind === "last_admin_kept" && `${admin.lastAdminKept}, `}
      {admin.ruleOf(role.rule)}
    </span>
  </Fact>
);

function stepInWords({ admin }: Messages, step: GroupStep): string {
  const why = step.kind === "blocked" ? step.pattern : admin.groupWhy[step.why];
  return `${admin.groupStep[step.kind]}: ${why}`;
}
