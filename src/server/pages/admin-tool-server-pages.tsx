/** What was found before a tool server is added, what a test came to, and the question before one is removed (TS-18). */
import type { FC } from "hono/jsx";
import type { ToolServerExamination, ToolServerReport } from "../../examine-tool-server.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import type { Frame } from "./layout.js";
import type { Messages } from "./messages.js";
import { Answered, Report } from "./tool-server-report.js";

export interface PreviewView {
  readonly report: ToolServerReport;
  readonly name: string;
  readonly draft: string;
}

const pathOf = (frame: Frame): string => `${frame.site.basePath}/admin/tool-servers`;

export const AdminToolServerPreview: FC<{ frame: Frame; view: PreviewView }> = ({ frame, view }) => {
  const words = frame.messages.toolServers;
  const { report } = view;
  const title = words.preview(view.name);
  const draft = <input type="hidden" name="draft" value={view.draft} />;
  return (
    <AdminPage frame={frame} place="tool-servers" title={title} notes={{}}>
      <section class="card">
        <h1>{title}</h1>
        <p class="lead">
          <bdi>{report.url}</bdi>
        </p>
        <p class="after">{words.previewLead}</p>
        <Odd messages={frame.messages} report={report} />
        <div class="actions">
          <form method="post" action={`${pathOf(frame)}/add`}>
            {draft}
            <button class={needsClient(report) ? "button" : "button main"} type="submit">
              {words.add(report.id)}
            </button>
          </form>
          <form method="post" action={`${pathOf(frame)}/change`}>
            {draft}
            <button class={needsClient(report) ? "button main" : "button"} type="submit">
              {words.change}
            </button>
          </form>
        </div>
      </section>
      <Report messages={frame.messages} report={report} />
    </AdminPage>
  );
};

const needsClient = ({ uses }: ToolServerReport): boolean => uses?.registration === "operator";

/** What an operator would not expect: one that nobody can connect yet, one that nobody has to. */
const Odd: FC<{ messages: Messages; report: ToolServerReport }> = ({ messages: { toolServers: words }, report }) => {
  if (needsClient(report))
    return (
      <div class="notice warn after">
        <strong>{words.needsClientTitle}</strong>
        <p>{words.needsClient}</p>
      </div>
    );
  if (report.status !== "open") return null;
  return (
    <div class="notice after">
      <strong>{words.opensTitle}</strong>
      <p>{words.opens}</p>
    </div>
  );
};

export interface TestedView extends ToolServerExamination {
  readonly id: string;
  readonly name: string;
}

export const AdminToolServerTested: FC<{ frame: Frame; notes: AdminNotes; view: TestedView }> = ({
  frame,
  notes,
  view,
}) => {
  const words = frame.messages.toolServers;
  const { report, failure } = view;
  return (
    <AdminPage frame={frame} place="tool-servers" title={words.tested(view.name)} notes={notes}>
      <section class="card" role="status">
        <h1>{words.tested(view.name)}</h1>
        {report !== null && (
          <p class="lead">
            <bdi>{report.url}</bdi>
          </p>
        )}
        {failure === null && report !== null && <Verdict messages={frame.messages} view={view} report={report} />}
        <div class="actions">
          <form method="post" action={`${pathOf(frame)}/${view.id}/test`}>
            <button class="button" type="submit">
              {words.again}
            </button>
          </form>
          <a class="button" href={pathOf(frame)}>
            {words.back}
          </a>
        </div>
      </section>
      {failure !== null && <Answered messages={frame.messages} failure={failure} />}
      {report !== null && <Report messages={frame.messages} report={report} />}
    </AdminPage>
  );
};

const Verdict: FC<{ messages: Messages; view: TestedView; report: ToolServerReport }> = ({
  messages,
  view: { authorize },
  report,
}) => {
  const words = messages.toolServers;
  if (needsClient(report) || report.status === "open") return <Odd messages={messages} report={report} />;
  const refused = authorize?.kind === "refused";
  const works = authorize?.kind === "accepted" ? words.works : words.noFault;
  return (
    <div class={refused ? "notice bad" : "notice good"}>
      <strong>{refused ? words.worksNot : works}</strong>
      {authorize !== null && (
        <>
          <p>{words.authorize[authorize.kind]}</p>
          <p class="small" lang="en" dir="ltr">
            <bdi>{authorize.by}</bdi>
          </p>
        </>
      )}
    </div>
  );
};

export interface RemovalView {
  readonly id: string;
  readonly name: string;
  readonly hidden: boolean;
  readonly people: number;
  readonly revocable: boolean;
}

export const AdminToolServerRemoval: FC<{ frame: Frame; view: RemovalView }> = ({ frame, view }) => {
  const words = frame.messages.toolServers;
  const title = words.removal(view.name);
  const ending = view.revocable ? words.removalPeople : words.removalUnrevoked;
  return (
    <AdminPage frame={frame} place="tool-servers" title={title} notes={{}}>
      <section class="card">
        <h1>{title}</h1>
        <p class="lead">
          {view.hidden ? words.removalHidden : view.people === 0 ? words.removalNobody : ending(String(view.people))}
        </p>
        <div class="actions">
          <form method="post" action={`${pathOf(frame)}/${view.id}/remove`}>
            <button class="button danger" type="submit">
              {words.remove}
            </button>
          </form>
          <a class="button" href={pathOf(frame)}>
            {words.keep}
          </a>
        </div>
      </section>
    </AdminPage>
  );
};
