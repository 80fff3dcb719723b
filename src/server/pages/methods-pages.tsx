/** The two pages beside the account page that adding a sign-in method may lead through. */
import type { FC } from "hono/jsx";
import type { Instant } from "../../kernel/time.js";
import { type Frame, Layout } from "./layout.js";
import { Time } from "./time.js";

/** On the way to the provider: seen for a moment, and in full only where the browser does not go on by itself. */
export const LeavingPage: FC<{ frame: Frame; provider: string; href: string }> = ({ frame, provider, href }) => (
  <Layout frame={frame} title={frame.messages.leaving.title(provider)}>
    <section class="card">
      <h1>{frame.messages.leaving.title(provider)}</h1>
      <p class="lead">{frame.messages.leaving.lead(provider, frame.site.name)}</p>
      <p class="actions">
        <a class="button main" href={href}>
          {frame.messages.leaving.go(provider)}
        </a>
        <a class="button" href={`${frame.site.basePath}/account`}>
          {frame.messages.leaving.back}
        </a>
      </p>
    </section>
  </Layout>
);

export interface SignInAgainView {
  /** The display name of the provider of the session. */
  readonly provider: string;
  /** Where to sign in again; it leads back to the account page. */
  readonly href: string;
  readonly signedInAt: Instant;
}

export const SignInAgainPage: FC<{ frame: Frame; view: SignInAgainView }> = ({ frame, view }) => (
  <Layout frame={frame} title={frame.messages.signInAgain.title}>
    <section class="card">
      <h1>{frame.messages.signInAgain.title}</h1>
      <p class="lead">{frame.messages.signInAgain.lead}</p>
      <p class="small after">
        {frame.messages.signInAgain.last} <Time at={view.signedInAt} messages={frame.messages} />
      </p>
      <p class="actions">
        <a class="button main" href={view.href}>
          {frame.messages.signInAgain.go(view.provider)}
        </a>
        <a class="button" href={`${frame.site.basePath}/account`}>
          {frame.messages.leaving.back}
        </a>
      </p>
    </section>
  </Layout>
);
