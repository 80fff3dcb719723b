/**
 * The preset `oauth2`: a provider that nobody but its operator knows. The answers are those of RFC 6749 §5.1 and §5.2
 * (`access_token`, `token_type`, `expires_in`; `error` with 400 or 401), the person is whatever userinfo says.
 */
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { aWorld, type ProviderInput } from "../options/setting.js";
import { anOAuth2Server, type Words } from "./oauth2-server.js";
import { visit } from "./visit.js";

const issuer = "https://forum.example";
const client = { clientId: "latchkey", clientSecret: "a secret of the forum" };
const ann = { id: 7, sub: "somebody-else", mail: "ann@example.com", profile: { nick: "Ann" }, email_verified: true };
const words: Words = {
  client,
  credentials: "header",
  paths: { authorization: "/authorize", token: "/token", userinfo: "/me" },
  tokens: (access_token) => ({ json: { access_token, token_type: "bearer", expires_in: 3600 } }),
  refusal: (why) => ({
    status: why === "client" ? 401 : 400,
    json: { error: why === "client" ? "invalid_client" : "invalid_grant" },
  }),
  userinfo: () => ({ json: ann }),
  unauthorized: { status: 401, json: { error: "invalid_token" } },
};
const claims = { subject: "id", email: "mail", name: "profile.nick" };

async function aForum(more: Partial<ProviderInput> = {}, signIn: ConfigInput["signIn"] = {}) {
  const server = await anOAuth2Server(words);
  const record = { id: "forum", preset: "oauth2", issuer, endpoints: server.endpoints, claims, ...client, ...more };
  const world = await aWorld({ config: { providers: [record], signIn: { signUp: true, ...signIn } } });
  return { server, world, visit: () => visit(world, "forum") };
}

describe("signing in with a custom OAuth 2 provider", () => {
  test("SI-1 SI-11 AC-1 [option:providers.preset] goes through, keyed by the configured issuer and the named claim", async () => {
    const { server, world, visit } = await aForum();
    expect(await visit()).toMatchObject({
      error: null,
      user: { email: "ann@example.com", name: "Ann" },
      identity: { issuer, emailVerified: false },
    });
    expect(server.to("/authorize")[0]?.query).toEqual({
      client_id: "latchkey",
      redirect_uri: world.url("/providers/forum/callback"),
      response_type: "code",
      state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(server.requests.map(({ path }) => path)).toEqual(["/authorize", "/token", "/me"]);
  });

  test("SI-1 asks for the scopes that the operator names", async () => {
    const { server, visit } = await aForum({ scopes: ["profile", "mail"] });
    await visit();
    expect(server.to("/authorize")[0]?.query["scope"]).toBe("profile mail");
  });

  test("AT-11 SI-11 a sub and an iss beside the configured claim say nothing", async () => {
    const { server, visit } = await aForum();
    const before = await visit();
    server.says.userinfo = () => ({ json: { ...ann, sub: "7", iss: "https://evil.example" } });
    expect(await visit()).toMatchObject({ user: { id: before.user?.id }, identity: { issuer } });
    server.says.userinfo = () => ({ json: { ...ann, id: 8, sub: "somebody-else", mail: "ben@example.com" } });
    expect((await visit()).user?.id).not.toBe(before.user?.id);
  });

  test.each<[what: string, answer: unknown]>([
    ["lacks the subject", { ...ann, id: undefined }],
    ["has null for it", { ...ann, id: null }],
    ["has an empty one", { ...ann, id: "" }],
    ["has a list for it", { ...ann, id: ["7"] }],
    ["has one that is not whole", { ...ann, id: 7.5 }],
    ["has true for it", { ...ann, id: true }],
    ["is a list", [ann]],
    ["is a text", "7"],
  ])("SI-1 SI-16 an answer of userinfo that %s is nobody's, and sub does not stand in", async (_what, json) => {
    const { server, visit } = await aForum();
    server.says.userinfo = () => ({ json });
    expect(await visit()).toMatchObject({ error: "signin.subject_invalid", user: undefined });
  });

  test.each([
    "victim@example.com,mallory@evil.example",
    "victim@example.com@evil.example",
    '"victim@example.com"@evil.example',
    ["victim@example.com"],
    { address: "victim@example.com" },
  ])("AT-8 SI-18 the address %j is refused", async (mail) => {
    const { server, visit } = await aForum();
    server.says.userinfo = () => ({ json: { ...ann, mail } });
    expect(await visit()).toMatchObject({ error: "signin.email_invalid", user: undefined });
  });

  test("SI-18 AT-7 email_verified speaks of email, and not of the claim that was named in its place", async () => {
    const named = await aForum({}, { bootstrapAdmins: ["ann@example.com"], signUp: false });
    expect((await named.visit()).error).toBe("account.sign_up_closed");
    const plain = await aForum({ claims: { subject: "id" } }, { bootstrapAdmins: ["ann@example.com"], signUp: false });
    plain.server.says.userinfo = () => ({ json: { ...ann, email: "ann@example.com" } });
    expect(await plain.visit()).toMatchObject({ error: null, identity: { emailVerified: true } });
  });
});

describe("the iss of its callback", () => {
  test("SI-9 AC-1 may be missing, and may be the issuer", async () => {
    const { server, visit } = await aForum();
    server.says.iss = issuer;
    expect((await visit()).error).toBeNull();
  });

  test.each([`${issuer}/`, "https://evil.example", ""])(
    "SI-9 AC-1 AT-28 is refused when it is %j, before the code leaves",
    async (iss) => {
      const { server, visit } = await aForum();
      server.says.iss = iss;
      expect((await visit()).error).toBe("signin.issuer_rejected");
      expect(server.to("/token")).toEqual([]);
    },
  );

  test("AC-1 [option:providers.callbackIss] is not compared where the operator says so, and is still no key", async () => {
    const { server, visit } = await aForum({ callbackIss: "ignore" });
    server.says.iss = "https://forum.example/api";
    expect(await visit()).toMatchObject({ error: null, identity: { issuer } });
  });
});

test.each([
  ["invalid_grant", "signin.code_rejected"],
  ["invalid_client", "signin.client_rejected"],
])("SI-12 200 with the error %s is an error, also beside a token", async (error, code) => {
  const { server, visit } = await aForum();
  server.says.tokens = (access_token) => ({ json: { access_token, token_type: "bearer", error } });
  expect((await visit()).error).toBe(code);
  expect(server.to("/me")).toEqual([]);
});
