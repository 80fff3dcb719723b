/** A protected tool server: it asks the authorization server under test what a token is good for, and says what it lacks. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toolScopes } from "./matrix.js";

export interface ToolResource {
  readonly url: string;
  /** Who hands out its tokens, and what is known of one there. */
  protectedBy(
    issuer: string,
    check: (token: string) => Promise<{ readonly scopes: readonly string[] } | undefined>,
  ): void;
  stop(): Promise<void>;
}

export async function startToolResource(): Promise<ToolResource> {
  let by: Parameters<ToolResource["protectedBy"]> | undefined;
  const place = "/.well-known/oauth-protected-resource/mcp";
  const [read, write] = toolScopes;
  const server = createServer(async (request, response) => {
    const json = (status: number, value: object, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    let body = "";
    for await (const chunk of request) body += String(chunk);
    if (request.url === place)
      return json(200, { resource: url, authorization_servers: [by?.[0]], scopes_supported: toolScopes });
    if (request.url !== "/mcp") return json(404, {});
    const challenge = (status: number, more: string) =>
      json(status, {}, { "www-authenticate": `Bearer ${more}resource_metadata="${origin}${place}"` });
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined) return challenge(401, `scope="${read}", `);
    const known = await by?.[1](token);
    if (!known) return challenge(401, 'error="invalid_token", ');
    const needed = body.includes('"write"') ? write : read;
    if (!known.scopes.includes(needed)) return challenge(403, `error="insufficient_scope", scope="${needed}", `);
    json(200, { scopes: known.scopes });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/mcp`;
  return {
    url,
    protectedBy: (...next) => {
      by = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
