/**
 * An OAuth 2 provider without OpenID Connect, over HTTP on loopback: three endpoints that a test gives the words of one
 * provider's documentation. It is strict where RFC 6749 and 7636 are: the client's secret, the redirect URI, a code used
 * once, and the code verifier are checked. What is scripted is what a provider says when it agrees, and when it does not.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { closing } from "../options/setting.js";

export interface Answer {
  readonly status?: number;
  readonly json: unknown;
}
export interface Words {
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** Where the client's credentials are looked for. */
  readonly credentials: "body" | "header";
  readonly paths: { readonly authorization: string; readonly token: string; readonly userinfo: string };
  /** The token answer for a good code. */
  readonly tokens: (accessToken: string) => Answer;
  /** The token answer that refuses. */
  readonly refusal: (why: "client" | "code" | "verifier") => Answer;
  readonly userinfo: () => Answer;
  /** The answer to a token that is not one. */
  readonly unauthorized: Answer;
}
export interface Asked {
  readonly path: string;
  readonly query: Record<string, string>;
  readonly form: Record<string, string>;
  readonly headers: NodeJS.Dict<string | string[]>;
}

export async function startOAuth2Server(words: Words) {
  /** What the next requests are answered; a test changes it. */
  const says = { tokens: words.tokens, userinfo: words.userinfo, iss: undefined as string | undefined };
  const codes = new Map<string, { challenge: string; redirectUri: string }>();
  const tokens = new Set<string>();
  const requests: Asked[] = [];

  function exchange(form: Record<string, string>, authorization: string): Answer {
    const { clientId, clientSecret } = words.client;
    // RFC 6749 §2.3.1: both are form-encoded first.
    const pair = new URLSearchParams([[clientId, clientSecret]]).toString().replace("=", ":");
    const basic = `Basic ${Buffer.from(pair).toString("base64")}`;
    const inBody = form["client_id"] === clientId && form["client_secret"] === clientSecret;
    if (words.credentials === "body" ? !inBody : authorization !== basic) return words.refusal("client");
    const issued = codes.get(form["code"] ?? "");
    codes.delete(form["code"] ?? "");
    if (!issued || issued.redirectUri !== form["redirect_uri"]) return words.refusal("code");
    const verifier = form["code_verifier"] ?? "";
    if (createHash("sha256").update(verifier).digest("base64url") !== issued.challenge) {
      return words.refusal("verifier");
    }
    const token = `at-${randomUUID()}`;
    tokens.add(token);
    return says.tokens(token);
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const query = Object.fromEntries(url.searchParams);
    const form = Object.fromEntries(new URLSearchParams(body));
    requests.push({ path: url.pathname, query, form, headers: request.headers });
    const answer = ({ status = 200, json }: Answer) => {
      response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(json));
    };
    if (url.pathname === words.paths.authorization) {
      const code = randomUUID();
      const target = new URL(query["redirect_uri"] ?? "");
      codes.set(code, { challenge: query["code_challenge"] ?? "", redirectUri: target.href });
      target.searchParams.set("code", code);
      target.searchParams.set("state", query["state"] ?? "");
      if (says.iss !== undefined) target.searchParams.set("iss", says.iss);
      return response.writeHead(302, { Location: target.href }).end();
    }
    const authorization = request.headers.authorization ?? "";
    if (url.pathname === words.paths.token) return answer(exchange(form, authorization));
    if (url.pathname !== words.paths.userinfo) return answer({ status: 404, json: {} });
    return answer(tokens.has(authorization.replace(/^Bearer /, "")) ? says.userinfo() : words.unauthorized);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    says,
    requests,
    to: (path: string) => requests.filter((request) => request.path === path),
    endpoints: {
      authorization: origin + words.paths.authorization,
      token: origin + words.paths.token,
      userinfo: origin + words.paths.userinfo,
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export const anOAuth2Server = (words: Words) => closing(startOAuth2Server(words));
