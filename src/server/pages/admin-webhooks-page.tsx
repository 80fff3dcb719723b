/** Messages to webhooks that wait, and those that were given up, with another try for these (SI-23). */
import type { FC } from "hono/jsx";
import type { QueuedMessage } from "../../outbox/administer-webhooks.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import type { Frame } from "./layout.js";
import { Time } from "./time.js";

export interface WebhooksView {
  readonly queued: readonly QueuedMessage[];
  /** Where the list goes on; null at its end. */
  readonly more: string | null;
}

export const AdminWebhooksPage: FC<{ frame: Frame; notes: AdminNotes; view: WebhooksView }> = ({
  frame,
  notes,
  view,
}) => {
  const { admin } = frame.messages;
  const path = `${frame.site.basePath}/admin/webhooks`;
  return (
    <AdminPage frame={frame} place="webhooks" title={admin.webhooks} notes={notes}>
      <section class="card">
        <h1>{admin.webhooks}</h1>
        <p class="lead">{admin.webhooksLead}</p>
        {view.queued.length === 0 ? (
          <p class="after">{admin.noMessages}</p>
        ) : (
          <ul class="rows">
            {view.queued.map((message) => (
              <li key={message.id}>
                <Message frame={frame} message={message} />
                {message.state === "dead" && (
                  <form method="post" action={`${path}/${message.id}/retry`}>
                    <button
                      class="button quiet"
                      type="submit"
                      aria-label={admin.retryNamed(message.webhook ?? "?", frame.messages.time(message.createdAt))}
                    >
                      {admin.retry}
                    </button>
                  </form>
                )}
              </li>
            ))}
          </ul>
        )}
        <div class="actions">
          {view.queued.some(({ state }) => state === "dead") && (
            <form method="post" action={`${path}/retry-all`}>
              <button class="button" type="submit">
                {admin.retryAll}
              </button>
            </form>
          )}
          {view.more !== null && (
            <a class="button" href={view.more}>
              {admin.more}
            </a>
          )}
        </div>
      </section>
    </AdminPage>
  );
};

const Message: FC<{ frame: Frame; message: QueuedMessage }> = ({ frame, message }) => {
  const { admin } = frame.messages;
  return (
    <div>
      <p class="name">
        {message.webhook ?? admin.unreadable} {message.type}
        <span class={message.state === "dead" ? "badge warn" : "badge"}>
          {message.state === "dead" ? admin.givenUp : admin.waits}
        </span>
      </p>
      <p class="details">
        <Time at={message.createdAt} messages={frame.messages} />
        <span>{admin.attempts(String(message.attempts))}</span>
        {message.lastFailure !== null && (
          <span>
            {admin.lastFailure} <bdi>{message.lastFailure}</bdi>
          </span>
        )}
        {message.user !== null && (
          <span>
            {admin.messageAbout}{" "}
            <a href={`${frame.site.basePath}/admin/users/${message.user}`}>
              <bdi>{message.user}</bdi>
            </a>
          </span>
        )}
      </p>
    </div>
  );
};
