/** The one page that a pending user sees (AC-20). */
import type { FC } from "hono/jsx";
import { type Frame, Layout } from "./layout.js";
import { SignOutForm, type SignOutMode } from "./sign-out-form.js";

export const WaitingPage: FC<{ frame: Frame; email: string; mode: SignOutMode }> = ({ frame, email, mode }) => (
  <Layout frame={frame} title={frame.messages.waiting.title}>
    <section class="card">
      <h1>{frame.messages.waiting.title}</h1>
      <p class="lead">{frame.messages.waiting.lead(email)}</p>
      <p class="lead">{frame.messages.waiting.next}</p>
      <div class="actions">
        <a class="button main" href={`${frame.site.basePath}/account`}>
          {frame.messages.waiting.again}
        </a>
        <SignOutForm frame={frame} mode={mode} />
      </div>
    </section>
  </Layout>
);
