/** LO-11 and SI-4: a provider that was given the address of our client keys, and what lies there. */
import { exportJWK, exportPKCS8, generateKeyPair } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { createBrowser } from "../../src/testing/browser.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { ann, createSetting, type Setting } from "./setting.js";

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0)) await one.close();
});

type Provider = ConfigInput["providers"][number];

async function keyOf(alg: "RS256" | "ES256" | "EdDSA", form: "pem" | "jwk", also: object = {}) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const text =
    form === "pem" ? await exportPKCS8(privateKey) : JSON.stringify({ ...(await exportJWK(privateKey)), ...also });
  return { text, published: { ...(await exportJWK(publicKey)), ...also, use: "sig" } };
}

const elsewhere = (id: string, more: Partial<Provider>): Provider => ({
  id,
  displayName: id,
  issuer: `https://${id}.example`,
  clientId: id,
  ...more,
});

async function aWorld(config: Partial<ConfigInput>): Promise<World> {
  const world = await createWorld({ config });
  closing.push(world);
  return world;
}

const keysAt = async (world: World) => {
  const answer = await world.request("/client-jwks.json");
  return { answer, keys: ((await answer.json()) as { keys: object[] }).keys };
};

describe("LO-11 SI-4 a provider that fetches our client's keys", () => {
  test.each([
    ["a PEM key, which has no kid", "pem", {}],
    ["a JWK with a kid", "jwk", { kid: "2026-11", alg: "ES256" }],
  ] as const)("LO-11 takes our client assertion: %s", async (_what, form, also) => {
    const { text } = await keyOf("ES256", form, also);
    let jwksUri = "";
    const setting: Setting = await createSetting({
      providerConfig: { clientKey: text, clientSecret: null, tokenEndpointAuthMethod: "private_key_jwt" },
      client: (base) => {
        jwksUri = `${base}/client-jwks.json`;
        return { authMethod: "private_key_jwt", jwksUri };
      },
    });
    closing.push(setting);
    const browser = createBrowser();
    const page = await browser.get(`${setting.base}/providers/example/start?return_to=/auth/account`);
    const consent = await browser.submit(page, { email: ann.email, password: ann.password });
    expect((await browser.submit(consent)).url).toBe(`${setting.base}/account`);
    expect(setting.problems).toEqual([]);
    expect(((await (await fetch(jwksUri)).json()) as { keys: unknown[] }).keys).toHaveLength(1);
  });
});

describe("LO-11 GET {base}/client-jwks.json", () => {
  test("LO-11 has the public half of each client key, of providers and tool servers, once, and nothing else of it", async () => {
    const [rsa, ec, ed] = [
      await keyOf("RS256", "pem"),
      await keyOf("ES256", "jwk", { kid: "ours" }),
      await keyOf("EdDSA", "jwk"),
    ];
    const world = await aWorld({
      providers: [
        elsewhere("one", { clientKey: rsa.text }),
        elsewhere("again", { clientKey: rsa.text }),
        elsewhere("off", { clientKey: ec.text, tokenEndpointAuthMethod: "private_key_jwt", enabled: false }),
        elsewhere("secret", { clientSecret: "a secret of a client" }),
        elsewhere("other-way", {
          clientKey: (await keyOf("ES256", "pem")).text,
          clientSecret: "a secret of a client",
          tokenEndpointAuthMethod: "client_secret_basic",
        }),
      ],
      toolServers: [
        { id: "notes", url: "https://notes.example/mcp", registration: "static", clientId: "x", clientKey: ed.text },
      ],
    });
    const { answer, keys } = await keysAt(world);
    expect(keys).toEqual([rsa.published, ec.published, ed.published]);
    expect(JSON.stringify(keys)).not.toMatch(/"(?:d|p|q|dp|dq|qi|oth|k)":/);
    expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("LO-11 is no place for the keys of assertions, and the other set none for these", async () => {
    const client = await keyOf("ES256", "jwk", { kid: "ours" });
    const world = await aWorld({
      providers: [elsewhere("one", { clientKey: client.text })],
      assertions: { alg: "ES256" },
    });
    const assertions = ((await (await world.request("/jwks.json")).json()) as { keys: { kid: string }[] }).keys;
    expect(assertions.map(({ kid }) => kid)).not.toContain("ours");
    expect((await keysAt(world)).keys).toEqual([client.published]);
  });

  test("LO-11 leaves out a key that is none, a secret, and Apple's, which signs no assertion", async () => {
    const world = await aWorld({
      providers: [
        elsewhere("broken", { clientKey: "-----BEGIN PRIVATE KEY-----\nno\n-----END PRIVATE KEY-----" }),
        elsewhere("symmetric", { clientKey: '{"kty":"oct","k":"Y2FuYXJ5"}' }),
        {
          id: "apple",
          preset: "apple",
          clientId: "com.example.app",
          teamId: "DEF123GHIJ",
          keyId: "ABC123DEFG",
          clientKey: (await keyOf("ES256", "pem")).text,
        },
      ],
    });
    expect((await keysAt(world)).keys).toEqual([]);
  });
});
