/**
 * GitHub as its pages describe it, over HTTP on loopback. Fields and errors are those of
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps (form-encoded unless JSON is
 * accepted, scopes separated by commas, no expiry, credentials in the body),
 * …/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors (200 with `error`),
 * https://docs.github.com/en/rest/users/users#get-the-authenticated-user and
 * https://docs.github.com/en/rest/users/emails#list-email-addresses-for-the-authenticated-user.
 */
import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export const githubClient = { clientId: "Iv1.8a61f9b3a7aba766", clientSecret: "the secret of an OAuth app" };

const octocat = {
  login: "octocat",
  id: 583231,
  node_id: "MDQ6VXNlcjU4MzIzMQ==",
  avatar_url: "https://avatars.githubusercontent.com/u/583231?v=4",
  type: "User",
  name: "monalisa octocat",
  email: "octocat@shown.example",
};
const addresses = [
  { email: "old@example.com", verified: true, primary: false, visibility: null },
  { email: "octocat@example.com", verified: true, primary: true, visibility: "public" },
];

/** `api`: where the REST API is. A GitHub Enterprise Server has it below `/api/v3` of the host that people sign in at. */
export async function startGitHub({ api = "" } = {}) {
  /** What the next requests are answered; a test changes it. */
  const says = {
    user: octocat as unknown,
    emails: addresses as unknown,
    emailsStatus: 200,
    iss: "https://github.com/login/oauth" as string | undefined,
    tokenError: undefined as string | undefined,
  };
  const codes = new Map<string, { challenge: string; redirectUri: string }>();
  const tokens = new Set<string>();
  const requests: { path: string; query: URLSearchParams; headers: NodeJS.Dict<string | string[]> }[] = [];

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const form = new URLSearchParams(body);
    requests.push({ path: url.pathname, query: url.searchParams, headers: request.headers });
    const json = (status: number, value: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
    };

    if (url.pathname === "/login/oauth/authorize") {
      const target = new URL(url.searchParams.get("redirect_uri") ?? "");
      const code = randomUUID();
      codes.set(code, { challenge: url.searchParams.get("code_challenge") ?? "", redirectUri: target.href });
      target.searchParams.set("code", code);
      if (says.iss !== undefined) target.searchParams.set("iss", says.iss);
      target.searchParams.set("state", url.searchParams.get("state") ?? "");
      return response.writeHead(302, { Location: target.href }).end();
    }
    if (url.pathname === "/login/oauth/access_token") {
      const issued = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      const known = form.get("client_id") === githubClient.clientId;
      const proven = form.get("client_secret") === githubClient.clientSecret;
      const hash = createHash("sha256")
        .update(form.get("code_verifier") ?? "")
        .digest("base64url");
      const good = issued?.challenge === hash && issued.redirectUri === form.get("redirect_uri");
      const error =
        says.tokenError ??
        (known && proven ? (good ? undefined : "bad_verification_code") : "incorrect_client_credentials");
      if (error) return json(200, { error, error_description: "…", error_uri: "https://docs.github.com/…" });
      const token = `gho_${randomUUID().replaceAll("-", "")}`;
      tokens.add(token);
      const answer = { access_token: token, scope: "read:user,user:email", token_type: "bearer" };
      if (request.headers.accept?.includes("application/json")) return json(200, answer);
      response.writeHead(200, { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" });
      return response.end(new URLSearchParams(answer).toString());
    }
    const authorized = tokens.has(request.headers.authorization?.replace(/^Bearer /, "") ?? "");
    if (!request.headers["user-agent"]) return json(403, { message: "Request forbidden by administrative rules." });
    if (!authorized) return json(401, { message: "Bad credentials" });
    if (url.pathname === `${api}/user`) return json(200, says.user);
    if (url.pathname === `${api}/user/emails`) return json(says.emailsStatus, says.emails);
    return json(404, { message: "Not Found" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    says,
    requests,
    to: (path: string) => requests.filter((request) => request.path === path),
    endpoints: {
      authorization: `${origin}/login/oauth/authorize`,
      token: `${origin}/login/oauth/access_token`,
      userinfo: `${origin}${api}/user`,
    },
    origin,
    octocat,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
