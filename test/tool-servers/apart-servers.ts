/**
 * A tool server and authorization servers at origins of their own, each of which can be out of order for a while or publish
 * nothing. Whoever is sent to an authorization server consents at once.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { closeLater } from "./connect-setting.js";

type Handler = (request: IncomingMessage, response: ServerResponse, origin: string, body: string) => unknown;

async function listen(handler: Handler): Promise<string> {
  let origin = "";
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    handler(request, response, origin, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return origin;
}

const json = (response: ServerResponse, status: number, value: object): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));

export interface ApartAuthorizationServer {
  readonly origin: string;
  /** Its documents are answered with 503. */
  down: boolean;
  /** It publishes none any more. */
  withdrawn: boolean;
  readonly revoked: string[];
  /** Paths of registrations that it was asked to delete. */
  readonly takenBack: string[];
  /** Clients that its token endpoint was shown. */
  readonly clients: string[];
}

export async function startAuthorizationServer(): Promise<ApartAuthorizationServer> {
  const lists = { revoked: [] as string[], takenBack: [] as string[], clients: [] as string[] };
  const state = { down: false, withdrawn: false, ...lists };
  let made = 0;
  const origin = await listen((request, response, own, body) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", own);
    const form = new URLSearchParams(body);
    switch (pathname) {
      case "/.well-known/oauth-authorization-server":
        if (state.down || state.withdrawn) return json(response, state.down ? 503 : 404, {});
        return json(response, 200, {
          issuer: own,
          authorization_endpoint: `${own}/authorize`,
          token_endpoint: `${own}/token`,
          registration_endpoint: `${own}/register`,
          revocation_endpoint: `${own}/revoke`,
          client_id_metadata_document_supported: true,
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: ["none"],
        });
      case "/register":
        return json(response, 201, {
          ...(JSON.parse(body) as object),
          client_id: `client-${++made}`,
          registration_client_uri: `${own}/register/client-${made}`,
          registration_access_token: `manages-client-${made}`,
        });
      case "/authorize": {
        const back = new URL(searchParams.get("redirect_uri") ?? "");
        back.searchParams.set("code", `code-${++made}`);
        back.searchParams.set("state", searchParams.get("state") ?? "");
        return response.writeHead(302, { location: back.href }).end();
      }
      case "/token": {
        state.clients.push(form.get("client_id") ?? "");
        const tokens = { access_token: `access-${++made}`, refresh_token: `refresh-${made}` };
        return json(response, 200, { ...tokens, token_type: "Bearer", expires_in: 3_600 });
      }
      case "/revoke":
        state.revoked.push(form.get("token") ?? "");
        return response.writeHead(200).end();
      default:
        if (request.method === "DELETE") state.takenBack.push(pathname);
        return response.writeHead(request.method === "DELETE" ? 204 : state.down ? 503 : 404).end();
    }
  });
  return Object.assign(state, { origin });
}

export interface ApartToolServer {
  readonly url: string;
  /** The authorization servers that its metadata names. */
  names: readonly string[];
  /** `nothing`: its documents are not there. `everybody`: nor does it ask for a token. */
  publishes: "metadata" | "nothing" | "everybody";
}

export async function startApartToolServer(names: readonly string[]): Promise<ApartToolServer> {
  const state: Pick<ApartToolServer, "names" | "publishes"> = { names, publishes: "metadata" };
  const origin = await listen((request, response, own) => {
    if (request.url === "/.well-known/oauth-protected-resource/mcp" && state.publishes === "metadata")
      return json(response, 200, { resource: `${own}/mcp`, authorization_servers: state.names });
    if (request.url !== "/mcp") return response.writeHead(404).end();
    if (state.publishes === "everybody" || request.headers.authorization !== undefined)
      return json(response, 200, { jsonrpc: "2.0", id: 1, result: {} });
    return response.writeHead(401, { "www-authenticate": "Bearer" }).end();
  });
  return Object.assign(state, { url: `${origin}/mcp` });
}
