/**
 * A failure, told to a person: the catalog's words, the code, the request id, and a way on. Nothing here comes from
 * a provider or from the URL but a code that the catalog knows and an id of the right shape (SI-13, AT-24).
 */
import type { FC } from "hono/jsx";
import { type ErrorCode, errorCatalog } from "../../kernel/error-catalog.js";
import { type Frame, Layout } from "./layout.js";
import { messages } from "./messages-en.js";

export interface Failure {
  readonly code: ErrorCode;
  readonly requestId: string | null;
}

export const FailureFacts: FC<{ failure: Failure }> = ({ failure }) => (
  <dl class="facts">
    <dt>{messages.failure.code}</dt>
    <dd>{failure.code}</dd>
    {failure.requestId !== null && (
      <>
        <dt>{messages.failure.request}</dt>
        <dd>{failure.requestId}</dd>
      </>
    )}
  </dl>
);

export const FailurePage: FC<{ frame: Frame; failure: Failure }> = ({ frame, failure }) => {
  const { message, person } = errorCatalog[failure.code];
  return (
    <Layout frame={frame} title={messages.failure.heading}>
      <section class="card">
        <h1>{message}</h1>
        <p class="lead">{person}</p>
        <FailureFacts failure={failure} />
        <p class="actions">
          <a class="button main" href={`${frame.site.basePath}/sign-in`}>
            {messages.failure.toSignIn}
          </a>
        </p>
      </section>
    </Layout>
  );
};
