/**
 * A tool server with its authorization server for a crowd: whoever the browser's cookie names consents at once, and every
 * token carries the name of its person and of its server, so that one in the wrong place is seen. What it was asked is counted.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { closeLater } from "./connect-setting.js";

export interface CrowdServer {
  readonly url: string;
  /** A second tool server, of the same authorization server. */
  readonly otherUrl: string;
  readonly origin: string;
  /** Requests by what they were for: `document`, `register`, `code`, `refresh`, `probe`, `tool`. */
  readonly counts: Map<string, number>;
  /** Tokens that came to the tool server and are not of this server, or of nobody. */
  readonly strange: string[];
  /** What a request waits for before it is answered. */
  hold: (path: string) => Promise<unknown>;
  /** Tokens that were revoked, and those with which a registration was deleted. */
  readonly revoked: string[];
}

export async function startCrowdServer(name: string, lifetime: number): Promise<CrowdServer> {
  const counts = new Map<string, number>();
  const strange: string[] = [];
  const codes = new Map<string, string>();
  const refreshTokens = new Map<string, string>();
  const revoked: string[] = [];
  const state = { hold: async (_path: string): Promise<unknown> => undefined };
  let made = 0;
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", origin);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const json = (status: number, value: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    // A code is counted before, so that a test sees it come.
    if (pathname === "/token") count(new URLSearchParams(body).has("code") ? "code" : "refresh");
    await state.hold(pathname);
    switch (pathname) {
      case "/.well-known/oauth-protected-resource/mcp":
      case "/.well-known/oauth-protected-resource/other":
        count("document");
        return json(200, { resource: `${origin}/${pathname.split("/").at(-1)}`, authorization_servers: [origin] });
      case "/.well-known/oauth-authorization-server":
        count("document");
        return json(200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          revocation_endpoint: `${origin}/revoke`,
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: ["none"],
        });
      case "/register":
        count("register");
        return json(201, {
          ...(JSON.parse(body) as object),
          client_id: `client-${++made}`,
          registration_client_uri: `${origin}/register/client-${made}`,
          registration_access_token: `manages-client-${made}`,
        });
      case "/authorize": {
        const person = new RegExp(`who-${name}=([^;]+)`).exec(request.headers.cookie ?? "")?.[1] ?? "nobody";
        const code = `code-${++made}`;
        codes.set(code, person);
        const back = new URL(searchParams.get("redirect_uri") ?? "");
        back.searchParams.set("code", code);
        back.searchParams.set("state", searchParams.get("state") ?? "");
        return void response.writeHead(302, { location: back.href }).end();
      }
      case "/token": {
        const form = new URLSearchParams(body);
        const [code, refresh] = [form.get("code") ?? "", form.get("refresh_token") ?? ""];
        const person = codes.get(code) ?? refreshTokens.get(refresh);
        codes.delete(code);
        // Good for once: a second use is what a stolen one looks like.
        refreshTokens.delete(refresh);
        if (person === undefined) return json(400, { error: "invalid_grant" });
        const next = `refresh-${++made}`;
        refreshTokens.set(next, person);
        const access = `${name}.${person}.${++made}`;
        return json(200, { access_token: access, refresh_token: next, token_type: "Bearer", expires_in: lifetime });
      }
      case "/revoke":
        revoked.push(new URLSearchParams(body).get("token") ?? "");
        return void response.writeHead(200).end();
      case "/mcp":
      case "/other": {
        const [of, person] = (request.headers.authorization ?? "").replace("Bearer ", "").split(".");
        if (request.headers.authorization === undefined) {
          count("probe");
          const where = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource${pathname}"`;
          return void response.writeHead(401, { "www-authenticate": where }).end();
        }
        count("tool");
        if (of !== name || person === undefined) strange.push(request.headers.authorization);
        return json(200, { server: of, person });
      }
      default:
        if (request.method === "DELETE") revoked.push(request.headers.authorization ?? "");
        return void response.writeHead(request.method === "DELETE" ? 204 : 404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/mcp`;
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return Object.assign(state, { url, otherUrl: `${origin}/other`, origin, counts, strange, revoked });
}
