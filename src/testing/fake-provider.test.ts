import { createHash } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { minutes, toDate } from "../kernel/time.js";
import { createBrowser } from "./browser.js";
import { withJson } from "./fake-provider/answers.js";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "./fake-provider.js";
import { createManualClock } from "./manual-clock.js";

let provider: FakeProvider;
const start = async (options?: FakeProviderOptions) => {
  provider = await startFakeProvider(options);
  return provider;
};
afterEach(() => provider.stop());

const redirectUri = "http://127.0.0.1:9/callback";
const verifier = "a-verifier-that-is-long-enough-for-rfc-7636-0123";
const challenge = createHash("sha256").update(verifier).digest("base64url");

const encode = (text: string) => new URLSearchParams([["", text]]).toString().slice(1);
const basic = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(provider.issuer + path, {
    method: "POST",
    body: new URLSearchParams(form),
    headers: { Authorization: basic("latchkey", provider.client.clientSecret ?? ""), ...headers },
  });

async function authorize(parameters: Record<string, string> = {}): Promise<URL> {
  const url = new URL(`${provider.issuer}/authorize`);
  const all = {
    client_id: "latchkey",
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid email profile offline_access",
    state: "st",
    nonce: "no",
    code_challenge: challenge,
    code_challenge_method: "S256",
    ...parameters,
  };
  for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
  const page = await createBrowser().get(url.href, { follow: false });
  return new URL(page.location ?? "none:");
}
const exchange = async (code: string | null, members: Record<string, string> = {}) =>
  post("/token", {
    grant_type: "authorization_code",
    code: code ?? "",
    redirect_uri: redirectUri,
    code_verifier: verifier,
    ...members,
  });

describe("SU-15 the fake provider, left alone", () => {
  test("SU-15 signs somebody in: code with state and iss, ID token that verifies, userinfo, refresh with rotation", async () => {
    await start();
    const back = await authorize();
    expect([back.searchParams.get("state"), back.searchParams.get("iss")]).toEqual(["st", provider.issuer]);
    const answer = (await (await exchange(back.searchParams.get("code"))).json()) as Record<string, string>;
    const metadata = (await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()) as Record<
      string,
      string
    >;
    const keys = createRemoteJWKSet(new URL(metadata["jwks_uri"] ?? ""));
    const { payload } = await jwtVerify(answer["id_token"] ?? "", keys, {
      issuer: provider.issuer,
      audience: "latchkey",
    });
    expect(payload).toMatchObject({ sub: "ann-1", nonce: "no", email: "ann@example.com", email_verified: true });

    const userinfo = await fetch(metadata["userinfo_endpoint"] ?? "", {
      headers: { Authorization: `Bearer ${answer["access_token"]}` },
    });
    expect(await userinfo.json()).toMatchObject({ sub: "ann-1", name: "Ann Archer" });

    const refreshed = await post("/token", {
      grant_type: "refresh_token",
      refresh_token: answer["refresh_token"] ?? "",
    });
    const second = (await refreshed.json()) as Record<string, string>;
    expect(second["refresh_token"]).not.toBe(answer["refresh_token"]);
    const reused = await post("/token", { grant_type: "refresh_token", refresh_token: answer["refresh_token"] ?? "" });
    expect([reused.status, await reused.json()]).toMatchObject([400, { error: "invalid_grant" }]);
    const family = await post("/token", { grant_type: "refresh_token", refresh_token: second["refresh_token"] ?? "" });
    expect(family.status).toBe(400);
  });

  test.each([
    ["a code used before", (code: string) => exchange(code).then(() => exchange(code)), 400, "invalid_grant"],
    ["a wrong verifier", (code: string) => exchange(code, { code_verifier: "wrong" }), 400, "invalid_grant"],
    [
      "another redirect URI",
      (code: string) => exchange(code, { redirect_uri: `${redirectUri}/` }),
      400,
      "invalid_grant",
    ],
    [
      "a wrong secret",
      (code: string) =>
        post("/token", { grant_type: "authorization_code", code }, { Authorization: basic("latchkey", "x") }),
      401,
      "invalid_client",
    ],
    [
      "no client authentication",
      (code: string) =>
        post("/token", { grant_type: "authorization_code", code, client_id: "latchkey" }, { Authorization: "" }),
      401,
      "invalid_client",
    ],
  ])("SU-15 refuses %s", async (_what, act, status, error) => {
    await start();
    const answer = await act((await authorize()).searchParams.get("code") ?? "");
    expect([answer.status, await answer.json()]).toMatchObject([status, { error }]);
  });

  test("SU-15 wants PKCE, knows a code's end, and lets the person at its page be chosen or cancel", async () => {
    const clock = createManualClock();
    await start({ clock });
    expect((await authorize({ code_challenge_method: "plain" })).searchParams.get("error")).toBe("invalid_request");
    const code = (await authorize()).searchParams.get("code");
    await clock.advance(minutes(2));
    expect((await exchange(code)).status).toBe(400);
    const { id_token } = (await (
      await exchange((await authorize({ login_hint: "ben@example.com" })).searchParams.get("code"))
    ).json()) as { id_token: string };
    const keys = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    expect((await jwtVerify(id_token, keys, { currentDate: toDate(clock.now()) })).payload.sub).toBe("ben-2");
    provider.signInAs(null);
    expect((await authorize()).searchParams.get("error")).toBe("access_denied");
    expect((await authorize({ prompt: "none" })).searchParams.get("error")).toBe("login_required");
  });

  test("SU-15 takes pushed requests once, answers by form_post, and ends sessions", async () => {
    await start();
    const pushed = await post("/par", {
      client_id: "latchkey",
      redirect_uri: redirectUri,
      response_type: "code",
      scope: "openid",
      state: "pushed",
      code_challenge: challenge,
      code_challenge_method: "S256",
      response_mode: "form_post",
    });
    const { request_uri } = (await pushed.json()) as { request_uri: string };
    const url = `${provider.issuer}/authorize?client_id=latchkey&request_uri=${encodeURIComponent(request_uri)}`;
    const browser = createBrowser();
    const page = await browser.get(url);
    expect(page.forms[0]).toMatchObject({
      action: redirectUri,
      method: "POST",
      fields: { state: "pushed", iss: provider.issuer },
    });
    expect((await browser.get(url)).status).toBe(400);
    const code = page.forms[0]?.fields["code"] ?? "";
    const { id_token } = (await (await exchange(code)).json()) as { id_token: string };
    const out = await browser.get(
      `${provider.issuer}/end-session?id_token_hint=${id_token}&state=s1&post_logout_redirect_uri=${encodeURIComponent("http://127.0.0.1:9/out")}`,
      { follow: false },
    );
    expect(out.location).toBe("http://127.0.0.1:9/out?state=s1");
    const { sid } = JSON.parse(Buffer.from(id_token.split(".")[1] ?? "", "base64url").toString()) as { sid: string };
    expect(provider.isSignedOut(sid)).toBe(true);
  });
});

describe("SU-15 the fake provider, scripted", () => {
  test("SU-15 says what it is told: next answers in order, then the script, then honest again", async () => {
    await start();
    provider.script({ jwks: { status: 503 } });
    provider.next("jwks", { status: 500, body: "no" });
    provider.next("jwks", async (honest) => withJson(await honest(), { extra: 1 }));
    provider.next("jwks", () => Response.json({ keys: [] }, { status: 203 }));
    const ask = async () => {
      const answer = await fetch(`${provider.issuer}/jwks`);
      return [answer.status, await answer.text()] as const;
    };
    expect(await ask()).toEqual([500, "no"]);
    expect(JSON.parse((await ask())[1])).toMatchObject({ extra: 1, keys: [{ kid: provider.keys[0]?.kid }] });
    expect(await ask()).toEqual([203, '{"keys":[]}']);
    expect((await ask())[0]).toBe(503);
    provider.reset();
    expect((await ask())[0]).toBe(200);
  });

  test("SU-15 a script that does not call honest() leaves the code unused", async () => {
    await start();
    const code = (await authorize()).searchParams.get("code");
    provider.next("token", { status: 503 });
    expect((await exchange(code)).status).toBe(503);
    provider.next("token", async (honest) => ({ ...(await honest()), status: 502 }));
    expect((await exchange(code)).status).toBe(502);
    expect((await exchange(code)).status).toBe(400);
  });

  test("SU-15 tweaks claims, header, key, userinfo, metadata and the response, and hands over the bare socket", async () => {
    await start();
    const old = provider.keys[0];
    await provider.rotateKeys();
    provider.tweaks.idTokenKey = old;
    provider.tweaks.idTokenClaims = (claims) => ({ ...claims, aud: ["latchkey", "other"] });
    provider.tweaks.idTokenHeader = (header) => ({ ...header, kid: undefined });
    provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
    provider.tweaks.metadata = (metadata) => ({ ...metadata, issuer: "https://evil.example" });
    const back = await authorize();
    expect(back.searchParams.has("iss")).toBe(false);
    const { id_token } = (await (await exchange(back.searchParams.get("code"))).json()) as { id_token: string };
    const [header = "", payload = ""] = id_token
      .split(".")
      .map((part) => Buffer.from(part, "base64url").toString("latin1"));
    expect(JSON.parse(header)).toEqual({ alg: "ES256", typ: "JWT" });
    expect(JSON.parse(payload)).toMatchObject({ aud: ["latchkey", "other"] });
    await expect(jwtVerify(id_token, createRemoteJWKSet(new URL(`${provider.issuer}/jwks`)))).rejects.toThrow();
    const metadata = (await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()) as {
      issuer: string;
    };
    expect(metadata.issuer).toBe("https://evil.example");

    provider.next("userinfo", { raw: (_request, response) => void response.socket?.destroy() });
    await expect(fetch(`${provider.issuer}/userinfo`)).rejects.toThrow();
  });

  test("SU-15 records what it was asked", async () => {
    await start();
    await exchange("nothing", { note: "é" });
    const [request] = provider.requestsTo("token");
    expect(request).toMatchObject({ endpoint: "token", method: "POST", path: "/token" });
    expect(request?.headers["authorization"]).toMatch(/^Basic /);
    expect(request?.form.get("note")).toBe("é");
  });

  test("SU-15 goes down, and comes back on its port with what it knew", async () => {
    await start();
    const code = (await authorize()).searchParams.get("code");
    await provider.stop();
    await expect(exchange(code)).rejects.toThrow();
    await provider.start();
    expect((await exchange(code)).status).toBe(200);
  });
});
