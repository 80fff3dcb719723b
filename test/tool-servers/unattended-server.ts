/**
 * A tool server whose tokens nobody is asked for, with its authorization server, on loopback: client credentials and
 * JWT bearer assertions, checked with jose by the RFCs' lists (6749 §4.4, 7523 §3), proofs and nonces of RFC 9449 where it is
 * told to. What it was asked and what it was shown is kept.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { calculateJwkThumbprint, decodeProtectedHeader, importJWK, type JWK, type JWTPayload, jwtVerify } from "jose";
import { type Clock, systemClock, toDate } from "../../src/kernel/time.js";
import { closeLater } from "./connect-setting.js";

export interface UnattendedServer {
  readonly url: string;
  readonly issuer: string;
  /** What the token endpoint was asked, in order. */
  readonly asked: readonly { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  /** `Authorization` of every request to the tool server that had one. */
  readonly shown: string[];
  /** Why requests were refused. */
  readonly refused: readonly string[];
  /** Claims of the assertions that were taken. */
  readonly assertions: readonly JWTPayload[];
  /** Answers of the token endpoint that go before the honest one. */
  readonly next: { readonly status: number; readonly json: object }[];
  /** What is wanted in proofs; null wants none. */
  nonce: { token: string | null; resource: string | null };
  /** What its documents say, laid over the honest ones. */
  resourceMetadata: Record<string, unknown> | null;
  metadata: Record<string, unknown>;
  /** The audience of the tokens that it issues. @default the `resource` that was asked for */
  audience: string | null;
  /** Verifies assertions, and client assertions. */
  readonly keys: { assertion: CryptoKey | null; client: CryptoKey | null };
  /** `typ` that an assertion must have. */
  assertionType: string | null;
  /** What no token here is good for. */
  wantsMore: boolean;
}

interface Issued {
  readonly subject: string;
  readonly audience: string | null;
  readonly thumbprint: string | null;
  readonly endsAt: number;
}

const bearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

export async function startUnattendedServer(
  options: { lifetime?: number; clock?: Clock } = {},
): Promise<UnattendedServer> {
  const clock = options.clock ?? systemClock;
  const asked: { form: URLSearchParams; authorization: string | undefined }[] = [];
  const [shown, refused, assertions, next]: [string[], string[], JWTPayload[], UnattendedServer["next"]] = [
    [],
    [],
    [],
    [],
  ];
  const issued = new Map<string, Issued>();
  const used = new Set<string>();
  const state: Pick<
    UnattendedServer,
    "nonce" | "resourceMetadata" | "metadata" | "audience" | "keys" | "assertionType" | "wantsMore"
  > = {
    nonce: { token: null, resource: null },
    resourceMetadata: {},
    metadata: {},
    audience: null,
    keys: { assertion: null, client: null },
    assertionType: null,
    wantsMore: false,
  };
  const now = () => toDate(clock.now());

  async function thumbprint(request: IncomingMessage, url: string, token?: string): Promise<string | null> {
    const dpop = request.headers["dpop"];
    if (typeof dpop !== "string") return null;
    const { jwk } = decodeProtectedHeader(dpop);
    const key = await importJWK(jwk as JWK, "ES256");
    const { payload } = await jwtVerify(dpop, key, { typ: "dpop+jwt", maxTokenAge: 60, currentDate: now() });
    const ath = token === undefined ? undefined : createHash("sha256").update(token).digest("base64url");
    if (payload["htu"] !== url || payload["htm"] !== request.method || payload["ath"] !== ath) throw new Error("proof");
    const wanted = token === undefined ? state.nonce.token : state.nonce.resource;
    if (wanted !== null && payload["nonce"] !== wanted) throw new Error("nonce");
    return calculateJwkThumbprint(jwk as JWK);
  }

  async function subjectOf(form: URLSearchParams, clientId: string): Promise<string> {
    if (form.get("grant_type") === "client_credentials") return clientId;
    if (form.get("grant_type") !== bearer) throw new Error("unsupported_grant_type");
    const { payload, protectedHeader } = await jwtVerify(
      form.get("assertion") ?? "",
      state.keys.assertion as CryptoKey,
      {
        audience: origin,
        currentDate: now(),
      },
    );
    const { jti = "", sub = "" } = payload;
    if (state.assertionType !== null && protectedHeader.typ !== state.assertionType) throw new Error("typ");
    if (used.has(jti)) throw new Error("assertion used before");
    used.add(jti);
    assertions.push(payload);
    return sub;
  }

  async function clientOf(form: URLSearchParams, authorization: string | undefined): Promise<string> {
    const basic = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
    if (basic !== undefined) {
      const [id = "", secret] = Buffer.from(basic, "base64").toString().split(":");
      if (secret !== "its-secret") throw new Error("invalid_client");
      return id;
    }
    const assertion = form.get("client_assertion");
    if (assertion !== null) {
      const key = state.keys.client as CryptoKey;
      const { payload } = await jwtVerify(assertion, key, { audience: origin, currentDate: now() });
      if (used.has(payload.jti ?? "") || payload.iss !== payload.sub) throw new Error("invalid_client");
      used.add(payload.jti ?? "");
      return payload.sub ?? "";
    }
    if (form.has("client_secret") && form.get("client_secret") !== "its-secret") throw new Error("invalid_client");
    return form.get("client_id") ?? "";
  }

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", origin);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const json = (status: number, value: unknown, headers: Record<string, string> = {}): void =>
      void response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
    if (pathname === "/.well-known/oauth-protected-resource/mcp" && state.resourceMetadata) {
      return json(200, { resource: url, authorization_servers: [origin], ...state.resourceMetadata });
    }
    if (pathname === "/.well-known/oauth-authorization-server" && state.resourceMetadata) {
      return json(200, { issuer: origin, token_endpoint: `${origin}/token`, ...state.metadata });
    }
    if (pathname === "/token") {
      const form = new URLSearchParams(body);
      const { authorization } = request.headers;
      try {
        const key = await thumbprint(request, `${origin}/token`);
        asked.push({ form, authorization });
        const scripted = next.shift();
        if (scripted) return json(scripted.status, scripted.json);
        const subject = await subjectOf(form, await clientOf(form, authorization));
        const token = `token-${randomUUID()}`;
        const { lifetime = 3_600 } = options;
        const audience = state.audience ?? form.get("resource");
        issued.set(token, { subject, audience, thumbprint: key, endsAt: clock.now() + lifetime * 1_000 });
        return json(200, {
          access_token: token,
          token_type: key === null ? "Bearer" : "DPoP",
          expires_in: lifetime,
          // Out of place here (RFC 6749 §4.4.3), and sent by some.
          refresh_token: "never-to-be-used",
        });
      } catch (thrown) {
        const reason = (thrown as Error).message;
        if (reason === "nonce") {
          return json(400, { error: "use_dpop_nonce" }, { "dpop-nonce": state.nonce.token ?? "" });
        }
        refused.push(reason);
        return json(400, { error: reason === "invalid_client" ? reason : "invalid_grant" });
      }
    }
    const challenge = (parameters: string, status = 401): void =>
      void response
        .writeHead(status, { "www-authenticate": `${parameters}`, "dpop-nonce": state.nonce.resource ?? "" })
        .end();
    const { authorization } = request.headers;
    if (pathname !== "/mcp") return void response.writeHead(404).end();
    const where = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
    if (authorization === undefined) return challenge(state.resourceMetadata ? where : "Bearer");
    shown.push(authorization);
    const token = authorization.replace(/^\S+ /, "");
    try {
      const held = issued.get(token);
      const key = await thumbprint(request, url, token);
      const good = held && held.audience === url && held.endsAt > clock.now() && held.thumbprint === key;
      if (good && state.wantsMore) return challenge('Bearer error="insufficient_scope", scope="write"', 403);
      if (good) return json(200, { subject: held.subject });
      refused.push("token");
    } catch (thrown) {
      if ((thrown as Error).message === "nonce") return challenge('DPoP error="use_dpop_nonce"');
      refused.push(String(thrown));
    }
    return challenge('Bearer error="invalid_token"');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/mcp`;
  closeLater(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return Object.assign(state, { url, issuer: origin, asked, shown, refused, assertions, next });
}
