/** Long because it is one table of everything that the schema accepts and refuses. */
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describeProblem } from "./describe-problem.js";
import { laterKeys } from "./later.js";
import type { ConfigProblem } from "./problems.js";
import { resolveConfig, resolveUnknown } from "./resolve.js";
import type { ConfigInput } from "./schema.js";
import { nodeAt, schemaLeaves } from "./schema-tree.js";

const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
const provider = { id: "corp", issuer: "https://idp.corp.test", clientId: "latchkey" };
const toolServer = { id: "files", url: "https://files.corp.test/mcp" };
const least: ConfigInput = { baseUrl: "http://localhost:3000", secrets: [strong], providers: [provider] };

function problemsIn(input: unknown): readonly ConfigProblem[] {
  const resolved = resolveUnknown(input);
  return resolved.ok ? [] : resolved.error;
}
const pathsIn = (input: unknown) => problemsIn(input).map((problem) => problem.path);
/** The least configuration with one value changed: `with("sessions.idle", "9d")`. */
function having(path: string, value: unknown, base: ConfigInput = least): unknown {
  const copy = structuredClone(base) as Record<string, unknown>;
  put(copy, path, value);
  return copy;
}
function put(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  let at = target;
  for (const name of names.slice(0, -1)) {
    at[name] ??= {};
    at = at[name] as Record<string, unknown>;
  }
  at[names.at(-1) ?? ""] = value;
}

describe("defaults", () => {
  test("SU-1 baseUrl, one secret and one provider are enough", () => {
    const resolved = resolveConfig(least);
    expect(resolved.ok).toBe(true);
    if (!resolved.ok) return;
    const { value } = resolved;
    expect(value.basePath).toBe("/auth");
    expect(value.database).toEqual({ kind: "sqlite", path: "./latchkey.db" });
    expect(value.sessions).toMatchObject({
      lifetime: 30 * 86_400_000,
      idle: 7 * 86_400_000,
      cookieName: "latchkey",
      sameSite: "lax",
    });
    expect(value.egress).toMatchObject({ timeout: 10_000, maxBytes: 1_000_000, proxy: null });
    expect(value.rateLimits).toEqual({
      start: { points: 600, per: 60_000 },
      callback: { points: 60, per: 60_000 },
      logout: { points: 60, per: 60_000 },
      token: { points: 600, per: 60_000 },
    });
    expect(value.providers[0]).toMatchObject({
      preset: "oidc",
      // The preset's: what it comes to is proved at the registry.
      scopes: null,
      logout: "provider",
      emailVerified: "claim",
    });
    expect(value.signIn).toMatchObject({
      signUp: false,
      linking: "deny",
      flowLifetime: 600_000,
      clockTolerance: 60_000,
    });
  });

  test("SU-1 every default is itself accepted when it is written out", () => {
    // A list whose items have defaults needs an item.
    const webhooks = [{ url: "https://hooks.corp.test/in", secret: `whsec_${btoa(strong)}` }];
    const services = [{ id: "chat", secret: strong }];
    const lists = { webhooks, toolServers: [toolServer], services };
    const document = structuredClone({ ...least, ...lists }) as Record<string, unknown>;
    for (const { path, node } of schemaLeaves()) {
      if (node.fallback === undefined) continue;
      // No secret is the default of a webhook, and only chat services can do without one.
      if (path !== "webhooks.*.secret") put(document, path.replace("*", "0"), node.fallback);
    }
    expect(problemsIn(document)).toEqual([]);
    expect(resolveUnknown(document)).toEqual(resolveUnknown({ ...least, ...lists }));
  });

  test("SU-1 every key says what it is for", () => {
    const silent = schemaLeaves().filter(({ node }) => node.description.length < 15);
    expect(silent.map(({ path }) => path)).toEqual([]);
    expect(schemaLeaves().length).toBeGreaterThan(70);
  });

  test("SU-1 rateLimits: off switches every limit off", () => {
    const resolved = resolveUnknown({ ...least, rateLimits: "off" });
    expect(resolved.ok && resolved.value.rateLimits).toEqual({
      start: "off",
      callback: "off",
      logout: "off",
      token: "off",
    });
  });
});

describe("problems", () => {
  test("SU-1 all of them are listed at once, those between two keys too", () => {
    const paths = pathsIn({
      baseUrl: "http://localhost:3000/app",
      secrets: ["short"],
      providers: [
        { id: "corp", clientId: 5 },
        { ...provider, authorizeParams: { state: "mine" } },
      ],
      sessions: { idle: "60d", sameSite: "none", colour: "red" },
      sesions: {},
    });
    expect(paths).toEqual(
      expect.arrayContaining([
        "baseUrl",
        "secrets.0",
        "providers.0.issuer",
        "providers.0.clientId",
        "providers.1.authorizeParams.state",
        "providers.1.id",
        "sessions.idle",
        "sessions.sameSite",
        "sessions.colour",
        "sesions",
      ]),
    );
    expect(paths).toHaveLength(10);
  });

  test("SU-1 a path in baseUrl does not hide that it is plain http on a public name", () => {
    const messages = problemsIn(having("baseUrl", "http://app.test/path")).map(({ message }) => message);
    expect(messages).toEqual(["must not have a path; that is basePath", "is http on a name that is not loopback"]);
  });

  test.each<[written: string, value: unknown, nearest: string | null]>([
    ["sesions", {}, "sessions"],
    ["BASE_PATH", "/x", "basePath"],
    ["signIn.signup", true, "signUp"],
    ["providers.0.clientSecrt", "x", "clientSecret"],
    ["cookieName", "x", "sessions.cookieName"],
    ["extends", "https://evil.test/config", null],
    ["completelyDifferent", 1, null],
  ])("SU-1 the unknown key %s is refused with the nearest known one", (path, value, nearest) => {
    const found = problemsIn(having(path, value));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ path, kind: "unknown", nearest, found: null });
  });

  test.each(laterKeys)("SU-1 %s is refused as not yet there, never ignored", (key) => {
    const path = key.replace("*", "0");
    const found = problemsIn(having(path, { some: "value" }, { ...least, toolServers: [toolServer] }));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ path, kind: "not_yet" });
    expect(describeProblem(found[0] as ConfigProblem)).toContain("not yet");
    expect(nodeAt(path.split("."))).toBeUndefined();
  });

  test.each<[path: string, value: unknown]>([
    ["baseUrl", "localhost:3000"],
    ["baseUrl", "https://app.test/path"],
    ["baseUrl", "https://app.test/?a"],
    ["baseUrl", "https://app.test/#a"],
    ["baseUrl", "https://user:pw@app.test"],
    ["baseUrl", "ftp://app.test"],
    ["baseUrl", "http://app.test"],
    ["baseUrl", "http://127.0.0.1.evil.test"],
    ["baseUrl", "http://localhost.evil.test"],
    ["basePath", "auth"],
    ["basePath", "/auth/"],
    ["basePath", "//evil.test"],
    ["basePath", "/a/../b"],
    ["basePath", ""],
    ["secrets", []],
    ["secrets", strong],
    ["database", "mysql://x"],
    ["database", "sqlite://host/file"],
    ["server.port", 65_536],
    ["server.port", "3000"],
    ["server.trustedProxies", ["10.0.0.0/33"]],
    ["server.trustedProxies", ["proxy.internal"]],
    // As prefixes of IPv4 addresses they would let in every one of them, or far more than they say.
    ["server.trustedProxies", ["::ffff:10.0.0.0/0"]],
    ["server.trustedProxies", ["::ffff:10.0.0.0/95"]],
    ["server.trustedProxies", ["::ffff:10.0.0.0/129"]],
    ["server.trustedProxies", ["fe80::1%eth0"]],
    ["egress.allow", ["::ffff:10.0.0.0/8"]],
    ["egress.allow", ["fe80::1%eth0"]],
    ["egress.noProxy", ["::ffff:10.0.0.0/8"]],
    ["egress.allow", ["10.0.0.0/8/8"]],
    ["egress.allowHttp", ["http://localhost"]],
    ["egress.maxBytes", "1 parsec"],
    ["egress.proxy", "socks5://x"],
    ["providers", []],
    ["providers.0.id", "Corp"],
    ["providers.0.id", "a".repeat(33)],
    ["providers.0.icon", "https://cdn.evil.test/x.png"],
    ["providers.0.icon", "//cdn.evil.test/x.png"],
    ["providers.0.icon", "data:text/html,x"],
    ["providers.0.issuer", "https://idp.corp.test/?tenant=1"],
    ["providers.0.issuer", "https://idp.corp.test/#x"],
    ["providers.0.issuer", "idp.corp.test"],
    ["providers.0.scopes", ["openid", "email profile"]],
    ["providers.0.scopes", ["email"]],
    ["providers.0.redirectUri", "https://app.test/cb#x"],
    ["providers.0.redirectUri", "http://localhost:3000/auth/session"],
    ["providers.0.redirectUri", "http://localhost:3000/auth/providers/other/callback"],
    ["signIn.allowedDomains", []],
    ["signIn.allowedDomains", ["*.*"]],
    ["signIn.allowedDomains", ["ann@example.test"]],
    ["signIn.bootstrapAdmins", ["ann"]],
    ["signIn.defaultReturnTo", "https://evil.test"],
    ["signIn.defaultReturnTo", "//evil.test"],
    ["signIn.defaultReturnTo", "/\\evil.test"],
    ["signIn.defaultReturnTo", "/\t/evil.test"],
    ["signIn.signOut.allowedReturnTo", ["https://app.test/path"]],
    ["signIn.signOut.returnTo", "https://elsewhere.test/bye"],
    ["signIn.clockTolerance", "301s"],
    ["roles.order", ["user", "pending", "admin"]],
    ["roles.order", ["pending", "user"]],
    ["roles.order", ["pending", "user", "user", "admin"]],
    ["roles.default", "owner"],
    ["roles.rules", [{ when: [], role: "user" }]],
    ["roles.rules", [{ when: ["a"], role: "owner" }]],
    ["roles.rules", [{ when: ["regex:(a"], role: "user" }]],
    [
      "roles.rules",
      [Array.from({ length: 60 }, (_, i) => `a${i}`), Array.from({ length: 60 }, (_, i) => `b${i}`)].map((when) => ({
        when,
        role: "user",
      })),
    ],
    ["roles.allowed", ["regex:[a"]],
    ["roles.admin", Array.from({ length: 101 }, (_, i) => `a${i}`)],
    ["roles.noMatch", "keep"],
    ["roles.absent.newUser", "keep"],
    ["roles.absent.knownUser", "empty"],
    ["groups.blocked", ["regex:("]],
    ["groups.blocked", ["a".repeat(257)]],
    ["groups.blocked", Array.from({ length: 101 }, (_, i) => `a${i}`)],
    ["groups.join", "all"],
    ["groups.default", " staff"],
    ["groups.permissions", ["a"]],
    ["groups.share", "everybody"],
    ["limits.groupsPerClaim", 0],
    ["limits.groupsPerClaim", 10_001],
    ["providers.0.roles.default", "owner"],
    ["providers.0.roles.rules", [{ when: ["a"], role: "owner" }]],
    ["providers.0.roles.allowed", ["regex:("]],
    ["providers.0.roles.order", ["pending", "user", "admin"]],
    ["providers.0.groups.blocked", ["regex:("]],
    ["signIn.claims.roles", ""],
    ["signIn.claims.rolesSeparator", "123456789"],
    ["sessions.lifetime", "401d"],
    ["sessions.lifetime", "1d"],
    ["sessions.idle", "31d"],
    ["sessions.idle", 1000],
    ["sessions.cookieName", "a b"],
    ["sessions.cookieName", "__Host-x"],
    ["sessions.cookieName", "latchkey-flow-x"],
    ["sessions.cookieDomain", ".example.test"],
    ["sessions.cookieDomain", "example.test"],
    ["sessions.sameSite", "strict"],
    ["rateLimits.start", "600/day"],
    ["rateLimits.start", "0/min"],
  ])("SU-1 refuses %s: %j", (path, value) => {
    const paths = pathsIn(having(path, value));
    expect(paths).toHaveLength(1);
    expect(paths[0]).toMatch(new RegExp(`^${path.replaceAll(".", "\\.")}(\\.|$)`));
  });

  test.each<[path: string, value: unknown]>([
    ["baseUrl", "https://app.test"],
    ["baseUrl", "https://app.test:8443/"],
    ["baseUrl", "http://127.0.0.1:3000"],
    ["baseUrl", "http://[::1]:3000"],
    ["baseUrl", "http://app.localhost"],
    ["basePath", "/some/where"],
    ["database", "sqlite::memory:"],
    ["server.trustedProxies", ["10.0.0.0/8", "::1", "fd00::/8", "::ffff:0:0/96", "::ffff:10.0.0.0/104"]],
    ["egress.allow", ["10.0.0.0/8", "idp.internal", "::ffff:10.0.0.0/104"]],
    ["egress.proxy", "http://user:pw@proxy.internal:3128"],
    ["egress.allowHttp", ["localhost", "127.0.0.1:8080", "[::1]:8080"]],
    ["signIn.allowedDomains", ["example.test", "*.Example.test"]],
    ["signIn.signOut.returnTo", "/bye"],
    ["roles.order", ["pending", "guest", "user", "editor", "admin"]],
    ["roles.rules", [{ when: ["glob:ops-*", "regex:^a+$", "x"], role: "admin" }]],
    ["roles.allowed", []],
    ["groups.permissions", { chat: { delete: true }, level: 2 }],
    ["groups.share", "members"],
    ["groups.share", false],
    ["groups.default", "All staff"],
    ["signIn.claims.groupsSeparator", ""],
    ["signIn.claims.groups", "https://claims.test/groups"],
    ["providers.0.roles", null],
    ["providers.0.roles", { fromClaims: true, absent: { newUser: "default" } }],
    ["providers.0.groups", { default: null, blocked: ["glob:*-admins"] }],
    ["providers.0.redirectUri", "http://localhost:3000/oauth/oidc/callback"],
    ["providers.0.authorizeParams", { prompt: "login", max_age: 0 }],
    ["rateLimits.callback", "off"],
  ])("SU-1 accepts %s: %j", (path, value) => {
    expect(problemsIn(having(path, value))).toEqual([]);
  });

  test("SU-3 baseUrl is kept as an origin, without a trailing slash and in lower case", () => {
    const resolved = resolveUnknown(having("baseUrl", "https://APP.test/"));
    expect(resolved.ok && resolved.value.baseUrl).toBe("https://app.test");
  });

  test("SI-8 http on a name that is not loopback needs server.insecureHttp", () => {
    const http = { ...least, baseUrl: "http://intranet.corp.test" };
    expect(pathsIn(http)).toEqual(["baseUrl"]);
    expect(pathsIn({ ...http, server: { insecureHttp: true } })).toEqual([]);
  });

  test("SI-1 two providers of one id are refused", () => {
    expect(pathsIn({ ...least, providers: [provider, { ...provider }] })).toEqual(["providers.1.id"]);
    expect(pathsIn({ ...least, providers: [provider, { ...provider, id: "other" }] })).toEqual([]);
  });

  test("SI-26 two providers never share one redirect URI, whether it is written or made", () => {
    const shared = "https://app.test/callback";
    const two = (a: object, b: object) =>
      pathsIn({
        ...least,
        providers: [
          { ...provider, ...a },
          { ...provider, id: "other", ...b },
        ],
      });
    expect(two({ redirectUri: shared }, { redirectUri: shared })).toEqual(["providers.1.redirectUri"]);
    expect(two({ redirectUri: "https://app.test/x/../callback" }, { redirectUri: shared })).toEqual([
      "providers.1.redirectUri",
    ]);
    expect(two({}, { redirectUri: "http://localhost:3000/auth/providers/corp/callback" })).toEqual([
      "providers.1.redirectUri",
    ]);
    expect(two({ redirectUri: shared }, {})).toEqual([]);
  });

  test.each([
    "client_id",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "redirect_uri",
    "client_assertion_type",
    "STATE",
    "registration",
  ])("SI-6 the reserved parameter %s is refused, for one provider and for all", (name) => {
    expect(pathsIn(having("signIn.authorizeParams", { [name]: "x" }))).toEqual([`signIn.authorizeParams.${name}`]);
    expect(pathsIn(having("providers.0.authorizeParams", { [name]: "x" }))).toEqual([
      `providers.0.authorizeParams.${name}`,
    ]);
  });

  test.each(["5m", "300s", -1, 0.5, " 300", "", "1e3", "12345678901", true])(
    "SI-6 max_age: %j, which the provider may understand and nobody checks, is refused",
    (maxAge) => {
      for (const where of ["signIn.authorizeParams", "providers.0.authorizeParams"]) {
        expect(pathsIn(having(where, { max_age: maxAge }))).toEqual([`${where}.max_age`]);
      }
    },
  );

  test("SI-6 max_age is whole seconds, under that name alone", () => {
    expect(pathsIn(having("providers.0.authorizeParams", { MAX_AGE: 300 }))).toEqual([
      "providers.0.authorizeParams.MAX_AGE",
    ]);
    for (const maxAge of [0, "0", 300, "300"]) {
      expect(pathsIn(having("signIn.authorizeParams", { max_age: maxAge }))).toEqual([]);
    }
  });

  test("SI-4 a method of client authentication needs its credential", () => {
    expect(pathsIn(having("providers.0.tokenEndpointAuthMethod", "private_key_jwt"))).toEqual([
      "providers.0.clientKey",
    ]);
    expect(pathsIn(having("providers.0.tokenEndpointAuthMethod", "client_secret_post"))).toEqual([
      "providers.0.clientSecret",
    ]);
    expect(pathsIn(having("providers.0.tokenEndpointAuthMethod", "none"))).toEqual([]);
  });
});

describe("secrets", () => {
  test.each([
    "short",
    "changeme-changeme-changeme-changeme",
    "01234567890123456789012345678901",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  ])("VA-3 the weak secret %s is refused with the command that makes a good one", (weak) => {
    const found = problemsIn({ ...least, secrets: [strong, weak] });
    expect(found.map((problem) => problem.path)).toEqual(["secrets.1"]);
    expect(found[0]?.allowed).toContain("openssl rand -base64 32");
  });

  test("VA-5 no problem shows a secret, wherever it was written", () => {
    const leak = "hunter2-hunter2";
    const inputs = [
      { ...least, secrets: leak },
      { ...least, secrets: [leak] },
      { ...least, secrets: { a: leak } },
      having("providers.0.clientSecrt", leak),
      having("providers.0.clientSecret", [leak]),
      having("providers.0.clientKey", { d: leak }),
      having("providers.0.authorizeParams", { client_secret: leak }),
      having("clientSecret", leak),
      having("database", `mysql://user:${leak}@host/db`),
      having("database", `postgres://user:${leak}@host`),
      having("bus", `amqp://:${leak}@host`),
      having("baseUrl", `https://user:${leak}@app.test`),
      having("egress.proxy", `ftp://user:${leak}@proxy`),
      having("toolServers", [{ clientSecret: leak }]),
    ];
    for (const input of inputs) {
      const found = problemsIn(input);
      expect(found.length).toBeGreaterThan(0);
      expect(JSON.stringify(found) + found.map(describeProblem).join()).not.toContain(leak);
    }
  });

  test("VA-5 a resolved configuration does not print its secrets", () => {
    const resolved = resolveUnknown(having("providers.0.clientSecret", "hunter2"));
    expect(JSON.stringify(resolved) + inspect(resolved, { depth: null })).not.toMatch(/hunter2|q8Xo1/);
    expect(resolved.ok && resolved.value.providers[0]?.clientSecret?.reveal()).toBe("hunter2");
  });
});

describe("anything at all", () => {
  const names = fc.constantFrom(
    "baseUrl",
    "secrets",
    "providers",
    "signIn",
    "sessions",
    "roles",
    "rateLimits",
    "authorizeParams",
    "claims",
    "order",
    "default",
    "idle",
    "redirectUri",
    "id",
    "issuer",
    "scopes",
    "__proto__",
    "constructor",
    "toString",
    "",
  );
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        1e308,
        "",
        "off",
        "https://x.test",
        "http://localhost",
        strong,
        "30d",
        "\u0000",
      ),
      fc.string({ unit: "binary" }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(names, tie("value"), { maxKeys: 6 }),
    ),
  })).value;

  test("SU-1 never throws, and refuses with at least one problem or accepts", () => {
    fc.assert(
      fc.property(fc.oneof(tree, fc.jsonValue()), (input) => {
        const resolved = resolveUnknown(input);
        return (
          resolved.ok ||
          (resolved.error.length > 0 && resolved.error.every((problem) => describeProblem(problem).length > 0))
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test("SU-1 never throws when one value of a good configuration is anything", () => {
    const paths = schemaLeaves().map(({ path }) => path.replaceAll("*", "0"));
    fc.assert(
      fc.property(fc.constantFrom(...paths), tree, (path, value) => {
        const resolved = resolveUnknown(having(path, value));
        return resolved.ok || resolved.error.length > 0;
      }),
      { numRuns: 2_000 },
    );
  });
});
