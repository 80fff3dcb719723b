/** AT-54, AT-55: what somebody finds who has copied the database, and what stands in logs, audit events, pages and URLs. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, test } from "vitest";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { GrantId, UserId } from "../../src/kernel/ids.js";
import { secret } from "../../src/kernel/secret.js";
import type { Page } from "../../src/testing/browser.js";
import type { Answer } from "../../src/testing/fake-provider/answers.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { openGrant } from "../../src/vault/sealed-grant.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const ourSecret = "canary-of-our-own-secret-kX9f2LqP0sT7vZ-yes";
const connection = "provider:fake";

/** A world on a file, with every secret that passes through it written down as it passes. */
async function aWatchedWorld(signIn: object = {}) {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-at-rest-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const world = await createWorld({
    config: {
      database: `sqlite:${join(folder, "latchkey.db")}`,
      secrets: [ourSecret],
      log: { level: "debug" },
      signIn: { signUp: true, ...signIn },
    },
  });
  closing.push(() => world.close());
  const canaries = new Map<string, string>([
    ["our secret", ourSecret],
    ["client secret", String(world.provider.client.clientSecret)],
  ]);
  world.provider.script({ token: async (honest) => noteTokens(canaries, await honest()) });
  return { world, folder, canaries };
}

/** Writes down the tokens of an honest answer, and passes it on. */
function noteTokens(canaries: Map<string, string>, answer: Answer): Answer {
  const body = (answer.json ?? {}) as Record<string, unknown>;
  for (const name of ["access_token", "refresh_token", "id_token"]) {
    if (typeof body[name] === "string") canaries.set(name, body[name]);
  }
  return answer;
}

/** Adds what went over the wire: code, state, nonce, verifier, and the browser's cookies. */
function noteWire(world: World, canaries: Map<string, string>): void {
  for (const request of world.provider.requests) {
    for (const name of ["state", "nonce"]) {
      const value = request.query.get(name);
      if (request.endpoint === "authorize" && value) canaries.set(`${name} ${canaries.size}`, value);
    }
    for (const name of ["code", "code_verifier"]) {
      const value = request.form.get(name);
      if (value) canaries.set(`${name} ${canaries.size}`, value);
    }
  }
}

async function everythingIn(folder: string): Promise<string> {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "latin1")));
  return files.join("\n");
}

const sessionCookie = (cookieHeader: string | undefined) =>
  /latchkey=([\w-]{43})/.exec(cookieHeader ?? "")?.[1] ?? "no session";

describe("AT-54 SI-20 a copy of the database", () => {
  test("VA-2 holds no token, code, verifier, session value or secret that can be read", async () => {
    const { world, folder, canaries } = await aWatchedWorld();
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    noteWire(world, canaries);
    canaries.set("session", sessionCookie(browser.cookies.header(world.url("/session"))));
    expect([...canaries.keys()]).toEqual(
      expect.arrayContaining(["access_token", "id_token", "session", "client secret"]),
    );

    const bytes = await everythingIn(folder);
    // What may be read is there, so the search is not looking at an empty file.
    expect(bytes).toContain("ann@example.com");
    for (const [name, canary] of canaries) expect(bytes.includes(canary), name).toBe(false);
    // Nor under a thin coat of paint.
    for (const [name, canary] of canaries) {
      expect(bytes.includes(Buffer.from(canary).toString("base64url")), name).toBe(false);
      expect(bytes.includes(Buffer.from(canary).toString("hex")), name).toBe(false);
    }
  });

  test("VA-2 a ciphertext moved to another row, user or connection does not open", async () => {
    const { world, folder } = await aWatchedWorld();
    await world.signIn(world.browser(), "ann-1");
    await world.signIn(world.browser(), "ben-2");
    const database = new Database(join(folder, "latchkey.db"), { readonly: true });
    const rows = database.prepare("select id, user_id as userId, connection, sealed from grants order by id").all() as {
      id: GrantId;
      userId: UserId;
      connection: string;
      sealed: string;
    }[];
    database.close();
    const keyring = createKeyring({ secrets: [secret(ourSecret)], random: systemRandom });
    const [ann, ben] = rows;
    if (!ann || !ben) throw new Error("two grants");
    expect(openGrant(keyring, ann)?.accessToken).toBeTruthy();
    expect(openGrant(keyring, { ...ann, sealed: ben.sealed })).toBeUndefined();
    expect(openGrant(keyring, { ...ben, id: ann.id })).toBeUndefined();
    expect(openGrant(keyring, { ...ben, userId: ann.userId })).toBeUndefined();
    expect(openGrant(keyring, { ...ann, connection: "provider:other" })).toBeUndefined();
    const stranger = createKeyring({ secrets: [secret(`${ourSecret}2`)], random: systemRandom });
    expect(openGrant(stranger, ann)).toBeUndefined();
    expect(ann.connection).toBe(connection);
  });
});

describe("AT-55 SI-24 canaries on every path", () => {
  const succeeds = "a sign-in that succeeds";
  const refusedByRules = "a person whom the account rules refuse";
  const paths: [what: string, sabotage: (world: World, canaries: Map<string, string>) => void][] = [
    [succeeds, () => {}],
    [
      "a token endpoint that repeats the request in its error",
      (world) => {
        world.provider.script({
          token: async (_honest, request) => ({
            status: 400,
            json: { error: "invalid_grant", error_description: `${request.body} ${request.headers["authorization"]}` },
          }),
        });
      },
    ],
    [
      "a token endpoint that answers 500 with the request in HTML",
      (world) => {
        world.provider.script({
          token: async (_honest, request) => ({
            status: 500,
            body: `<pre>${request.body}${request.headers["authorization"]}</pre>`,
            headers: { "content-type": "text/html" },
          }),
        });
      },
    ],
    [
      "a token answer that is not JSON but holds the tokens",
      (world, canaries) => {
        world.provider.script({
          token: async (real) => ({ body: `oops ${JSON.stringify(noteTokens(canaries, await real()).json)}` }),
        });
      },
    ],
    [
      "a token answer with a broken token type",
      (world, canaries) => {
        world.provider.script({
          token: async (real) => ({
            json: { ...(noteTokens(canaries, await real()).json as object), token_type: "mac" },
          }),
        });
      },
    ],
    [
      "an ID token with a broken signature",
      (world, canaries) => {
        world.provider.script({
          token: async (real): Promise<Answer> => {
            const json = noteTokens(canaries, await real()).json as Record<string, string>;
            return { json: { ...json, id_token: `${json["id_token"]?.slice(0, -8)}AAAAAAAA` } };
          },
        });
      },
    ],
    [
      "userinfo that is about somebody else",
      (world) => {
        world.provider.script({ userinfo: () => ({ json: { sub: "somebody-else" } }) });
      },
    ],
    [
      "userinfo that refuses the token and repeats it",
      (world) => {
        world.provider.script({
          userinfo: (_real, request) => ({
            status: 401,
            body: String(request.headers["authorization"]),
            headers: { "www-authenticate": `Bearer error="${request.headers["authorization"]}"` },
          }),
        });
      },
    ],
    [
      "a provider that goes down before the code is sent",
      (world) => {
        world.provider.script({ token: { raw: (_request, response) => void response.destroy() } });
      },
    ],
    [refusedByRules, () => {}],
  ];

  test.each(paths)("%s: no log line, audit event, page, header or URL of ours holds one", async (what, sabotage) => {
    const closed = { signUp: false, bootstrapAdmins: ["nobody@example.com"] };
    const { world, folder, canaries } = await aWatchedWorld(what === refusedByRules ? closed : {});
    sabotage(world, canaries);
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    const landed = await browser.get(callback, { from: world.provider.issuer });
    const signedIn = landed.url === world.url("/account");
    expect(signedIn).toBe(what === succeeds);
    const shown: Page[] = [landed];
    if (signedIn) {
      canaries.set("session", sessionCookie(browser.cookies.header(world.url("/session"))));
      shown.push(await browser.get(world.url("/account")), await browser.get(world.url("/api/sessions")));
      shown.push(await browser.get(world.url("/session")), await browser.get(world.url("/api/identities")));
    }
    noteWire(world, canaries);

    const database = new Database(join(folder, "latchkey.db"), { readonly: true });
    const audit = JSON.stringify(database.prepare("select * from audit_events").all());
    database.close();
    // The callback URL itself is the provider's; everything after it is ours.
    const urls = [...landed.hops.slice(1).map((hop) => hop.url), ...shown.map((page) => page.url)].join("\n");
    const locations = landed.hops.map((hop) => hop.headers.get("location") ?? "").join("\n");
    const places = {
      log: world.log.text(),
      audit,
      urls,
      locations,
      pages: shown.map((page) => page.text).join("\n"),
      headers: shown
        .map((page) => JSON.stringify([...page.headers].filter(([name]) => name !== "set-cookie")))
        .join("\n"),
    };
    expect(places.log.length).toBeGreaterThan(200);
    for (const [name, canary] of canaries) {
      for (const [place, text] of Object.entries(places))
        expect(text.includes(canary), `${name} in ${place}`).toBe(false);
    }
  });
});
