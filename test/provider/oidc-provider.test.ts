import { createHash } from "node:crypto";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createBrowser } from "../../src/testing/browser.js";
import { type OidcProvider, startOidcProvider } from "./oidc-provider.js";

const redirectUri = "http://127.0.0.1:9/auth/providers/demo/callback";
const signedOut = "http://127.0.0.1:9/auth/signed-out";
const verifier = "a-verifier-that-is-long-enough-for-rfc-7636-0123456789";
const ann = { sub: "ann", name: "Ann", email: "ann@example.com", password: "correct horse", groups: ["staff"] };

let provider: OidcProvider;
const problems: unknown[] = [];
beforeEach(async () => {
  problems.length = 0;
  provider = await startOidcProvider({ people: [ann], onProblem: (...problem) => problems.push(problem) });
  provider.setClients([
    { clientId: "app", clientSecret: "app-secret", redirectUris: [redirectUri], postLogoutRedirectUris: [signedOut] },
  ]);
});
afterEach(() => provider.stop());

const authorizeUrl = (more: Record<string, string> = {}) =>
  `${provider.issuer}/auth?${new URLSearchParams({
    client_id: "app",
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid email profile groups offline_access",
    prompt: "consent",
    state: "st",
    nonce: "no",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  })}`;
const stopBefore = (url: string) => url.startsWith("http://127.0.0.1:9/");
const redeem = async (location: string | undefined) => {
  const code = new URL(location ?? "none:").searchParams.get("code") ?? "";
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  });
  const answer = await fetch(`${provider.issuer}/token`, {
    method: "POST",
    body,
    headers: { Authorization: `Basic ${btoa("app:app-secret")}` },
  });
  return (await answer.json()) as Record<string, string>;
};

describe("the provider that journeys and the demo sign in at", () => {
  test("takes the right password, asks for consent, gives tokens that verify, and signs out", async () => {
    const browser = createBrowser();
    const page = await browser.get(authorizeUrl());
    const wrong = await browser.submit(page, { email: ann.email, password: "wrong" });
    expect([wrong.status, wrong.text]).toEqual([403, expect.stringContaining("not right")]);
    const consent = await browser.submit(wrong, { email: ann.email, password: ann.password });
    expect(consent.text).toContain("You are Ann");
    const back = await browser.submit(consent, {}, { stopBefore });
    const parameters = new URL(back.location ?? "none:").searchParams;
    expect([parameters.get("state"), parameters.get("iss")]).toEqual(["st", provider.issuer]);

    const tokens = await redeem(back.location);
    expect(tokens["refresh_token"]).toBeDefined();
    const keySet = createRemoteJWKSet(new URL(`${provider.issuer}/jwks`));
    const { payload } = await jwtVerify(tokens["id_token"] ?? "", keySet, { issuer: provider.issuer, audience: "app" });
    expect(payload).toMatchObject({ sub: "ann", nonce: "no" });
    const userinfo = await fetch(`${provider.issuer}/me`, {
      headers: { Authorization: `Bearer ${tokens["access_token"]}` },
    });
    expect(await userinfo.json()).toEqual({
      sub: "ann",
      name: "Ann",
      email: ann.email,
      email_verified: true,
      groups: ["staff"],
    });

    expect(provider.sessionsOf("ann")).toBe(1);
    const out = await browser.get(
      `${provider.issuer}/session/end?${new URLSearchParams({ id_token_hint: tokens["id_token"] ?? "", post_logout_redirect_uri: signedOut, state: "s1" })}`,
    );
    const done = await browser.submit(out, { logout: "yes" }, { stopBefore });
    expect(done.location).toBe(`${signedOut}?state=s1`);
    expect(provider.sessionsOf("ann")).toBe(0);
    expect(problems).toEqual([]);
  });

  test("refuses a request without PKCE, and tells the client when the person cancels", async () => {
    const browser = createBrowser();
    const withoutPkce = new URL(authorizeUrl());
    withoutPkce.searchParams.delete("code_challenge");
    withoutPkce.searchParams.delete("code_challenge_method");
    const refused = await browser.get(withoutPkce.href, { stopBefore });
    expect(new URL(refused.location ?? "none:").searchParams.get("error")).toBe("invalid_request");
    const page = await browser.get(authorizeUrl());
    const cancelled = await browser.submit(page, {}, { form: 1, stopBefore });
    expect(new URL(cancelled.location ?? "none:").searchParams.get("error")).toBe("access_denied");
  });

  test("keeps its people signed in while its keys rotate, it stops and comes back", async () => {
    const browser = createBrowser();
    const page = await browser.get(authorizeUrl());
    await browser.submit(await browser.submit(page, { email: ann.email, password: ann.password }), {}, { stopBefore });
    await provider.rotateKeys();
    await provider.stop();
    await expect(browser.get(authorizeUrl())).rejects.toThrow();
    await provider.start();
    const again = await browser.get(authorizeUrl({ prompt: "" }), { stopBefore });
    const { id_token = "" } = await redeem(again.location);
    const keySet = (await (await fetch(`${provider.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
    expect(keySet.keys).toHaveLength(1);
    await jwtVerify(id_token, createRemoteJWKSet(new URL(`${provider.issuer}/jwks`)));
  });
});
