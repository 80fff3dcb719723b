/** What a frame on the provider's page shows after a front-channel logout. Nobody is meant to read it. */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";

export const LoggedOutPage: FC<{ frame: Frame; done: boolean }> = ({ frame, done }) => (
  <Layout frame={frame} title={frame.messages.loggedOut.title}>
    <section class="card">
      <h1>{frame.messages.loggedOut.title}</h1>
      <p class="lead">{done ? frame.messages.loggedOut.done : frame.messages.loggedOut.nothing}</p>
    </section>
  </Layout>
);
