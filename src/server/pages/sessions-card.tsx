/** Where somebody is signed in, with a form to end each session, the others, or all (LO-6, SU-17). */
import type { FC } from "hono/jsx";
import type { SessionView } from "../../sessions/list-sessions.js";
import { deviceName } from "./device.js";
import type { Frame } from "./layout.js";
import { Time } from "./time.js";

export const SessionsCard: FC<{ frame: Frame; sessions: readonly SessionView[] }> = ({ frame, sessions }) => {
  const path = `${frame.site.basePath}/account/sessions`;
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">{frame.messages.account.sessions}</h2>
      <p class="small">{frame.messages.account.sessionsLead}</p>
      <ul class="rows">
        {sessions.map((session) => (
          <li key={session.id}>
            <SessionFacts frame={frame} session={session} />
            {!session.current && (
              <form method="post" action={`${path}/${session.id}/end`}>
                <button
                  class="button quiet"
                  type="submit"
                  aria-label={frame.messages.account.endNamed(
                    deviceName(session.userAgent, frame.messages.device),
                    frame.messages.time(session.lastSeenAt),
                  )}
                >
                  {frame.messages.account.end}
                </button>
              </form>
            )}
          </li>
        ))}
      </ul>
      <div class="actions">
        {sessions.some((session) => !session.current) && (
          <form method="post" action={`${path}/end-others`}>
            <button class="button" type="submit">
              {frame.messages.account.endOthers}
            </button>
          </form>
        )}
        <form method="post" action={`${path}/end-all`}>
          <button class="button danger" type="submit">
            {frame.messages.account.endAll}
          </button>
        </form>
      </div>
    </section>
  );
};

/** What tells one session from another, without what counts as its secret. */
export type ShownSession = Pick<
  SessionView,
  "userAgent" | "current" | "providerName" | "address" | "createdAt" | "lastSeenAt"
>;

export const SessionFacts: FC<{ frame: Frame; session: ShownSession }> = ({ frame, session }) => (
  <div>
    <p class="name">
      {deviceName(session.userAgent, frame.messages.device)}
      {session.current && <span class="badge good">{frame.messages.account.thisDevice}</span>}
    </p>
    <p class="details">
      <span>{frame.messages.account.via(session.providerName)}</span>
      <span>
        {frame.messages.account.fromAddress} <bdi>{session.address ?? frame.messages.account.unknownAddress}</bdi>
      </span>
      <span>
        {frame.messages.account.signedInAt} <Time at={session.createdAt} messages={frame.messages} />
      </span>
      <span>
        {frame.messages.account.lastSeen} <Time at={session.lastSeenAt} messages={frame.messages} />
      </span>
    </p>
  </div>
);
