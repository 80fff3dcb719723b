/** Where somebody is signed in, with a form to end each session, the others, or all (LO-6, SU-17). */
import type { FC } from "hono/jsx";
import type { SessionView } from "../../sessions/list-sessions.js";
import { deviceName } from "./device.js";
import type { Frame } from "./layout.js";
import { messages } from "./messages-en.js";
import { Time } from "./time.js";

export const SessionsCard: FC<{ frame: Frame; sessions: readonly SessionView[] }> = ({ frame, sessions }) => {
  const path = `${frame.site.basePath}/account/sessions`;
  return (
    <section class="card" aria-labelledby="sessions">
      <h2 id="sessions">{messages.account.sessions}</h2>
      <p class="small">{messages.account.sessionsLead}</p>
      <ul class="rows">
        {sessions.map((session) => (
          <li key={session.id}>
            <SessionFacts session={session} />
            {!session.current && (
              <form method="post" action={`${path}/${session.id}/end`}>
                <button
                  class="button quiet"
                  type="submit"
                  aria-label={messages.account.endNamed(
                    deviceName(session.userAgent),
                    messages.time(session.lastSeenAt),
                  )}
                >
                  {messages.account.end}
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
              {messages.account.endOthers}
            </button>
          </form>
        )}
        <form method="post" action={`${path}/end-all`}>
          <button class="button danger" type="submit">
            {messages.account.endAll}
          </button>
        </form>
      </div>
    </section>
  );
};

const SessionFacts: FC<{ session: SessionView }> = ({ session }) => (
  <div>
    <p class="name">
      {deviceName(session.userAgent)}
      {session.current && <span class="badge good">{messages.account.thisDevice}</span>}
    </p>
    <p class="details">
      <span>{messages.account.via(session.providerName)}</span>
      <span>
        {messages.account.fromAddress} {session.address ?? messages.account.unknownAddress}
      </span>
      <span>
        {messages.account.signedInAt} <Time at={session.createdAt} />
      </span>
      <span>
        {messages.account.lastSeen} <Time at={session.lastSeenAt} />
      </span>
    </p>
  </div>
);
