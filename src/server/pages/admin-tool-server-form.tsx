/**
 * The form of a tool server that is to be added. What was typed comes back in it, but for the secret, which comes back
 * sealed: in a field that nobody can read, and that stands in for a secret field that is left empty.
 */
import type { Child, FC } from "hono/jsx";
import type { LatchkeyError } from "../../kernel/errors.js";
import type { LookedAt, ToolServerField } from "../admin-tool-servers.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import type { Frame } from "./layout.js";
import { Answered } from "./tool-server-report.js";

export interface FormView {
  readonly typed: LookedAt["typed"];
  readonly hasSecret: boolean;
  /** Null where nothing was typed yet. */
  readonly draft: string | null;
  readonly wrong: readonly ToolServerField[];
  readonly failure: LatchkeyError | null;
  /** Those that access can be given to, least first. */
  readonly roles: readonly string[];
}

export const AdminToolServerForm: FC<{ frame: Frame; notes: AdminNotes; view: FormView }> = ({
  frame,
  notes,
  view,
}) => {
  const words = frame.messages.toolServers;
  const path = `${frame.site.basePath}/admin/tool-servers`;
  const field = { words, view };
  const { typed, wrong } = view;
  const furtherIsUsed =
    [typed.scopes, typed.groups, typed.clientId].some((text) => text !== "") ||
    view.hasSecret ||
    wrong.some((name) => name !== "url" && name !== "name" && name !== "id");
  return (
    <AdminPage frame={frame} place="tool-servers" title={words.toAdd} notes={notes}>
      {wrong.length > 0 && (
        <div class="notice bad" role="alert">
          <strong>{words.wrongTitle}</strong>
          <p>{words.wrongNext}</p>
        </div>
      )}
      {view.failure !== null && <Answered messages={frame.messages} failure={view.failure} />}
      <section class="card">
        <h1>{words.toAdd}</h1>
        <p class="lead">{words.addLead}</p>
        <form class="fields" method="post" action={`${path}/look`}>
          {view.draft !== null && <input type="hidden" name="draft" value={view.draft} />}
          <Field {...field} name="url" label={words.url} note={words.urlNote} whole>
            <input {...inputOf(view, "url")} type="text" inputmode="url" required maxlength={2_000} dir="ltr" />
          </Field>
          <Field {...field} name="name" label={words.name} note={words.nameNote}>
            <input {...inputOf(view, "name")} type="text" maxlength={100} />
          </Field>
          <Field {...field} name="id" label={words.id} note={words.idNote}>
            <input {...inputOf(view, "id")} type="text" maxlength={32} spellcheck={false} dir="ltr" />
          </Field>
          <details class="whole more" open={furtherIsUsed}>
            <summary>{words.more}</summary>
            <div class="fields">
              <Field {...field} name="scopes" label={words.scopes} note={words.scopesNote} whole>
                <input {...inputOf(view, "scopes")} type="text" maxlength={4_000} spellcheck={false} dir="ltr" />
              </Field>
              <Access frame={frame} view={view} />
              <fieldset class="whole">
                <legend>{words.client}</legend>
                <p class="small">{words.clientNote}</p>
                <div class="fields">
                  <Field {...field} name="clientId" label={words.clientId}>
                    <input {...inputOf(view, "clientId")} type="text" maxlength={1_000} spellcheck={false} dir="ltr" />
                  </Field>
                  <Field
                    {...field}
                    name="clientSecret"
                    label={words.clientSecret}
                    note={view.hasSecret ? words.secretKept : undefined}
                  >
                    <input {...inputOf(view, "clientSecret")} type="password" maxlength={4_000} dir="ltr" />
                  </Field>
                </div>
              </fieldset>
              <p class="small whole">{words.otherKeys}</p>
            </div>
          </details>
          <div class="actions whole">
            <button class="button main" type="submit">
              {words.look}
            </button>
            <a class="button" href={path}>
              {words.back}
            </a>
          </div>
        </form>
      </section>
    </AdminPage>
  );
};

type Words = Frame["messages"]["toolServers"];

/** Attributes that every field has. A secret's value is always empty: it is never in `typed`. */
const inputOf = ({ typed, wrong }: FormView, name: Exclude<ToolServerField, "roles">) => ({
  id: name,
  name,
  value: typed[name],
  autocomplete: "off",
  "aria-describedby": `${name}-note`,
  ...(wrong.includes(name) ? { "aria-invalid": true } : {}),
});

const Field: FC<{
  words: Words;
  view: FormView;
  name: ToolServerField;
  label: string;
  note?: string | undefined;
  whole?: boolean;
  children?: Child;
}> = ({ words, view, name, label, note, whole, children }) => (
  <div class={whole ? "whole" : ""}>
    <label for={name}>{label}</label>
    {children}
    <Note words={words} view={view} name={name} note={note} />
  </div>
);

const Note: FC<{ words: Words; view: FormView; name: ToolServerField; note?: string | undefined }> = (of) => (
  <p class="small" id={`${of.name}-note`}>
    {of.view.wrong.includes(of.name) ? <strong class="bad">{of.words.wrong[of.name]}</strong> : of.note}
  </p>
);

const Access: FC<{ frame: Frame; view: FormView }> = ({ frame, view }) => {
  const words = frame.messages.toolServers;
  return (
    <fieldset class="whole">
      <legend>{words.access}</legend>
      <div class="checks" aria-describedby="roles-note">
        {view.roles.map((role) => (
          <label>
            <input type="checkbox" name="roles" value={role} checked={view.typed.roles.includes(role)} /> {role}
          </label>
        ))}
      </div>
      <Note words={words} view={view} name="roles" note={words.rolesNote} />
      <div class="after">
        <label for="groups">{words.groups}</label>
        <textarea id="groups" name="groups" rows={3} spellcheck={false} aria-describedby="groups-note">
          {view.typed.groups}
        </textarea>
        <Note words={words} view={view} name="groups" note={words.groupsNote} />
      </div>
    </fieldset>
  );
};
