/** What is known of a tool server, shown to an admin: what it says, what will be used and why, what to look at (TS-18). */
import type { Child, FC } from "hono/jsx";
import type { ToolServerReport } from "../../examine-tool-server.js";
import type { LatchkeyError } from "../../kernel/errors.js";
import { Copyable } from "./copyable.js";
import type { Messages } from "./messages.js";

export const Fact: FC<{ name: string; children?: Child }> = ({ name, children }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

/** Words of somebody else's server. */
const theirs = (text: string | null, otherwise: string): Child =>
  text === null || text === "" ? otherwise : <bdi>{text}</bdi>;

export const Report: FC<{ messages: Messages; report: ToolServerReport }> = ({ messages, report }) => {
  const words = messages.toolServers;
  return (
    <>
      {report.warnings.map((warning) => (
        <div class="notice warn">
          <p>{warningInWords(messages, warning)}</p>
        </div>
      ))}
      {report.uses !== null && <Uses messages={messages} uses={report.uses} />}
      <section class="card" aria-labelledby="says">
        <h2 id="says">{words.says}</h2>
        <dl class="pairs">
          <Fact name={words.saysOf.token}>{report.status === "open" ? words.openToAll : words.yes}</Fact>
          <Fact name={words.saysOf.resource}>{theirs(report.resource, words.notSaid)}</Fact>
          <Fact name={words.saysOf.issuer}>{theirs(report.issuer, words.noneOfThem)}</Fact>
          {report.authorizationServers.length > 1 && (
            <Fact name={words.saysOf.several}>
              <bdi>{report.authorizationServers.join(" ")}</bdi>
            </Fact>
          )}
          <Fact name={words.saysOf.scopes}>{theirs(report.scopesSupported?.join(" ") ?? null, words.notSaid)}</Fact>
          <Fact name={words.saysOf.ways}>
            {report.waysToRegister.map((way) => words.ways[way]).join(", ") || words.noneOfThem}
          </Fact>
          <Fact name={words.saysOf.pkce}>{report.pkce ? words.yes : words.notSaid}</Fact>
        </dl>
      </section>
    </>
  );
};

const Uses: FC<{ messages: Messages; uses: NonNullable<ToolServerReport["uses"]> }> = ({ messages, uses }) => {
  const words = messages.toolServers;
  return (
    <section class="card" aria-labelledby="uses">
      <h2 id="uses">{words.uses}</h2>
      <dl class="pairs">
        <Fact name={words.usesOf.client}>
          {words.since(words.registration[uses.registration], words.reason[uses.reason])}
        </Fact>
        {uses.clientId !== null && (
          <Fact name={words.usesOf.clientId}>
            <bdi>{uses.clientId}</bdi>
          </Fact>
        )}
        <Fact name={words.usesOf.redirectUri}>
          <Copyable text={uses.redirectUri} />
        </Fact>
        <Fact name={words.usesOf.scopes}>{theirs(uses.scopes.join(" "), words.defaultScopes)}</Fact>
        <Fact name={words.usesOf.resource}>{theirs(uses.resource, words.leftOut)}</Fact>
        <Fact name={words.usesOf.dpop}>{words.dpop[uses.dpop]}</Fact>
      </dl>
    </section>
  );
};

function warningInWords(
  { toolServers: { warnings } }: Messages,
  { code, detail }: ToolServerReport["warnings"][number],
) {
  return Object.hasOwn(warnings, code) ? warnings[code as keyof typeof warnings](detail) : `${code}: ${detail}`;
}

/** What the server itself said about a failure: for the operator to see, whole, under the names that the log has. */
export const Answered: FC<{ messages: Messages; failure: LatchkeyError }> = ({ messages, failure }) => {
  const told = Object.entries(failure.data).filter(
    ([name, value]) => name !== "toolServer" && value !== undefined && value !== null,
  );
  if (told.length === 0) return null;
  return (
    <section class="card" aria-labelledby="answered">
      <h2 id="answered">{messages.toolServers.answered}</h2>
      <dl class="pairs">
        {told.map(([name, value]) => (
          <Fact name={name}>
            <bdi>{typeof value === "string" ? value : JSON.stringify(value)}</bdi>
          </Fact>
        ))}
      </dl>
    </section>
  );
};
