/** Where sign-out ends when there is nowhere to go on to. */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";
import { messages } from "./messages-en.js";

export const SignedOutPage: FC<{ frame: Frame }> = ({ frame }) => (
  <Layout frame={frame} title={messages.signedOut.title}>
    <section class="card">
      <h1>{messages.signedOut.title}</h1>
      <p class="lead">{messages.signedOut.lead}</p>
      <p class="actions">
        <a class="button" href={`${frame.site.basePath}/sign-in?choose`}>
          {messages.signedOut.again}
        </a>
      </p>
    </section>
  </Layout>
);
