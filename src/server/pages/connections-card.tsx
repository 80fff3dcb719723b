/** The tool servers of a person, with Connect, Reconnect and Disconnect as forms (SU-8, SU-17, TS-17). */
import type { FC } from "hono/jsx";
import type { ToolServerStanding } from "../../tool-servers/status.js";
import type { Frame } from "./layout.js";
import { Time } from "./time.js";

export const ConnectionsCard: FC<{ frame: Frame; toolServers: readonly ToolServerStanding[] }> = ({
  frame,
  toolServers,
}) => {
  const { messages } = frame;
  if (toolServers.length === 0) return null;
  return (
    <section class="card" aria-labelledby="connections">
      <h2 id="connections">{messages.connections.title}</h2>
      <p class="small">{messages.connections.lead}</p>
      <ul class="rows">
        {toolServers.map((standing) => (
          <li key={standing.connection}>
            <Facts frame={frame} standing={standing} />
            <Forms frame={frame} standing={standing} />
          </li>
        ))}
      </ul>
    </section>
  );
};

const Facts: FC<{ frame: Frame; standing: ToolServerStanding }> = ({ frame, standing }) => {
  const { messages } = frame;
  const { status, since, scopes } = standing;
  return (
    <div>
      <p class="name">
        <bdi>{standing.name}</bdi>{" "}
        <span class={status === "connected" ? "badge good" : "badge"}>{messages.connections.status[status]}</span>
      </p>
      <p class="details">
        {status !== "connected" && <span>{messages.connections.meaning[status]}</span>}
        {since !== null && (
          <span>
            {messages.connections.since} <Time at={since} messages={messages} />
          </span>
        )}
        {scopes.length > 0 && (
          <span>
            {messages.connections.scopes} <bdi>{scopes.join(", ")}</bdi>
          </span>
        )}
      </p>
    </div>
  );
};

const Forms: FC<{ frame: Frame; standing: ToolServerStanding }> = ({ frame, standing }) => {
  const words = frame.messages.connections;
  const { status, name, connection } = standing;
  const path = `${frame.site.basePath}/account/connections/${encodeURIComponent(connection)}`;
  const held = standing.since !== null;
  return (
    <div class="actions">
      {status !== "connected" && status !== "open" && (
        <form method="post" action={`${path}/connect`}>
          <button
            class="button"
            type="submit"
            aria-label={held ? words.reconnectNamed(name) : words.connectNamed(name)}
          >
            {held ? words.reconnect : words.connect}
          </button>
        </form>
      )}
      {held && (
        <form method="post" action={`${path}/disconnect`}>
          <button class="button quiet" type="submit" aria-label={words.disconnectNamed(name)}>
            {words.disconnect}
          </button>
        </form>
      )}
    </div>
  );
};
