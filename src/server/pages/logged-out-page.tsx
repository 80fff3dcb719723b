/** What a frame on the provider's page shows after a front-channel logout. Nobody is meant to read it. */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";
import { messages } from "./messages-en.js";

export const LoggedOutPage: FC<{ frame: Frame; done: boolean }> = ({ frame, done }) => (
  <Layout frame={frame} title={messages.loggedOut.title}>
    <section class="card">
      <h1>{messages.loggedOut.title}</h1>
      <p class="lead">{done ? messages.loggedOut.done : messages.loggedOut.nothing}</p>
    </section>
  </Layout>
);
