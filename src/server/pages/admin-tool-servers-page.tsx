/** The tool servers of this installation: those of the file and those that were added, with a test, and a way out (TS-18). */
import type { FC } from "hono/jsx";
import type { ListedToolServer } from "../../tool-servers/administer-tool-servers.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import type { Frame } from "./layout.js";
import { Time } from "./time.js";

export const AdminToolServersPage: FC<{
  frame: Frame;
  notes: AdminNotes;
  servers: readonly ListedToolServer[];
}> = ({ frame, notes, servers }) => {
  const words = frame.messages.toolServers;
  const path = `${frame.site.basePath}/admin/tool-servers`;
  return (
    <AdminPage frame={frame} place="tool-servers" title={words.title} notes={notes}>
      <section class="card">
        <h1>{words.title}</h1>
        <p class="lead">{words.lead}</p>
        {servers.length === 0 ? (
          <p class="after">{words.none}</p>
        ) : (
          <ul class="rows">
            {servers.map((server) => (
              <li key={`${server.source} ${server.id}`}>
                <Server frame={frame} server={server} />
                <Forms frame={frame} server={server} path={`${path}/${server.id}`} />
              </li>
            ))}
          </ul>
        )}
        <div class="actions">
          <a class={servers.length === 0 ? "button main" : "button"} href={`${path}/add`}>
            {words.toAdd}
          </a>
        </div>
      </section>
    </AdminPage>
  );
};

const Server: FC<{ frame: Frame; server: ListedToolServer }> = ({ frame, server }) => {
  const words = frame.messages.toolServers;
  const { source, createdAt } = server;
  const isPlain = source === "file" || source === "stored";
  return (
    <div>
      <p class="name">
        <bdi>{server.name}</bdi>
        <span class={isPlain ? "badge" : "badge warn"}>{words.source[source]}</span>
        {!server.enabled && (isPlain || source === "hidden") && <span class="badge warn">{words.off}</span>}
      </p>
      <p class="details lines">
        {server.name !== server.id && (
          <span>
            {words.id} <bdi>{server.id}</bdi>
          </span>
        )}
        {server.url !== null && <bdi>{server.url}</bdi>}
        {source === "hidden" && <span>{words.hiddenNote}</span>}
        {source === "unreadable" && <span>{words.unreadableNote}</span>}
        {source === "removing" && <span>{words.removingNote}</span>}
        {source === "left" && <span>{words.leftNote}</span>}
        {createdAt !== null && (
          <span>
            {words.added} <Time at={createdAt} messages={frame.messages} />
          </span>
        )}
      </p>
    </div>
  );
};

const Forms: FC<{ frame: Frame; server: ListedToolServer; path: string }> = ({ frame, server, path }) => {
  const words = frame.messages.toolServers;
  const { source, name } = server;
  return (
    <div class="side">
      {(source === "file" || source === "stored") && (
        <form method="post" action={`${path}/test`}>
          <button class="button quiet" type="submit" aria-label={words.testNamed(name)}>
            {words.test}
          </button>
        </form>
      )}
      {source !== "file" && (
        <a
          class="button quiet"
          href={`${path}/remove`}
          aria-label={source === "removing" ? words.finishNamed(name) : words.removeNamed(name)}
        >
          {source === "removing" ? words.finish : words.remove}
        </a>
      )}
    </div>
  );
};
