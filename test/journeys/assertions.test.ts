/**
 * LO-11: assertions as an app behind us meets them, checked by others' code: oauth4webapi and jose, and PyJWT in
 * test/assertions/python.test.ts.
 */
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import type { Latchkey } from "../../src/latchkey.js";
import type { Browser } from "../../src/testing/browser.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
const nodes: Latchkey[] = [];
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  await world.close();
});

const audience = "https://chat.example.com";
const issuer = "http://localhost:3000/auth";

async function aWorldWithAnn(config: Partial<ConfigInput> = {}): Promise<Browser> {
  world = await createWorld({ config });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  return ann;
}

/** A request of the app around us, from this browser. */
const requestOf = (browser: Browser) =>
  new Request("http://localhost:3000/page", {
    headers: { cookie: browser.cookies.header(world.url("/session")) ?? "" },
  });

async function assertionOf(browser: Browser): Promise<string> {
  const issued = await world.latchkey.sessions.assertion(requestOf(browser), { audience });
  if (!issued) throw new Error("nobody is signed in");
  return issued.assertion;
}

const keySet = async (): Promise<JSONWebKeySet> => (await world.request("/jwks.json")).json();

const verified = async (assertion: string, by: { audience?: string; issuer?: string } = {}) =>
  jwtVerify(assertion, createLocalJWKSet(await keySet()), {
    issuer,
    audience,
    typ: "latchkey-assertion+jwt",
    requiredClaims: ["iat", "exp", "jti", "sub", "sid"],
    ...by,
  });

describe("an app behind us", () => {
  test("LO-11 learns who is signed in from an assertion that the library gives, and checks it with the key set", async () => {
    const ann = await aWorldWithAnn();
    const { user, session } = (await world.session(ann)).body;
    const { payload, protectedHeader } = await verified(await assertionOf(ann));
    expect(protectedHeader).toEqual({ alg: "EdDSA", typ: "latchkey-assertion+jwt", kid: expect.any(String) });
    expect(payload).toEqual({
      iss: issuer,
      aud: audience,
      sub: user?.id,
      sid: session?.id,
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 300,
      jti: expect.any(String),
      email: "ann@example.com",
      email_verified: true,
      name: user?.name,
      role: "admin",
      groups: [],
    });
    const other = decodeJwt(await assertionOf(ann));
    expect(other.jti).not.toBe(payload.jti);
  });

  test("LO-11 nobody gets one without a session, and nobody who waits for approval", async () => {
    await aWorldWithAnn();
    const issue = (browser: Browser) => world.latchkey.sessions.assertion(requestOf(browser), { audience });
    expect(await issue(world.browser())).toBeNull();
    const ben = world.browser();
    await world.signIn(ben, "ben-2");
    await expect(issue(ben)).rejects.toThrow("account.pending");
  });

  test("LO-11 the audience is a name that a header can carry", async () => {
    const ann = await aWorldWithAnn();
    for (const name of ["", "a b", "https://ü.example", "x".repeat(513)])
      await expect(world.latchkey.sessions.assertion(requestOf(ann), { audience: name })).rejects.toThrow(
        "server.bad_request",
      );
  });

  test("LO-11 refuses one for another app, and one that was changed", async () => {
    const assertion = await assertionOf(await aWorldWithAnn());
    await expect(verified(assertion, { audience: "https://mail.example.com" })).rejects.toThrow("aud");
    const [head = "", , signature = ""] = assertion.split(".");
    const admin = Buffer.from(JSON.stringify({ ...decodeJwt(assertion), sub: "somebody-else" })).toString("base64url");
    await expect(verified([head, admin, signature].join("."))).rejects.toThrow("signature verification failed");
  });

  test("LO-11 [option:assertions.alg] ES256 for a library that knows no EdDSA", async () => {
    const ann = await aWorldWithAnn({ assertions: { alg: "ES256" } });
    const assertion = await assertionOf(ann);
    expect((await verified(assertion)).protectedHeader.alg).toBe("ES256");
    expect((await keySet()).keys).toEqual([
      {
        kty: "EC",
        crv: "P-256",
        x: expect.any(String),
        y: expect.any(String),
        kid: expect.any(String),
        alg: "ES256",
        use: "sig",
      },
    ]);
  });

  test("LO-11 [option:assertions.lifetime] is how long one is good for", async () => {
    const ann = await aWorldWithAnn({ assertions: { lifetime: "30s" } });
    const issued = await world.latchkey.sessions.assertion(requestOf(ann), { audience });
    const { iat = 0, exp = 0 } = decodeJwt(issued?.assertion ?? "");
    expect(exp - iat).toBe(30);
    expect(issued?.expiresAt).toBe(exp * 1_000);
  });
});

describe("a second implementation", () => {
  /** oauth4webapi, with our origin's requests carried to this world. */
  const carried = { [oauth.customFetch]: (url: string, init: object) => world.fetch(new Request(url, init)) };
  const plain = { [oauth.allowInsecureRequests]: true, ...carried } as const;
  const server = async () => {
    const asked = await oauth.discoveryRequest(new URL(issuer), { algorithm: "oauth2", ...plain });
    return oauth.processDiscoveryResponse(new URL(issuer), asked);
  };

  test("LO-11 finds our keys by RFC 8414 and proves signature, iss, aud and times of an assertion with them", async () => {
    const assertion = await assertionOf(await aWorldWithAnn());
    const as = await server();
    expect(as).toMatchObject({ issuer, jwks_uri: `${issuer}/jwks.json` });
    // The one check of a signed JWT in oauth4webapi that leaves `typ` to its caller.
    const checkedBy = (jwt: string, aud: string) =>
      oauth.validateJwtAuthResponse(
        { ...as, authorization_signing_alg_values_supported: ["EdDSA"] },
        { client_id: aud },
        new URLSearchParams({ response: jwt }),
        oauth.expectNoState,
        plain,
      );
    await expect(checkedBy(assertion, audience)).resolves.toBeInstanceOf(URLSearchParams);
    await expect(checkedBy(assertion, "https://mail.example.com")).rejects.toThrow('"aud"');
    const [head, payload, signature = ""] = assertion.split(".");
    const changed = [head, payload, (signature.startsWith("A") ? "B" : "A") + signature.slice(1)].join(".");
    await expect(checkedBy(changed, audience)).rejects.toThrow("signature verification failed");
  });

  test("LO-11 AT-19 does not take an assertion for an access token (RFC 9068)", async () => {
    const assertion = await assertionOf(await aWorldWithAnn());
    const request = new Request("https://api.example.com/", { headers: { authorization: `Bearer ${assertion}` } });
    await expect(oauth.validateJwtAccessToken(await server(), request, audience, plain)).rejects.toMatchObject({
      message: expect.stringContaining("typ"),
    });
  });
});

describe("the key set and the metadata", () => {
  test("LO-11 hold no private number, may be read by everybody, and be kept for five minutes", async () => {
    await aWorldWithAnn();
    for (const url of [
      `${issuer}/jwks.json`,
      `${issuer}/.well-known/oauth-authorization-server`,
      "http://localhost:3000/.well-known/oauth-authorization-server/auth",
    ]) {
      const answer = await world.fetch(new Request(url));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=300");
      expect(answer.headers.get("set-cookie")).toBeNull();
      expect(await answer.text()).not.toMatch(/"d":/);
    }
    expect((await keySet()).keys).toHaveLength(1);
  });

  test("LO-11 SU-15 an app that mounts us below the base path alone asks wellKnown, and keeps what is its own", async () => {
    await aWorldWithAnn();
    const ask = (path: string) => world.latchkey.wellKnown(new Request(`http://localhost:3000${path}`));
    const answer = await ask("/.well-known/oauth-authorization-server/auth?x=1");
    expect(await answer?.json()).toMatchObject({ issuer });
    for (const path of [
      "/.well-known/oauth-authorization-server",
      "/.well-known/oauth-authorization-server/other",
      "/.well-known/openid-configuration",
      "/auth/session",
    ])
      expect(await ask(path), path).toBeUndefined();
  });

  test("LO-11 nodes that need a first key at once make one, and all sign with it", async () => {
    const ann = await aWorldWithAnn();
    // Those on one database: where a world keeps its rows in this process's memory there is only this one.
    const shared = String(world.config.database) !== "sqlite::memory:";
    for (let more = 0; shared && more < 3; more++) {
      nodes.push(await createLatchkey({ ...world.config, ports: { log: silentLog } }));
    }
    const all = [world.latchkey, ...nodes];
    const asked = [...all, ...all].map((node) => node.sessions.assertion(requestOf(ann), { audience }));
    const kids = (await Promise.all(asked)).map((issued) => decodeProtectedHeader(issued?.assertion ?? "").kid);
    expect(new Set(kids).size).toBe(1);
    expect((await keySet()).keys.map(({ kid }) => kid)).toEqual([kids[0]]);
  });
});
