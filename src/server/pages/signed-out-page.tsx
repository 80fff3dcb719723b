/** Where sign-out ends when there is nowhere to go on to. */
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
