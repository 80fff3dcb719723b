/**
 * The preset `discord` against a provider that answers as Discord's pages say:
 * https://docs.discord.com/developers/topics/oauth2 (`access_token`, `token_type`, `expires_in`, `refresh_token`, `scope`;
 * credentials by Basic or in the body; forms only) and https://docs.discord.com/developers/resources/user#user-object
 * (`id` a snowflake as text, `username`, `global_name` or null, `avatar` a hash or null, `verified`, `email`).
 */
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { aWorld, type ProviderInput } from "../options/setting.js";
import { anOAuth2Server, type Words } from "./oauth2-server.js";
import { visit } from "./visit.js";

const client = { clientId: "332269999912132097", clientSecret: "937it3ow87i4ery69876wqire" };
const nelly = {
  id: "80351110224678912",
  username: "Nelly",
  global_name: null as string | null,
  discriminator: "1337",
  avatar: "8342729096ea3675442027381ff50dfe",
  verified: true as unknown,
  email: "nelly@discord.com",
  flags: 64,
};
const words: Words = {
  client,
  credentials: "header",
  paths: { authorization: "/oauth2/authorize", token: "/api/oauth2/token", userinfo: "/api/v10/users/@me" },
  tokens: (access_token) => ({
    json: {
      access_token,
      token_type: "Bearer",
      expires_in: 604800,
      refresh_token: "D43f5y0ahjqew82jZ4NViEr2YafMKhue",
      scope: "identify email",
    },
  }),
  refusal: (why) => ({
    status: why === "client" ? 401 : 400,
    json: why === "client" ? { error: "invalid_client" } : { error: "invalid_grant", error_description: "…" },
  }),
  userinfo: () => ({ json: nelly }),
  unauthorized: { status: 401, json: { message: "401: Unauthorized", code: 0 } },
};

async function aDiscord(more: Partial<ProviderInput> = {}, signIn: ConfigInput["signIn"] = {}) {
  const server = await anOAuth2Server(words);
  const record = { id: "discord", preset: "discord", endpoints: server.endpoints, ...client, ...more };
  const world = await aWorld({ config: { providers: [record], signIn: { signUp: true, ...signIn } } });
  const person = (changes: Record<string, unknown>) => {
    server.says.userinfo = () => ({ json: { ...nelly, ...changes } });
  };
  return { server, world, person, visit: () => visit(world, "discord") };
}

describe("signing in with Discord", () => {
  test("SI-1 SI-11 AC-1 [option:providers.preset] goes through, keyed by Discord's constant issuer and the id", async () => {
    const { server, visit } = await aDiscord();
    expect(await visit()).toMatchObject({
      error: null,
      user: { email: "nelly@discord.com", name: "Nelly" },
      identity: { issuer: "https://discord.com", emailVerified: true },
    });
    const [asked] = server.to("/oauth2/authorize");
    expect(asked?.query).toMatchObject({ scope: "identify email", code_challenge_method: "S256" });
    expect(asked?.query["nonce"]).toBeUndefined();
  });

  test("SI-1 knows somebody again by the id alone", async () => {
    const { person, visit } = await aDiscord();
    const before = await visit();
    person({ username: "nel", global_name: "Nel", email: "nel@example.com", sub: "1", iss: "https://evil.example" });
    expect((await visit()).user?.id).toBe(before.user?.id);
    // Somebody else takes the name that has become free.
    person({ id: "80351110224678913", email: "new@example.com" });
    expect((await visit()).user?.id).not.toBe(before.user?.id);
  });

  test("SI-1 AC-1 a name that is free again opens nobody's account where signIn.claims.subject names it for another provider", async () => {
    const { person, visit } = await aDiscord({}, { claims: { subject: "username" } });
    const before = await visit();
    expect(before.error).toBeNull();
    person({ id: "80351110224678913", email: "new@example.com" });
    const other = await visit();
    expect(other.error).toBeNull();
    expect(other.user?.id).not.toBe(before.user?.id);
    person({ username: "nel" });
    expect((await visit()).user?.id).toBe(before.user?.id);
  });

  test.each<[what: string, id: unknown]>([
    ["a number, which has lost its last digits", 80351110224678912],
    ["missing", undefined],
    ["null", null],
    ["empty", ""],
    ["zero", "0"],
    ["another way to write it", "080351110224678912"],
    ["not of digits", "80351110224678912 "],
    ["a path", "../80351110224678912"],
  ])("SI-1 an id that is %s is nobody's", async (_what, id) => {
    const { person, visit } = await aDiscord();
    person({ id, sub: "80351110224678912" });
    expect(await visit()).toMatchObject({ error: "signin.subject_invalid", user: undefined });
  });

  test.each([false, "true", 1, undefined, null])(
    "AT-7 SI-18 an address with verified %j makes no admin, also beside an email_verified",
    async (verified) => {
      const { person, visit } = await aDiscord({}, { bootstrapAdmins: ["nelly@discord.com"], signUp: false });
      person({ verified, email_verified: true });
      expect((await visit()).error).toBe("account.sign_up_closed");
    },
  );

  test("SI-9 AC-1 a callback with another iss is refused before the code leaves", async () => {
    const { server, visit } = await aDiscord();
    server.says.iss = "https://discord.com/";
    expect((await visit()).error).toBe("signin.issuer_rejected");
    expect(server.to("/api/oauth2/token")).toEqual([]);
  });

  test("SI-12 a wrong secret is Discord's invalid_client", async () => {
    const { visit } = await aDiscord({ clientSecret: "another" });
    expect((await visit()).error).toBe("signin.client_rejected");
  });
});
