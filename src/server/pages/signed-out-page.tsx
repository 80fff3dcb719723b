/** Where sign-out ends when there is nowhere to go on to, and the step on the way when there is. */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";

export const SignedOutPage: FC<{ frame: Frame }> = ({ frame }) => (
  <Layout frame={frame} title={frame.messages.signedOut.title}>
    <section class="card">
      <h1>{frame.messages.signedOut.title}</h1>
      <p class="lead">{frame.messages.signedOut.lead}</p>
      <p class="actions">
        <a class="button" href={`${frame.site.basePath}/sign-in?choose`}>
          {frame.messages.signedOut.again}
        </a>
      </p>
    </section>
  </Layout>
);

/** Signed out here, and on the way to another origin: seen in full only where the browser does not go on by itself. */
export const OnwardPage: FC<{ frame: Frame; host: string; href: string }> = ({ frame, host, href }) => (
  <Layout frame={frame} title={frame.messages.leaving.title(host)}>
    <section class="card">
      <h1>{frame.messages.leaving.title(host)}</h1>
      <p class="lead">{frame.messages.signedOut.onward(frame.site.name, host)}</p>
      <p class="actions">
        <a class="button main" href={href}>
          {frame.messages.leaving.go(host)}
        </a>
      </p>
    </section>
  </Layout>
);
