/**
 * A protected MCP server (the official server package) on loopback, with an authorization server of its own
 * (`oidc-provider`): registration, client metadata documents, resource indicators, rotation with the whole family ended on
 * reuse. Journeys connect to it, and the demo shows it.
 *
 * It keeps notes for each person: `list-notes` needs `notes:read`, `add-note` needs `notes:write`, which nobody is asked for
 * at first: using it is a step-up.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { type IssuedToken, type OidcPerson, type OidcProvider, startOidcProvider } from "./oidc-provider.js";

export interface ToolServerOptions {
  readonly people: readonly OidcPerson[];
  /** @default 0 */
  readonly port?: number;
  /** Seconds. @default 3600 */
  readonly accessTokenLifetime?: number;
  /** How its authorization server fetches client metadata documents. @default over the network */
  readonly fetch?: (request: Request) => Promise<Response>;
  readonly onProblem?: (event: string, problem: unknown) => void;
}

export interface ProtectedToolServer {
  /** What a client is given. */
  readonly url: string;
  readonly authorizationServer: OidcProvider;
  /** Every request with a token that was good, and whose it was. */
  readonly seen: readonly { readonly token: string; readonly person: string; readonly method: string }[];
  /** Requests without a token, or with one that was not good. */
  readonly refused: readonly string[];
  /** The headers of every request to the MCP endpoint. */
  readonly headers: readonly IncomingMessage["headers"][];
  notesOf(person: string): readonly string[];
  /** Names another authorization server from now on, as a server does that has moved, or was taken over. */
  moveTo(issuer: string): void;
  /** Tokens are refused from now on, whatever the authorization server says. */
  refuseAll: boolean;
  stop(): Promise<void>;
}

const scopes = ["notes:read", "notes:write"] as const;
const needed: Readonly<Record<string, string>> = { "add-note": "notes:write" };

export async function startToolServer(options: ToolServerOptions): Promise<ProtectedToolServer> {
  const notes = new Map<string, string[]>();
  const seen: { token: string; person: string; method: string }[] = [];
  const refused: string[] = [];
  const headers: IncomingMessage["headers"][] = [];
  let issuer = "";
  let provider: OidcProvider | undefined;
  const state = { refuseAll: false };

  const serverFor = (person: string): McpServer => {
    const own = notes.get(person) ?? [];
    notes.set(person, own);
    const server = new McpServer({ name: "notes", version: "1.0.0" });
    const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
    server.registerTool("list-notes", { description: "Your notes", inputSchema: z.object({}) }, async () =>
      text(own.length === 0 ? `${person} has no notes` : own.join("\n")),
    );
    server.registerTool(
      "add-note",
      { description: "Keeps a note", inputSchema: z.object({ note: z.string().max(1_000) }) },
      async ({ note }) => {
        own.push(note);
        return text(`${person} has ${own.length} note(s)`);
      },
    );
    return server;
  };
  const mcp = createMcpHandler(({ authInfo }) => serverFor(String(authInfo?.extra?.["person"] ?? "nobody")));
  const mcpNode = toNodeHandler(mcp);

  const challenge = (response: ServerResponse, status: number, parameters: string): void => {
    const where = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    response.writeHead(status, { "www-authenticate": `Bearer ${parameters}${where}` }).end();
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", origin);
    if (pathname === "/.well-known/oauth-protected-resource/mcp") {
      const document = { resource: url, authorization_servers: [issuer], scopes_supported: [...scopes] };
      response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=300" });
      return void response.end(JSON.stringify(document));
    }
    if (pathname !== "/mcp") return void response.writeHead(404).end();
    headers.push(request.headers);
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) {
      refused.push("none");
      return challenge(response, 401, 'scope="notes:read", ');
    }
    const found = state.refuseAll ? undefined : await provider?.accessToken(token);
    // A token for somebody else's resource opens nothing here (RFC 8707).
    if (!found || found.audience !== url) {
      refused.push(token);
      return challenge(response, 401, 'error="invalid_token", ');
    }
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const message = (body === "" ? {} : JSON.parse(body)) as { method?: string; params?: { name?: string } };
    const scope = message.method === "tools/call" ? needed[message.params?.name ?? ""] : undefined;
    if (scope !== undefined && !found.scopes.includes(scope)) {
      return challenge(response, 403, `error="insufficient_scope", scope="${scope}", `);
    }
    seen.push({ token, person: found.person, method: message.method ?? request.method ?? "" });
    const auth = authInfoOf(token, found);
    await mcpNode(
      Object.assign(request, { auth, method: request.method ?? "GET", url: request.url ?? "/mcp" }),
      response,
      body === "" ? undefined : message,
    );
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((problem: unknown) => {
      options.onProblem?.("tool-server", problem);
      if (!response.headersSent) response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", () => resolve());
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/mcp`;
  const { people, accessTokenLifetime, onProblem, fetch } = options;
  const authorizationServer = await startOidcProvider({
    people,
    ...(accessTokenLifetime === undefined ? {} : { accessTokenLifetime }),
    ...(onProblem ? { onProblem } : {}),
    toolServer: { resource: url, scopes, ...(fetch ? { fetch } : {}) },
  });
  provider = authorizationServer;
  issuer = authorizationServer.issuer;

  return {
    url,
    authorizationServer,
    seen,
    refused,
    headers,
    notesOf: (person) => notes.get(person) ?? [],
    moveTo: (other) => {
      issuer = other;
    },
    get refuseAll() {
      return state.refuseAll;
    },
    set refuseAll(value) {
      state.refuseAll = value;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await mcp.close();
      await authorizationServer.stop();
    },
  };
}

const authInfoOf = (token: string, found: IssuedToken) => ({
  token,
  clientId: found.clientId,
  scopes: [...found.scopes],
  extra: { person: found.person },
});
