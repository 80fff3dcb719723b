/** The sign-in page: one button for each provider, and what went wrong the last time. */
import type { FC } from "hono/jsx";
import type { ProviderButton } from "../features.js";
import { type Failure, FailureFacts } from "./failure.js";
import { type Frame, Layout } from "./layout.js";
import type { Messages } from "./messages.js";

export interface SignInView {
  readonly buttons: readonly ProviderButton[];
  /** The id of the provider that this browser used last; marked where it is one of the buttons. */
  readonly lastUsed: string | null;
  /** Goes with every button, so that people end where they were going. */
  readonly startQuery: string;
  readonly failure: Failure | undefined;
  /** Nobody has an account yet (AC-9). */
  readonly empty: boolean;
  /** The name of whoever is signed in already. */
  readonly signedInAs: string | undefined;
}

export const SignInPage: FC<{ frame: Frame; view: SignInView }> = ({ frame, view }) => (
  <Layout frame={frame} title={frame.messages.signIn.title}>
    <section class="card">
      <h1>{frame.messages.signIn.title}</h1>
      <p class="lead">
        {view.buttons.length > 1
          ? frame.messages.signIn.choose(frame.site.name)
          : frame.messages.signIn.lead(frame.site.name)}
      </p>
      {view.failure && <FailureNotice frame={frame} view={view} failure={view.failure} />}
      {view.signedInAs !== undefined && (
        <div class="notice">
          <p>{frame.messages.signIn.alreadySignedIn(view.signedInAs)}</p>
          <a href={`${frame.site.basePath}/account`}>{frame.messages.signIn.toAccount}</a>
        </div>
      )}
      {view.empty && (
        <div class="notice warn">
          <strong>{frame.messages.signIn.empty}</strong>
          <p>{frame.messages.signIn.emptyNext}</p>
        </div>
      )}
      {view.buttons.length === 0 ? (
        <div class="notice">
          <strong>{frame.messages.signIn.noProviders}</strong>
          <p>{frame.messages.signIn.noProvidersNext}</p>
        </div>
      ) : (
        <ul class="providers">
          {view.buttons.map((button) => (
            <li key={button.id}>
              <ProviderLink
                frame={frame}
                button={button}
                href={button.startUrl + view.startQuery}
                lastUsed={button.id === view.lastUsed}
              />
            </li>
          ))}
        </ul>
      )}
    </section>
  </Layout>
);

const FailureNotice: FC<{ frame: Frame; view: SignInView; failure: Failure }> = ({ frame, view, failure }) => {
  const { message, person } = frame.messages.failures[failure.code];
  // With one provider "try again" is that provider; with several it is the page without the failure.
  const only = view.buttons.length === 1 ? view.buttons[0] : undefined;
  const again = (only?.startUrl ?? `${frame.site.base}/sign-in`) + view.startQuery;
  return (
    <div class="notice bad" role="alert">
      <strong>{message}</strong>
      <p>{person}</p>
      <FailureFacts frame={frame} failure={failure} />
      <a href={again}>{frame.messages.failure.tryAgain}</a>
    </div>
  );
};

const healthNote = (messages: Messages, health: ProviderButton["health"]): string | undefined => {
  switch (health) {
    case "unreachable":
      return messages.signIn.unreachable;
    case "misconfigured":
      return messages.signIn.misconfigured;
    case "ok":
    case "unknown":
      return undefined;
  }
};

/** Which of four colours the initial has: the same for one id on every page and node, so that people come to know it. */
const tintOf = (id: string): number => [...id].reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0) % 4;

const ProviderLink: FC<{ frame: Frame; button: ProviderButton; href: string; lastUsed: boolean }> = (props) => {
  const { button, href, lastUsed } = props;
  const { messages } = props.frame;
  const note = healthNote(messages, button.health);
  return (
    <a class={note === undefined ? "provider" : "provider troubled"} href={href}>
      {button.icon === null ? (
        <span class={`icon tint-${tintOf(button.id)}`} aria-hidden="true">
          {[...button.displayName][0]?.toUpperCase()}
        </span>
      ) : (
        <img class="icon" src={button.icon} alt="" />
      )}
      <span class="words">
        <span>{messages.signIn.with(button.displayName)}</span>
        {lastUsed && <span class="last">{messages.signIn.lastUsed}</span>}
        {note !== undefined && <span class="health">{note}</span>}
      </span>
    </a>
  );
};
