/**
 * The preset `google` against a provider that answers as Google's pages say
 * (https://developers.google.com/identity/openid-connect/openid-connect). It listens on loopback, so only the address of
 * its discovery document is another; its issuer is Google's.
 */
import { describe, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import type { JsonObject } from "../../src/kernel/json.js";
import { silentLog } from "../../src/kernel/log.js";
import { google } from "../../src/providers/presets/google.js";
import { createBrowser } from "../../src/testing/browser.js";
import type { FakeProvider, FakeProviderOptions } from "../../src/testing/fake-provider.js";
import { aWorldAt, errorOf, type ProviderInput, signsIn, started } from "../options/setting.js";

const issuer = "https://accounts.google.com";

/** As #obtainuserinfo (`sub` of digits, `hd` for a Workspace account) and #discovery (RS256, no end of session). */
const asTheirPagesSay: FakeProviderOptions = {
  alg: "RS256",
  people: [
    {
      sub: "110169484474386276334",
      email: "jsmith@example.com",
      emailVerified: true,
      name: "Jo Smith",
      picture: "https://lh3.googleusercontent.com/a/picture",
      claims: { hd: "example.com" },
    },
  ],
};

function asGoogle(provider: FakeProvider): void {
  provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) => ({
    ...metadata,
    issuer,
    end_session_endpoint: undefined,
    pushed_authorization_request_endpoint: undefined,
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
  });
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
  provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss: issuer, azp: claims["aud"] });
}

const aGoogle = async (more: Partial<ProviderInput> = {}) => {
  const world = await aWorldAt((provider) => {
    asGoogle(provider);
    const discoveryUrl = `${provider.issuer}/.well-known/openid-configuration`;
    return { id: "google", preset: "google", issuer: undefined, discoveryUrl, ...more };
  }, asTheirPagesSay);
  return world;
};

describe("signing in with Google", () => {
  test("SI-1 SI-2 [option:providers.preset] goes through, keyed by Google's issuer and the subject", async () => {
    const world = await aGoogle();
    const signedIn = await signsIn(world, "jsmith@example.com", "google");
    expect(signedIn).toMatchObject({ error: null, status: 200 });
    expect(signedIn.user).toMatchObject({ email: "jsmith@example.com", name: "Jo Smith" });
    const identities = await signedIn.browser.get(world.url("/api/identities"));
    expect(JSON.parse(identities.text).items).toMatchObject([{ issuer, emailVerified: true }]);
    const [asked] = world.provider.requestsTo("authorize");
    expect(asked?.query.get("code_challenge_method")).toBe("S256");
    expect(asked?.query.get("access_type")).toBeNull();
    // Everything was in the ID token, so nobody asked userinfo.
    expect(world.provider.requestsTo("userinfo")).toEqual([]);
  });

  test("SI-1 asks for a refresh token in Google's words where the operator wants one", async () => {
    const scopes = ["openid", "email", "profile", "offline_access"];
    const asked = (await started(await aGoogle({ scopes }), "google")).searchParams;
    expect(asked.get("scope")).toBe("openid email profile");
    expect(asked.get("access_type")).toBe("offline");
    expect(asked.get("prompt")).toBe("consent");

    const authorizeParams = { prompt: "select_account", access_type: "online", hd: "example.com" };
    const changed = (await started(await aGoogle({ scopes, authorizeParams }), "google")).searchParams;
    expect(changed.get("access_type")).toBe("online");
    expect(changed.get("prompt")).toBe("select_account");
    expect(changed.get("hd")).toBe("example.com");
  });

  const at = (hd: string) => ({ authorizeParams: { hd } });
  test.each<[hd: string, claim: unknown, refused: boolean]>([
    ["example.com", "example.com", false],
    ["Example.COM", "example.com", false],
    ["*", "any.example", false],
    ["example.com", undefined, true],
    ["example.com", "example.com.evil.example", true],
    ["example.com", "evil-example.com", true],
    ["example.com", "", true],
    ["example.com", ["example.com"], true],
    ["example.com", "*", true],
    ["*", undefined, true],
    ["*", "", true],
    ["*", true, true],
    ["", undefined, true],
    ["", "", true],
  ])("SI-10 with hd %j asked for, an ID token with hd %j is refused: %s", (hd, claim, refused) => {
    const claims = { sub: "1", hd: claim } as JsonObject;
    expect(google.quirks.idTokenRefusal?.(claims, { hd })).toBe(refused ? "hd" : undefined);
  });

  test.each([
    ["example.com", null, 200],
    ["other.example", "signin.id_token_invalid", 401],
  ])("SI-6 SI-10 somebody of another domain than the one asked for, %s, gets %j", async (hd, error, status) => {
    expect(await signsIn(await aGoogle(at(hd)), undefined, "google")).toMatchObject({ error, status });
  });

  test("SI-10 an address of the domain does not stand in for it, and neither does userinfo", async () => {
    const world = await aGoogle({ ...at("example.com"), claims: { picture: "further" } });
    const tweak = world.provider.tweaks.idTokenClaims;
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...tweak?.(claims), hd: undefined });
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, hd: "example.com" });
    expect(await signsIn(world, "jsmith@example.com", "google")).toMatchObject({ error: "signin.id_token_invalid" });
  });

  test("SI-10 hd that is asked of every provider is checked at Google too; without it nobody is kept out", async () => {
    const world = await aGoogle();
    const tweak = world.provider.tweaks.idTokenClaims;
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...tweak?.(claims), hd: undefined });
    expect(await signsIn(world, undefined, "google")).toMatchObject({ error: null, status: 200 });
    const latchkey = await createLatchkey({
      ...world.config,
      signIn: { signUp: true, authorizeParams: { hd: "example.com" } },
      ports: { log: silentLog },
    });
    const { origin } = new URL(world.baseUrl);
    const browser = createBrowser((request) =>
      new URL(request.url).origin === origin ? latchkey.fetch(request) : world.fetch(request),
    );
    expect(errorOf(await browser.get(world.url("/providers/google/start")))).toBe("signin.id_token_invalid");
    await latchkey.close();
  });

  test.each([
    ["another issuer", "https://accounts.google.com.evil.example"],
    ["the issuer without its scheme", "accounts.google.com"],
    ["the issuer with a slash", `${issuer}/`],
  ])("SI-2 SI-10 refuses an ID token that names %s", async (_what, iss) => {
    const world = await aGoogle();
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iss });
    expect(await signsIn(world, undefined, "google")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test("SI-2 refuses a discovery document of another issuer", async () => {
    const world = await aGoogle();
    world.provider.tweaks.metadata = (metadata) => metadata;
    expect((await started(world, "google")).searchParams.get("error")).toBe("signin.provider_misconfigured");
  });

  test("SI-9 refuses a callback whose iss is not Google's, before the code leaves", async () => {
    const world = await aGoogle();
    world.provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: world.provider.issuer });
    expect(await signsIn(world, undefined, "google")).toMatchObject({ error: "signin.issuer_rejected" });
    expect(world.provider.requestsTo("token")).toEqual([]);
  });

  test("LO-5 signing out revokes nothing unless asked to: at Google it would end the person's other devices", async () => {
    const signOut = async (revokeOnSignOut: "auto" | "always") => {
      const world = await aGoogle({ revokeOnSignOut });
      const { browser } = await signsIn(world, undefined, "google");
      const headers = { Origin: world.baseUrl, Cookie: browser.cookies.header(world.url("/sign-out")) ?? "" };
      expect((await world.request("/sign-out", { method: "POST", headers })).status).toBe(303);
      return world.provider;
    };
    const left = await signOut("auto");
    const told = await signOut("always");
    await expect.poll(() => told.requestsTo("revocation").length).toBeGreaterThan(0);
    expect(left.requestsTo("revocation")).toEqual([]);
  });
});
