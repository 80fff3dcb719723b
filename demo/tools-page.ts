/**
 * The demo's own app, at `/tools`: what somebody writes who lets people use a tool server. It asks Latchkey who is signed
 * in, hands its `fetch` to the official MCP client, and shows what the person has to do when the server wants more.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { ConsentRequired, type Latchkey, LatchkeyError } from "../src/index.js";

const connection = "tool:notes";

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const html = (body: string, status = 200): Response =>
  new Response(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notes by a tool server</title><style>
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0; background: #eef1f6; color: #14213d; }
main { max-width: 34rem; margin: 8vh auto; padding: 2rem; background: #fff; border-radius: 12px; }
pre { padding: .8rem; background: #eef1f6; border-radius: 6px; white-space: pre-wrap; }
input { padding: .5rem; font: inherit; width: 20rem; max-width: 100%; box-sizing: border-box; }
button, a.button { display: inline-block; margin: .5rem .5rem .5rem 0; padding: .55rem 1rem; font: inherit; border: 0; border-radius: 6px; background: #1d4ed8; color: #fff; text-decoration: none; cursor: pointer; }
.quiet { background: #475569; }
</style></head><body><main>${body}</main></body></html>`,
    { status, headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" } },
  );

export function createToolsPage(latchkey: Latchkey, toolServer: string) {
  /** One client for one call: the demo keeps nothing between two requests. */
  async function call(user: string, name: string, args: Record<string, unknown>): Promise<string> {
    const fetch = latchkey.toolServers.fetch({ user, connection }) as typeof globalThis.fetch;
    const client = new Client({ name: "latchkey-demo", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(toolServer), { fetch }));
    try {
      const { content } = (await client.callTool({ name, arguments: args })) as { content: { text?: string }[] };
      return content.map(({ text }) => text ?? "").join("\n");
    } finally {
      await client.close();
    }
  }

  async function act(user: string, form: URLSearchParams): Promise<string> {
    const note = form.get("note");
    try {
      const said = note === null ? await call(user, "list-notes", {}) : await call(user, "add-note", { note });
      return `<p>The tool server says:</p><pre>${escape(said)}</pre>`;
    } catch (thrown) {
      return whatToDo(thrown);
    }
  }

  /** The two things that a person can mend, and where. */
  function whatToDo(thrown: unknown): string {
    const error = ours(thrown);
    const back = latchkey.toolServers.connectUrl(connection, { returnTo: "/tools" });
    if (error instanceof ConsentRequired) {
      const scopes = escape(error.scopes.join(", "));
      return `<p role="alert">The tool server wants a further permission for this: <strong>${scopes}</strong>.</p>
<a class="button" href="${escape(back)}">Give it</a>`;
    }
    if (error?.code === "grant.not_connected" || error?.code === "grant.needs_reconnect")
      return `<p role="alert">You are not connected to it.</p><a class="button" href="${escape(back)}">Connect</a>`;
    return `<p role="alert">That did not work: ${escape(error?.code ?? String(thrown))}</p>`;
  }

  return async (request: Request, peer: { readonly address?: string | undefined }): Promise<Response> => {
    const { signedIn, refusal } = await latchkey.sessions.require(request, peer);
    if (refusal) return refusal;
    const { user } = signedIn;
    const posted = request.method === "POST";
    const outcome = posted ? await act(user.id, new URLSearchParams(await request.text())) : "";
    const standing = (await latchkey.toolServers.status(user.id)).find((one) => one.connection === connection);
    const connect = escape(latchkey.toolServers.connectUrl(connection, { returnTo: "/tools" }));
    const held = standing !== undefined && standing.since !== null;
    return html(`<h1>Notes</h1>
<p>You are ${escape(user.name)}. The tool server is <strong id="status">${escape(standing?.status.replaceAll("_", " ") ?? "not for you")}</strong>.</p>
${outcome}
${
  held
    ? `<form method="post" action="/tools"><button>List my notes</button></form>
<form method="post" action="/tools"><label>A note: <input name="note" required maxlength="200"></label><br><button>Keep it</button></form>
<form method="post" action="/auth/account/connections/${encodeURIComponent(connection)}/disconnect"><button class="quiet">Disconnect</button></form>`
    : `<a class="button" href="${connect}">Connect</a>`
}
<p><a href="/auth/account">Your account</a></p>`);
  };
}

/** The client may have wrapped it. */
function ours(thrown: unknown): LatchkeyError | undefined {
  for (let at = thrown; at instanceof Error; at = at.cause) if (at instanceof LatchkeyError) return at;
  return undefined;
}
