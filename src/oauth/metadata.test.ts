import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { aProvider, countedRandom, loopbackEgress } from "../../test/support/oauth-setting.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type Duration, hours, minutes, seconds } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import { openSqliteStore } from "../store/sqlite.js";
import { type CapturedLog, createCapturedLog } from "../testing/captured-log.js";
import { type FakeProvider, startFakeProvider } from "../testing/fake-provider.js";
import { createManualClock, type ManualClock } from "../testing/manual-clock.js";
import { createMetadata, discoveryUrls, type Metadata } from "./metadata.js";

let idp: FakeProvider;
let egress: Egress;
let store: Store;
let clock: ManualClock;
let log: CapturedLog;
let metadata: Metadata;
let provider: Provider;

beforeEach(async () => {
  clock = createManualClock();
  log = createCapturedLog();
  idp = await startFakeProvider({ clock, path: "/tenant" });
  egress = loopbackEgress({ clock });
  store = await openSqliteStore({ path: ":memory:", clock, random: countedRandom(), log });
  metadata = createMetadata({ egress, store, clock, log });
  provider = aProvider({ issuer: idp.issuer });
});
afterEach(async () => {
  await idp.stop();
  await egress.close();
  await store.close();
});

/** A process that was started again: nothing in memory, the same database. */
const restarted = (): Metadata => createMetadata({ egress, store, clock, log });
const asked = (endpoint: "metadata" | "jwks") => idp.requestsTo(endpoint).length;
const failure = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "fine",
    (thrown) => (thrown instanceof LatchkeyError ? `${thrown.code} ${String(thrown.data["reason"])}` : String(thrown)),
  );
const later = (length: Duration) => clock.advance(length);
const honestMetadata = (members: Record<string, unknown>, headers: Record<string, string> = {}) =>
  idp.script({
    metadata: async (honest) => {
      const answer = await honest();
      return { ...answer, headers, json: { ...(answer.json as object), ...members } };
    },
  });

describe("where metadata lies", () => {
  test.each<[issuer: string, urls: string[]]>([
    [
      "https://idp.example",
      [
        "https://idp.example/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server",
      ],
    ],
    [
      "https://idp.example/",
      [
        "https://idp.example/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server",
      ],
    ],
    [
      "https://idp.example/a/b",
      [
        "https://idp.example/a/b/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server/a/b",
      ],
    ],
    [
      "https://idp.example/a/",
      [
        "https://idp.example/a/.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server/a",
      ],
    ],
    [
      "https://idp.example/a//",
      [
        "https://idp.example/a//.well-known/openid-configuration",
        "https://idp.example/.well-known/oauth-authorization-server/a/",
      ],
    ],
  ])("SI-2 %s", (issuer, urls) => {
    expect(discoveryUrls({ issuer, discoveryUrl: null })).toEqual(urls);
    expect(discoveryUrls({ issuer, discoveryUrl: "https://x.example/m" })).toEqual(["https://x.example/m"]);
  });

  test("SI-2 asks at the OpenID place, and at RFC 8414's when that is a 4xx", async () => {
    idp.next("metadata", { status: 404 });
    expect((await metadata.discover(provider)).issuer).toBe(idp.issuer);
    expect(idp.requestsTo("metadata").map((request) => request.path)).toEqual([
      "/tenant/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server/tenant",
    ]);
  });

  test("SI-2 does not go on to the second place when the first is broken for now", async () => {
    idp.script({ metadata: { status: 503 } });
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_unavailable status");
    expect(asked("metadata")).toBe(1);
  });

  test("SI-2 asks discoveryUrl alone where it is set; the issuer is compared all the same", async () => {
    const elsewhere = { ...provider, discoveryUrl: `${idp.issuer}/.well-known/openid-configuration` };
    expect((await metadata.discover(elsewhere)).issuer).toBe(idp.issuer);
    expect(await failure(metadata.discover({ ...elsewhere, issuer: "https://other.example" }))).toMatch(
      /misconfigured document_refused/,
    );
  });

  test("SI-2 endpoints of the configuration replace those of the document", async () => {
    const as = await metadata.discover({
      ...provider,
      endpoints: { token: "https://t.example/token", endSession: "https://e.example/out" },
    });
    expect(as).toMatchObject({
      token_endpoint: "https://t.example/token",
      end_session_endpoint: "https://e.example/out",
      userinfo_endpoint: `${idp.issuer}/userinfo`,
    });
  });
});

describe("what a document must say", () => {
  test.each<[why: string, change: (issuer: string) => unknown]>([
    ["another issuer", () => "https://evil.example"],
    ["a slash more", (issuer) => `${issuer}/`],
    ["another case", (issuer) => issuer.replace("http", "HTTP")],
    ["an escaped letter", (issuer) => issuer.replace("tenant", "%74enant")],
    ["none", () => undefined],
    ["a list", (issuer) => [issuer]],
  ])("SI-2 refuses an issuer that differs: %s", async (_why, change) => {
    honestMetadata({ issuer: change(idp.issuer) });
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_misconfigured document_refused");
  });

  test.each([
    "javascript:alert(1)",
    "file:///etc/passwd",
    "data:text/html,x",
    "http://idp.example/authorize",
    "/authorize",
    "",
    7,
    "https://user:pass@idp.example/authorize",
    "https://idp.example;sandbox/authorize",
    "https://*/authorize",
    undefined,
  ])("SI-5 SI-2 refuses %j as authorization_endpoint: a browser would open it", async (url) => {
    honestMetadata({ authorization_endpoint: url });
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_misconfigured document_refused");
  });

  test.each(["token_endpoint", "jwks_uri"])("SI-2 refuses a %s that is no URL", async (name) => {
    honestMetadata({ [name]: "ftp://idp.example/x" });
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_misconfigured document_refused");
  });

  test("SI-2 passes over optional members of the wrong kind", async () => {
    honestMetadata({
      end_session_endpoint: "javascript:alert(1)",
      revocation_endpoint: {},
      userinfo_endpoint: "",
      id_token_signing_alg_values_supported: "none",
      require_pushed_authorization_requests: "true",
    });
    const as = await metadata.discover(provider);
    expect([as.end_session_endpoint, as.revocation_endpoint, as.userinfo_endpoint]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([as.id_token_signing_alg_values_supported, as.require_pushed_authorization_requests]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test.each<[why: string, answer: object, code: string]>([
    [
      "HTML",
      { headers: { "Content-Type": "text/html" }, body: "<html>" },
      "signin.provider_misconfigured egress.content_type",
    ],
    [
      "HTML called JSON",
      { headers: { "Content-Type": "application/json" }, body: "<html>" },
      "signin.provider_misconfigured not_a_json_object",
    ],
    ["a list", { json: [] }, "signin.provider_misconfigured not_a_json_object"],
    [
      "null",
      { headers: { "Content-Type": "application/json" }, body: "null" },
      "signin.provider_misconfigured not_a_json_object",
    ],
    ["nothing", { headers: { "Content-Type": "application/json" } }, "signin.provider_misconfigured not_a_json_object"],
    [
      "40 MB",
      { headers: { "Content-Type": "application/json" }, body: Buffer.alloc(40_000_000, " ") },
      "signin.provider_misconfigured egress.too_large",
    ],
    [
      "an endless body",
      {
        raw: (_q: unknown, response: import("node:http").ServerResponse) => {
          response.setHeader("Content-Type", "application/json");
          const more = () => {
            while (!response.destroyed && response.write(Buffer.alloc(65_536, " ")));
          };
          response.on("drain", more).on("error", () => {});
          more();
        },
      },
      "signin.provider_misconfigured egress.too_large",
    ],
    ["404 at both places", { status: 404 }, "signin.provider_misconfigured status"],
    ["500", { status: 500 }, "signin.provider_unavailable status"],
    ["429", { status: 429 }, "signin.provider_unavailable status"],
    [
      "a cut connection",
      { raw: (request: import("node:http").IncomingMessage) => void request.socket.destroy() },
      "signin.provider_unavailable egress.failed",
    ],
    ["204", { status: 204 }, "signin.provider_misconfigured egress.content_type"],
  ])("SI-2 a broken document is a typed failure: %s", async (_why, answer, code) => {
    idp.script({ metadata: answer });
    expect(await failure(metadata.discover(provider))).toBe(code);
    expect(metadata.health(provider)).toBe(code.includes("unavailable") ? "unreachable" : "misconfigured");
  });

  test.each<[why: string, json: unknown]>([
    ["keys as an object", { keys: {} }],
    ["no keys", {}],
    ["a list", []],
  ])("SI-2 broken keys are a typed failure: %s", async (_why, json) => {
    const as = await metadata.discover(provider);
    idp.script({ jwks: { json } });
    expect(await failure(metadata.jwks(provider, as))).toMatch(/^signin\.provider_misconfigured/);
  });
});

describe("copies", () => {
  const lifetimes: [why: string, headers: Record<string, string>, length: Duration][] = [
    ["no headers: an hour", {}, hours(1)],
    ["max-age", { "Cache-Control": "public, max-age=1800" }, minutes(30)],
    ["max-age less Age", { "Cache-Control": "max-age=1800", Age: "600" }, minutes(20)],
    ["a short max-age: 5 minutes", { "Cache-Control": "max-age=1" }, minutes(5)],
    ["no-store: 5 minutes", { "Cache-Control": "no-store" }, minutes(5)],
    ["a long max-age: 24 hours", { "Cache-Control": "max-age=31536000" }, hours(24)],
    [
      "Expires beside Date",
      { Expires: "Thu, 01 Jan 2026 03:00:00 GMT", Date: "Thu, 01 Jan 2026 00:00:00 GMT" },
      hours(3),
    ],
    ["Expires: 0", { Expires: "0" }, minutes(5)],
  ];
  test.each(lifetimes)("SI-2 lifetime by headers: %s", async (_why, headers, length) => {
    honestMetadata({}, headers);
    await metadata.discover(provider);
    await later((length - 1) as Duration);
    await metadata.discover(provider);
    expect(asked("metadata")).toBe(1);
    await later(1 as Duration);
    await metadata.discover(provider);
    expect(asked("metadata")).toBe(2);
  });

  test("SI-2 a restart needs no request, for metadata or keys", async () => {
    const as = await metadata.discover(provider);
    await metadata.jwks(provider, as);
    const again = restarted();
    expect(await again.discover(provider)).toEqual(as);
    expect((await again.jwks(provider, as)).keys).toHaveLength(1);
    expect([asked("metadata"), asked("jwks")]).toEqual([1, 1]);
    expect(again.health(provider)).toBe("ok");
  });

  test("SI-2 what another node fetched is used before asking the provider", async () => {
    const other = restarted();
    await metadata.discover(provider);
    await later(hours(1));
    await other.discover(provider);
    await metadata.discover(provider);
    expect(asked("metadata")).toBe(2);
  });

  test("SI-2 a stored copy that no longer fits the configuration is not used", async () => {
    await metadata.discover(provider);
    const moved = {
      ...provider,
      issuer: `${idp.issuer}/`,
      discoveryUrl: `${idp.issuer}/.well-known/openid-configuration`,
    };
    honestMetadata({ issuer: `${idp.issuer}/` });
    expect((await restarted().discover(moved)).issuer).toBe(`${idp.issuer}/`);
  });

  test("SI-2 a hundred at once make one request", async () => {
    await Promise.all(Array.from({ length: 100 }, () => metadata.discover(provider)));
    expect(asked("metadata")).toBe(1);
  });

  test("SI-2 a stale copy serves while the provider is unreachable, for 24 hours, and not a moment longer", async () => {
    await metadata.discover(provider);
    await idp.stop();
    await later(hours(24));
    expect(await failure(metadata.discover(provider))).toBe("fine");
    expect(metadata.health(provider)).toBe("unreachable");
    await later((hours(1) - 1) as Duration);
    expect(await failure(metadata.discover(provider))).toBe("fine");
    expect(await failure(restarted().discover(provider))).toBe("fine");
    await later(1 as Duration);
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_unavailable egress.failed");
    expect(await failure(restarted().discover(provider))).toBe("signin.provider_unavailable egress.failed");
  });

  test("SI-2 a stale copy does not outlive a document that says something else", async () => {
    await metadata.discover(provider);
    await later(hours(1));
    honestMetadata({ issuer: "https://evil.example" });
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_misconfigured document_refused");
  });

  test("SI-2 a clock that was set back does not make a copy young for longer", async () => {
    await clock.set((clock.now() + hours(1)) as ReturnType<typeof clock.now>);
    await metadata.discover(provider);
    await clock.set((clock.now() - hours(1)) as ReturnType<typeof clock.now>);
    await metadata.discover(provider);
    expect(asked("metadata")).toBe(2);
  });

  test("SI-2 a cache that cannot be written or read does not stop a sign-in", async () => {
    await store.close();
    expect((await metadata.discover(provider)).issuer).toBe(idp.issuer);
    expect(log.lines.some((line) => line.message.includes("could not be stored"))).toBe(true);
    await metadata.discover(provider);
    expect(asked("metadata")).toBe(1);
  });
});

describe("SI-3 a provider that is down", () => {
  test("SI-3 works again without a restart, and its health says so", async () => {
    expect(metadata.health(provider)).toBe("unknown");
    await idp.stop();
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_unavailable egress.failed");
    expect(metadata.health(provider)).toBe("unreachable");
    await idp.start();
    await later(seconds(5));
    expect(await failure(metadata.discover(provider))).toBe("fine");
    expect(metadata.health(provider)).toBe("ok");
  });

  test("SI-3 a broken document that is mended works again without a restart", async () => {
    idp.script({ metadata: { status: 404 } });
    expect(await failure(metadata.discover(provider))).toMatch(/misconfigured/);
    idp.reset();
    await later(seconds(5));
    expect(await failure(metadata.discover(provider))).toBe("fine");
    expect(metadata.health(provider)).toBe("ok");
  });

  test("SI-3 costs its time-out once and not once per click", async () => {
    idp.script({ metadata: { raw: () => {} } });
    const first = failure(metadata.discover(provider));
    await vi.waitUntil(() => asked("metadata") === 1);
    await later(seconds(10));
    expect(await first).toBe("signin.provider_unavailable egress.timeout");
    expect(await failure(metadata.discover(provider))).toBe("signin.provider_unavailable egress.timeout");
    expect(asked("metadata")).toBe(1);
  });

  test("SI-3 leaves another provider alone, even one that reads the same document", async () => {
    const url = `${idp.issuer}/.well-known/openid-configuration`;
    const wrong = { ...provider, id: "wrong", issuer: "https://other.example", discoveryUrl: url };
    expect(await failure(metadata.discover(wrong))).toMatch(/misconfigured/);
    expect(await failure(metadata.discover(provider))).toBe("fine");
    expect([metadata.health(provider), metadata.health(wrong)]).toEqual(["ok", "misconfigured"]);
  });

  test("SI-3 broken keys show in the health of a provider whose metadata is fine", async () => {
    const as = await metadata.discover(provider);
    idp.script({ jwks: { status: 503 } });
    expect(await failure(metadata.jwks(provider, as))).toBe("signin.provider_unavailable status");
    expect(metadata.health(provider)).toBe("unreachable");
  });
});

describe("keys", () => {
  test("SI-10 are fetched again at most once a minute per issuer, for ten callers or one", async () => {
    const as = await metadata.discover(provider);
    const first = await metadata.jwks(provider, as);
    expect(await metadata.jwks(provider, as)).toBe(first);
    await idp.rotateKeys();
    const sets = await Promise.all(Array.from({ length: 10 }, () => metadata.jwks(provider, as, { refetch: true })));
    expect(asked("jwks")).toBe(2);
    expect(new Set(sets).size).toBe(1);
    expect(sets[0]).not.toBe(first);
    await idp.rotateKeys();
    await later((minutes(1) - 1) as Duration);
    await metadata.jwks(provider, as, { refetch: true });
    expect(asked("jwks")).toBe(2);
    await later(1 as Duration);
    await metadata.jwks(provider, as, { refetch: true });
    expect(asked("jwks")).toBe(3);
  });

  test("SI-10 a refetch that fails leaves the keys there are", async () => {
    const as = await metadata.discover(provider);
    const first = await metadata.jwks(provider, as);
    idp.script({ jwks: { status: 500 } });
    expect(await metadata.jwks(provider, as, { refetch: true })).toBe(first);
  });

  test("SI-10 members of the set that are no keys are passed over", async () => {
    const as = await metadata.discover(provider);
    idp.script({ jwks: { json: { keys: [null, "key", 7, [], { kty: "RSA" }] } } });
    expect((await metadata.jwks(provider, as)).keys).toEqual([{ kty: "RSA" }]);
  });
});
