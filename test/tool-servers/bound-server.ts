/**
 * A tool server whose tokens are bound to keys (RFC 9449), with its authorization server, on loopback. It checks proofs with
 * jose and by the RFC's list (§4.3), and wants nonces where it is told to; what it was sent is kept.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, type JWK, jwtVerify } from "jose";
import { type Clock, systemClock, toDate } from "../../src/kernel/time.js";
import { closeLater } from "./connect-setting.js";

export interface SeenProof {
  readonly at: "token" | "resource";
  readonly jti: string;
  readonly thumbprint: string;
  readonly nonce: string | undefined;
  readonly htu: string;
}

export interface BoundServer {
  readonly url: string;
  /** Every proof that was in order, refused for its nonce or not. */
  readonly proofs: readonly SeenProof[];
  readonly grantTypes: readonly string[];
  /** Why requests at the tool server were refused. */
  readonly refused: readonly string[];
  /** The nonce that is wanted; null wants none. */
  nonce: { token: string | null; resource: string | null };
  /** Whether documents say that tokens can be bound. */
  announces: boolean;
  /** As an old server: the header of a proof means nothing to it. */
  ignoresProofs: boolean;
}

export async function startBoundServer(options: { lifetime?: number; clock?: Clock } = {}): Promise<BoundServer> {
  const proofs: SeenProof[] = [];
  const grantTypes: string[] = [];
  const refused: string[] = [];
  /** Access and refresh tokens by the thumbprint that they are bound to; null: to nothing. */
  const bound = new Map<string, string | null>();
  const state: Pick<BoundServer, "nonce" | "announces" | "ignoresProofs"> = {
    nonce: { token: null, resource: null },
    announces: true,
    ignoresProofs: false,
  };

  async function check(request: IncomingMessage, at: SeenProof["at"], url: string, token?: string): Promise<SeenProof> {
    const dpop = request.headers["dpop"];
    if (typeof dpop !== "string") throw new Error("no proof");
    const header = decodeProtectedHeader(dpop);
    const jwk = header.jwk as JWK;
    if ("d" in jwk) throw new Error("the private key was sent");
    const { payload } = await jwtVerify(dpop, await importJWK(jwk, "ES256"), {
      typ: "dpop+jwt",
      algorithms: ["ES256"],
      maxTokenAge: 60,
      currentDate: toDate((options.clock ?? systemClock).now()),
    });
    const { jti, htm, htu, ath, nonce } = payload as Record<string, string>;
    if (htm !== request.method || htu !== url) throw new Error(`made for ${htm} ${htu}`);
    if (jti === undefined || proofs.some((seen) => seen.jti === jti)) throw new Error("used before");
    const expected = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
    if (ath !== expected) throw new Error("made for another token");
    const seen = { at, jti, thumbprint: await calculateJwkThumbprint(jwk), nonce, htu };
    proofs.push(seen);
    return seen;
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", origin);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const json = (status: number, value: unknown, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    const algorithms = state.announces ? { dpop_signing_alg_values_supported: ["RS256", "ES256"] } : {};
    try {
      if (pathname === "/.well-known/oauth-protected-resource/mcp") {
        return json(200, { resource: url, authorization_servers: [origin], ...algorithms });
      }
      if (pathname === "/.well-known/oauth-authorization-server") {
        return json(200, {
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          code_challenge_methods_supported: ["S256"],
          token_endpoint_auth_methods_supported: ["none"],
          ...algorithms,
        });
      }
      if (pathname === "/register") return json(201, { ...(JSON.parse(body) as object), client_id: "us" });
      if (pathname === "/authorize") {
        const back = new URL(searchParams.get("redirect_uri") ?? "");
        back.searchParams.set("code", randomUUID());
        back.searchParams.set("state", searchParams.get("state") ?? "");
        return void response.writeHead(302, { location: back.href }).end();
      }
      if (pathname === "/token") {
        const form = new URLSearchParams(body);
        const proof =
          request.headers["dpop"] === undefined || state.ignoresProofs
            ? null
            : await check(request, "token", `${origin}/token`);
        if (proof && state.nonce.token !== null && proof.nonce !== state.nonce.token) {
          return json(400, { error: "use_dpop_nonce" }, { "dpop-nonce": state.nonce.token });
        }
        grantTypes.push(form.get("grant_type") ?? "");
        const refresh = form.get("refresh_token");
        if (refresh !== null && (!bound.has(refresh) || bound.get(refresh) !== (proof?.thumbprint ?? null))) {
          return json(400, { error: "invalid_grant" });
        }
        if (refresh !== null) bound.delete(refresh);
        const [access, next] = [randomUUID(), randomUUID()];
        for (const token of [access, next]) bound.set(token, proof?.thumbprint ?? null);
        const { lifetime = 3_600 } = options;
        return json(200, {
          access_token: access,
          refresh_token: next,
          token_type: proof ? "DPoP" : "Bearer",
          expires_in: lifetime,
        });
      }
      if (pathname === "/mcp" && body.includes('"notes"')) {
        const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
        const key = bound.get(token);
        if (key === null && scheme === "Bearer") return json(200, { scheme });
        const proof = await check(request, "resource", url, token);
        if (scheme !== "DPoP" || key !== proof.thumbprint) throw new Error("not bound to this key");
        if (state.nonce.resource !== null && proof.nonce !== state.nonce.resource) {
          const headers = { "dpop-nonce": state.nonce.resource, "www-authenticate": 'DPoP error="use_dpop_nonce"' };
          return void response.writeHead(401, headers).end();
        }
        return json(200, { scheme });
      }
      const where = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
      return void response.writeHead(401, { "www-authenticate": `Bearer ${where}` }).end();
    } catch (thrown) {
      refused.push(String(thrown));
      return void response.writeHead(401, { "www-authenticate": 'DPoP error="invalid_token"' }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/mcp`;
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return Object.assign(state, { url, proofs, grantTypes, refused });
}
