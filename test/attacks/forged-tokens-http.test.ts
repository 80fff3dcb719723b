/** AT-25 to AT-27 through the whole callback: a rogue provider answers with forged ID tokens, and nobody gets a session. */
import { createHmac, generateKeyPairSync, sign as signWith } from "node:crypto";
import { CompactSign } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSigningKey } from "../../src/testing/fake-provider/keys.js";
import type { FakeProviderTweaks } from "../../src/testing/fake-provider/state.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const attackersKey = await createSigningKey("ES256");
const rsa512 = generateKeyPairSync("rsa", { modulusLength: 512 });
type Claims = Record<string, unknown>;

const forgeries: [name: string, tweaks: FakeProviderTweaks][] = [
  ["AT-25 alg none", { idToken: (_jwt, claims) => `${part({ alg: "none" })}.${part(claims)}.` }],
  ["AT-25 alg none in other letters", { idToken: (_jwt, claims) => `${part({ alg: "nOnE" })}.${part(claims)}.` }],
  [
    "AT-25 HMAC with the public key",
    {
      idToken: (_jwt, claims) => {
        const input = `${part({ alg: "HS256" })}.${part(claims)}`;
        return `${input}.${createHmac("sha256", JSON.stringify(world.provider.keys[0]?.publicJwk)).update(input).digest("base64url")}`;
      },
    },
  ],
  [
    "AT-25 HMAC with our client secret",
    {
      idToken: (_jwt, claims) => {
        const input = `${part({ alg: "HS256" })}.${part(claims)}`;
        return `${input}.${createHmac("sha256", String(world.provider.client.clientSecret)).update(input).digest("base64url")}`;
      },
    },
  ],
  ["AT-25 a key of the attacker's own", { idTokenKey: attackersKey }],
  [
    "AT-25 a key inside the header",
    { idTokenKey: attackersKey, idTokenHeader: (header) => ({ ...header, jwk: attackersKey.publicJwk }) },
  ],
  [
    "AT-25 a key at a URL in the header",
    { idTokenKey: attackersKey, idTokenHeader: (header) => ({ ...header, jku: "https://evil.example/jwks" }) },
  ],
  [
    "AT-25 a certificate at a URL in the header",
    { idTokenKey: attackersKey, idTokenHeader: (header) => ({ ...header, x5u: "https://evil.example/cert" }) },
  ],
  [
    "AT-25 an unknown critical extension",
    {
      // Signed with the provider's true key: only the extension is wrong.
      idToken: (_jwt, claims) => {
        const key = world.provider.keys[0];
        if (!key) throw new Error("no key");
        return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
          .setProtectedHeader({ alg: key.alg, kid: String(key.publicJwk.kid), crit: ["exotic"], exotic: true })
          .sign(key.privateKey, { crit: { exotic: true } });
      },
    },
  ],
  [
    "AT-25 a key id that is a path",
    { idTokenKey: attackersKey, idTokenHeader: (header) => ({ ...header, kid: "../../../dev/null" }) },
  ],
  [
    "AT-25 an RSA key of 512 bits",
    {
      jwks: (keys) => [
        ...keys,
        { ...rsa512.publicKey.export({ format: "jwk" }), kid: "small", alg: "RS256", use: "sig" },
      ],
      metadata: (metadata) => ({ ...metadata, id_token_signing_alg_values_supported: ["ES256", "RS256"] }),
      idToken: (_jwt, claims) => {
        const input = `${part({ alg: "RS256", kid: "small" })}.${part(claims)}`;
        return `${input}.${signWith("sha256", Buffer.from(input), rsa512.privateKey).toString("base64url")}`;
      },
    },
  ],
  ...["iss", "aud", "exp"].map((name): [string, FakeProviderTweaks] => [
    `AT-26 ${name} nested 6,000 deep`,
    {
      // JSON.parse reads it, and JSON.stringify cannot write it.
      idToken: (_jwt, claims) => {
        const key = world.provider.keys[0];
        if (!key) throw new Error("no key");
        const deep = "[".repeat(6_000) + "]".repeat(6_000);
        const payload = JSON.stringify({ ...claims, [name]: "DEEP" }).replace('"DEEP"', deep);
        return new CompactSign(new TextEncoder().encode(payload))
          .setProtectedHeader({ alg: key.alg, kid: key.kid })
          .sign(key.privateKey);
      },
    },
  ]),
  ["AT-25 a signature cut off", { idToken: (jwt) => jwt.split(".").slice(0, 2).join(".") }],
  ["AT-25 text that is no token", { idToken: () => "not.a.token" }],
  ...(
    [
      ["AT-26 without aud", ({ aud: _aud, ...rest }) => rest],
      ["AT-26 for another client", (claims) => ({ ...claims, aud: "another" })],
      ["AT-26 ours among others without azp", (claims) => ({ ...claims, aud: [claims["aud"], "another"] })],
      [
        "AT-26 ours among others with a foreign azp",
        (claims) => ({ ...claims, aud: [claims["aud"], "another"], azp: "another" }),
      ],
      ["AT-26 a foreign azp alone", (claims) => ({ ...claims, azp: "another" })],
      ["AT-26 another issuer", (claims) => ({ ...claims, iss: "https://evil.example" })],
      ["AT-26 the issuer with a slash more", (claims) => ({ ...claims, iss: `${claims["iss"]}/` })],
      ["AT-26 exp far beyond time", (claims) => ({ ...claims, exp: 1e300 })],
      ["AT-26 exp negative", (claims) => ({ ...claims, exp: -1 })],
      ["AT-26 exp as text", (claims) => ({ ...claims, exp: String(claims["exp"]) })],
      ["AT-26 exp in the past", (claims) => ({ ...claims, exp: Number(claims["iat"]) - 600 })],
      ["AT-26 without exp", ({ exp: _exp, ...rest }) => rest],
      ["AT-26 iat in the future", (claims) => ({ ...claims, iat: Number(claims["iat"]) + 3_600 })],
      ["AT-26 without iat", ({ iat: _iat, ...rest }) => rest],
      ["AT-26 without nonce", ({ nonce: _nonce, ...rest }) => rest],
      ["AT-26 another nonce", (claims) => ({ ...claims, nonce: "reused" })],
      ["AT-26 nonce as a list", (claims) => ({ ...claims, nonce: [claims["nonce"]] })],
      ["AT-26 without sub", ({ sub: _sub, ...rest }) => rest],
      ["AT-26 sub as a list", (claims) => ({ ...claims, sub: [claims["sub"]] })],
      ["AT-27 an at_hash of another token", (claims) => ({ ...claims, at_hash: "AAAAAAAAAAAAAAAAAAAAAA" })],
      ["AT-27 an at_hash that is no text", (claims) => ({ ...claims, at_hash: 5 })],
    ] as [string, (claims: Claims) => Claims][]
  ).map(([name, idTokenClaims]): [string, FakeProviderTweaks] => [name, { idTokenClaims }]),
];

describe("SI-10 a forged ID token signs nobody in", () => {
  test("the honest token does, so the provider is fit to judge by", async () => {
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    expect((await world.session(browser)).status).toBe(200);
  });

  test.each(forgeries)("%s", async (_name, tweaks) => {
    Object.assign(world.provider.tweaks, tweaks);
    const browser = world.browser();
    const page = await world.signIn(browser, "ben-2");
    world.provider.reset();
    expect(page.url).toMatch(/error=signin\.(id_token_invalid|token_answer_invalid)&/);
    expect((await world.session(browser)).status).toBe(401);
    expect(browser.cookies.header(world.url("/session")) ?? "").not.toMatch(/(^|; )latchkey=/);
  });

  test("AT-25 none of the URLs in a token's header was ever asked for", () => {
    const asked = world.log.lines
      .filter((line) => line.message === "outbound request")
      .map((line) => String(line.fields["host"]));
    expect(asked.length).toBeGreaterThan(forgeries.length);
    expect(asked.filter((host) => !host.startsWith("127.0.0.1:"))).toEqual([]);
  });
});
