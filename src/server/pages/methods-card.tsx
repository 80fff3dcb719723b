/** How somebody signs in, with a form to add each further provider and to remove each method but the last (AC-4, SU-17). */
import type { FC } from "hono/jsx";
import type { IdentityView } from "../../accounts/list-identities.js";
import type { AccountView } from "../features.js";
import type { Frame } from "./layout.js";
import type { Messages } from "./messages.js";
import { Time } from "./time.js";
import { Verified } from "./verified.js";

export const MethodsCard: FC<{ frame: Frame; account: AccountView }> = ({ frame, account }) => {
  const { messages } = frame;
  const { identities, methods } = account;
  const path = `${frame.site.basePath}/account/identities`;
  const stuck = identities.some(({ id }) => !methods.removable.includes(id));
  return (
    <section class="card" aria-labelledby="methods">
      <h2 id="methods">{messages.account.methods}</h2>
      <p class="small">{messages.account.methodsLead}</p>
      <ul class="rows">
        {identities.map((identity) => (
          <li key={identity.id}>
            <MethodFacts
              messages={messages}
              identity={identity}
              current={identity.id === methods.current}
              removable={methods.removable.includes(identity.id)}
            />
            {methods.removable.includes(identity.id) && (
              <form method="post" action={`${path}/${identity.id}/unlink`}>
                <button
                  class="button quiet"
                  type="submit"
                  aria-label={messages.account.removeNamed(identity.displayName, identity.email)}
                >
                  {messages.account.remove}
                </button>
              </form>
            )}
          </li>
        ))}
      </ul>
      {stuck && (
        <p class="small after">
          {identities.length === 1 ? messages.account.onlyMethod : messages.account.lastMethod}
          {methods.addable.length > 0 && ` ${messages.account.addFirst}`}
        </p>
      )}
      {methods.addable.length > 0 && (
        <div class="actions">
          {methods.addable.map(({ id, displayName }) => (
            <form key={id} method="post" action={`${path}/${encodeURIComponent(id)}/link`}>
              <button class="button" type="submit">
                {messages.account.add(displayName)}
              </button>
            </form>
          ))}
        </div>
      )}
    </section>
  );
};

const MethodFacts: FC<{ messages: Messages; identity: IdentityView; current: boolean; removable: boolean }> = ({
  messages,
  identity,
  current,
  removable,
}) => (
  <div>
    <p class="name">
      {identity.displayName}
      {current && <span class="badge good">{messages.account.methodCurrent}</span>}
    </p>
    <p class="details">
      <span>
        {identity.email === null ? (
          messages.account.methodNoEmail
        ) : (
          <>
            {identity.email} <Verified yes={identity.emailVerified} messages={messages} />
          </>
        )}
      </span>
      <span>
        {messages.account.methodUsed} <Time at={identity.lastUsedAt} messages={messages} />
      </span>
      <span>
        {messages.account.methodAdded} <Time at={identity.createdAt} messages={messages} />
      </span>
      {current && removable && <span>{messages.account.methodCurrentNote}</span>}
    </p>
  </div>
);
