/**
 * A failure, told to a person: the catalog's words, the code, the request id, and a way on. Nothing here comes from
 * a provider or from the URL but a code that the catalog knows and an id of the right shape (SI-13, AT-24).
 */
import type { FC } from "hono/jsx";
import type { ErrorCode } from "../../kernel/error-catalog.js";
import { type Frame, Layout } from "./layout.js";

export interface Failure {
  readonly code: ErrorCode;
  readonly requestId: string | null;
}

export const FailureFacts: FC<{ frame: Frame; failure: Failure }> = ({ frame, failure }) => (
  <dl class="facts">
    <dt>{frame.messages.failure.code}</dt>
    <dd>
      <bdi>{failure.code}</bdi>
    </dd>
    {failure.requestId !== null && (
      <>
        <dt>{frame.messages.failure.request}</dt>
        <dd>
          <bdi>{failure.requestId}</bdi>
        </dd>
      </>
    )}
  </dl>
);

export const FailurePage: FC<{ frame: Frame; failure: Failure }> = ({ frame, failure }) => {
  const { message, person } = frame.messages.failures[failure.code];
  return (
    <Layout frame={frame} title={frame.messages.failure.heading}>
      <section class="card">
        <h1>{message}</h1>
        <p class="lead">{person}</p>
        <FailureFacts frame={frame} failure={failure} />
        <p class="actions">
          <a class="button main" href={`${frame.site.basePath}/sign-in`}>
            {frame.messages.failure.toSignIn}
          </a>
        </p>
      </section>
    </Layout>
  );
};
