/** What the admin pages have in common: the way between them, what a form has done, and what kept one from it. */
import type { Child, FC } from "hono/jsx";
import type { ErrorCode } from "../../kernel/error-catalog.js";
import type { Attention } from "../admin-features.js";
import { type Failure, FailureFacts } from "./failure.js";
import { type Frame, Layout } from "./layout.js";
import type { DoneCode, Messages } from "./messages.js";

export type AdminPlace = "users" | "providers" | "tool-servers" | "claims" | "webhooks";

/** What a page says above its content. */
export interface AdminNotes {
  readonly done?: DoneCode | undefined;
  readonly failure?: Failure | undefined;
  readonly attention?: Attention | undefined;
}

export const AdminPage: FC<{
  frame: Frame;
  place: AdminPlace;
  title: string;
  notes: AdminNotes;
  children?: Child;
}> = ({ frame, place, title, notes, children }) => {
  const { admin } = frame.messages;
  const base = `${frame.site.basePath}/admin`;
  const link = (to: AdminPlace, words: string) => (
    <li>
      <a href={`${base}/${to}`} {...(to === place ? { "aria-current": "page" } : {})}>
        {words}
      </a>
    </li>
  );
  return (
    <Layout frame={frame} title={`${title} · ${admin.title}`} wide>
      <nav class="places" aria-label={admin.navigation}>
        <ul>
          {link("users", admin.people)}
          {link("providers", frame.messages.toolServers.providers)}
          {link("tool-servers", frame.messages.toolServers.title)}
          {link("claims", admin.claims)}
          {link("webhooks", admin.webhooks)}
          <li>
            <a href={`${frame.site.basePath}/account`}>{admin.toAccount}</a>
          </li>
        </ul>
      </nav>
      <Notes frame={frame} notes={notes} />
      {children}
    </Layout>
  );
};

/** Whoever reads it here is the administrator that others are told to ask. */
function adviceFor({ toolServers: { advice }, failures }: Messages, code: ErrorCode): string {
  return Object.hasOwn(advice, code) ? advice[code as keyof typeof advice] : failures[code].person;
}

const Notes: FC<{ frame: Frame; notes: AdminNotes }> = ({ frame, notes: { done, failure, attention } }) => {
  const { messages } = frame;
  const base = `${frame.site.basePath}/admin`;
  const some = attention && (attention.waiting > 0 || attention.dead > 0);
  return (
    <>
      {done !== undefined && (
        <div class="notice good" role="status">
          <p>{messages.done[done]}</p>
        </div>
      )}
      {failure !== undefined && (
        <div class="notice bad" role="alert">
          <strong>{messages.failures[failure.code].message}</strong>
          <p>{adviceFor(messages, failure.code)}</p>
          {failure.requestId !== null && <FailureFacts frame={frame} failure={failure} />}
        </div>
      )}
      {some && (
        <div class="notice warn">
          <strong>{messages.admin.attentionTitle}</strong>
          {attention.waiting > 0 && (
            <p>
              <a href={`${base}/users?role=pending`}>
                {messages.admin.waiting(`${attention.waiting}${attention.waitingMore ? "+" : ""}`)}
              </a>
            </p>
          )}
          {attention.dead > 0 && (
            <p>
              <a href={`${base}/webhooks`}>{messages.admin.dead(String(attention.dead))}</a>
            </p>
          )}
        </div>
      )}
    </>
  );
};
