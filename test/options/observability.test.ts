/** What `observability` changes, and what `GET {base}/metrics` says of a day's work (SU-16). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { metricsPage } from "../../scripts/metrics-page.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import { LatchkeyError } from "../../src/kernel/errors.js";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, minutes, seconds, systemClock } from "../../src/kernel/time.js";
import { createPinoLog } from "../../src/server/pino-log.js";
import { createPrometheus, metricList } from "../../src/server/prometheus.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { World } from "../../src/testing/world.js";
import { aWorld, closing, signsIn } from "./setting.js";

/** A secret that passes the check of strength; made for this test alone. */
const token = "metrics-token-of-this-test-alone-kX9f2LqP0sT7vZ";

/** The samples of the page: `name{label="value"}` to number. */
async function read(world: World): Promise<ReadonlyMap<string, number>> {
  const answer = await world.request("/metrics");
  expect([answer.status, answer.headers.get("content-type")]).toEqual([
    200,
    "text/plain; version=0.0.4; charset=utf-8",
  ]);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}
const labelsIn = (samples: ReadonlyMap<string, number>, label: string): Set<string> =>
  new Set([...samples.keys()].flatMap((key) => new RegExp(`[{,]${label}="([^"]*)"`).exec(key)?.[1] ?? []));

describe("the page", () => {
  test("SU-16 [option:observability.metrics.enabled] is there by default, and off nothing is counted or shown", async () => {
    expect((await (await aWorld()).request("/metrics")).status).toBe(200);
    const off = await aWorld({ config: { observability: { metrics: { enabled: false } } } });
    const answer = await off.request("/metrics");
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, "server.not_found"]);
  });

  test("SU-16 [option:observability.metrics.token] is read with the token, and with nothing else", async () => {
    const world = await aWorld({ config: { observability: { metrics: { token } } } });
    const ask = (authorization?: string) =>
      world.request("/metrics", authorization === undefined ? {} : { headers: { authorization } });
    for (const wrong of [
      undefined,
      "Bearer",
      "Bearer ",
      `Bearer ${token}x`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      token,
    ]) {
      const refused = await ask(wrong);
      expect([refused.status, ((await refused.json()) as { code: string }).code], wrong).toEqual([
        401,
        "server.token_required",
      ]);
      expect(refused.headers.get("www-authenticate"), wrong).toContain("Bearer");
    }
    const browser = world.browser();
    await world.signIn(browser);
    expect((await browser.get(world.url("/metrics"))).status, "a person's session opens it").toBe(401);
    const answer = await ask(`Bearer ${token}`);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(world.log.text()).not.toContain(token);
  });

  test("SU-16 docs/reference/metrics.md has every metric of the registry, with its type and labels, and no other", async () => {
    const { page } = await createPrometheus();
    const { body } = await page({ rows: 0, lag: milliseconds(0), dead: 0 });
    const registered = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    const written = readFileSync(join(import.meta.dirname, "../../docs/reference/metrics.md"), "utf8");
    const rows = [...written.matchAll(/^\| `(latchkey_\w+)` \| (\w+) \| ([^|]*) \|/gm)];
    expect(rows.map(([, name, type]) => `${name} ${type}`)).toEqual(registered);
    expect(rows.map(([, , , labels = ""]) => [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label))).toEqual(
      Object.values(metricList).map(({ labels }) => labels),
    );
    expect(written, "npm run docs would change it").toBe(metricsPage());
  });
});

describe("the log", () => {
  test.each(["ours", "a pino logger of the app"])(
    "SU-16 is JSON in the shape of pino, and each line of a request has its id: %s",
    async (whose) => {
      const lines: string[] = [];
      const stream = { write: (line: string) => void lines.push(line) };
      const log =
        whose === "ours" ? createPinoLog({ level: "debug", format: "json", stream }) : pino({ level: "debug" }, stream);
      const latchkey = await closing(
        createLatchkey({
          baseUrl: "http://localhost:3000",
          secrets: [token],
          database: "sqlite::memory:",
          egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"] },
          // Port 9 is another protocol's, so egress refuses it without a packet: worth a line.
          providers: [{ id: "gone", issuer: "http://127.0.0.1:9", clientId: "x" }],
          ports: { log },
        }),
      );
      const answer = await latchkey.fetch(new Request("http://localhost:3000/auth/providers/gone/start"));
      const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      for (const line of said)
        expect(line).toMatchObject({ level: expect.anything(), time: expect.anything(), msg: expect.any(String) });
      const own = said.filter(({ requestId }) => requestId === answer.headers.get("x-request-id"));
      expect(own.map(({ msg }) => msg)).toEqual(["request failed", "request"]);
      expect(own[0]).toMatchObject({ code: "signin.provider_misconfigured" });
      expect(own[1]).toMatchObject({ method: "GET", path: "/auth/providers/gone/start", status: 303 });
    },
  );
});

describe("what is counted", () => {
  test("SU-16 sign-ins by provider and outcome, session checks, outbound requests, and requests by route", async () => {
    const world = await aWorld();
    const { browser } = await signsIn(world);
    await world.session(browser);
    await world.session(world.browser());
    await world.request("/session", { headers: { authorization: "Bearer nonsense" } });
    world.provider.next("token", { status: 503 });
    await signsIn(world, "ben-2");
    const samples = await read(world);
    const at = (key: string) => samples.get(key);
    expect(at('latchkey_sign_in_starts_total{provider="fake"}')).toBe(2);
    expect(at('latchkey_sign_ins_total{provider="fake",outcome="ok"}')).toBe(1);
    expect(at('latchkey_sign_ins_total{provider="fake",outcome="signin.provider_unavailable"}')).toBe(1);
    expect(at('latchkey_session_checks_total{outcome="signed_in"}')).toBeGreaterThanOrEqual(2);
    expect(at('latchkey_session_checks_total{outcome="invalid"}')).toBe(1);
    expect(at('latchkey_session_checks_total{outcome="none"}')).toBeGreaterThanOrEqual(1);
    expect(at('latchkey_egress_duration_seconds_count{purpose="token",outcome="2xx"}')).toBe(1);
    expect(at('latchkey_egress_duration_seconds_count{purpose="token",outcome="5xx"}')).toBe(1);
    expect(at('latchkey_http_requests_total{method="GET",route="/providers/:provider/callback",status="303"}')).toBe(2);
    expect(at('latchkey_http_requests_total{method="GET",route="/session",status="401"}')).toBeGreaterThanOrEqual(2);
    expect(at('latchkey_http_request_duration_seconds_count{route="/session"}')).toBeGreaterThanOrEqual(3);
    // Asked again, what was counted is still counted, once.
    expect((await read(world)).get('latchkey_session_checks_total{outcome="invalid"}')).toBe(1);
  });

  test("SU-16 nothing that a stranger sends becomes a label", async () => {
    const world = await aWorld();
    const canary = "canary-of-a-stranger";
    for (const path of [
      `/${canary}`,
      `/providers/${canary}/start`,
      `/providers/${canary}/callback?state=${canary}&code=${canary}&repeat=1`,
      `/assets/${canary}`,
      `/%${canary}`,
    ])
      await world.request(path);
    await world.request("/session", {
      method: "BREW",
      headers: { "user-agent": canary, authorization: `Bearer ${canary}` },
    });
    await world.request(`/account/sessions/${canary}/end`, { method: "POST", headers: { origin: world.baseUrl } });
    const samples = await read(world);
    expect([...samples.keys()].filter((key) => key.includes(canary) || key.includes("BREW"))).toEqual([]);
    expect(labelsIn(samples, "provider")).toEqual(new Set(["unknown"]));
    expect(labelsIn(samples, "route")).toEqual(
      new Set([
        "unmatched",
        "/providers/:provider/start",
        "/providers/:provider/callback",
        "/assets/:name",
        "/account/sessions/:id/end",
      ]),
    );
    expect(samples.get('latchkey_http_requests_total{method="other",route="unmatched",status="404"}')).toBe(1);
  });

  test("SU-16 SI-26 a callback at an address of its own counts as the callback", async () => {
    const world = await aWorld({ providerConfig: { redirectUri: "http://localhost:3000/old/return" } });
    await world.fetch(new Request("http://localhost:3000/old/return?state=x&repeat=1"));
    const route = "/providers/:provider/callback";
    expect((await read(world)).get(`latchkey_http_requests_total{method="GET",route="${route}",status="303"}`)).toBe(1);
  });

  test("SU-16 the outbox: attempts, rows that wait, and the age of the oldest", async () => {
    const clock = createManualClock();
    const world = await aWorld({
      clock,
      providerConfig: { revokeOnSignOut: "always", logout: "local", scopes: ["openid", "email", "offline_access"] },
    });
    world.provider.script({ revocation: { status: 503 } });
    const { browser } = await signsIn(world);
    await browser.post(world.url("/sign-out"), {});
    await expect.poll(async () => (await read(world)).get('latchkey_outbox_tries_total{outcome="failed"}')).toBe(1);
    await clock.skip(seconds(2));
    const waiting = await read(world);
    expect([waiting.get("latchkey_outbox_rows"), waiting.get("latchkey_outbox_lag_seconds")]).toEqual([1, 2]);

    world.provider.reset();
    await clock.skip(minutes(10));
    await expect.poll(async () => (await read(world)).get('latchkey_outbox_tries_total{outcome="delivered"}')).toBe(1);
    const done = await read(world);
    expect([done.get("latchkey_outbox_rows"), done.get("latchkey_outbox_lag_seconds")]).toEqual([0, 0]);
  });

  test("SU-16 without the database the page still answers, without what only the database knows", async () => {
    const log = silentLog;
    const store = await openSqliteStore({
      path: ":memory:",
      migrate: true,
      clock: systemClock,
      random: systemRandom,
      log,
    });
    let gone = false;
    const failing = async (): Promise<never> => {
      throw new LatchkeyError("store.unavailable");
    };
    const world = await aWorld({
      ports: {
        store: {
          ...store,
          get outbox() {
            return gone ? { ...store.outbox, waiting: failing } : store.outbox;
          },
          get sessions() {
            return gone ? { ...store.sessions, byTokenHash: failing } : store.sessions;
          },
        },
      },
    });
    await signsIn(world);
    expect((await read(world)).get("latchkey_outbox_rows")).toBe(0);
    gone = true;
    const asked = await world.request("/session", { headers: { authorization: `Bearer ${"A".repeat(43)}` } });
    expect(asked.status).toBe(503);
    const samples = await read(world);
    expect([samples.has("latchkey_outbox_rows"), samples.has("latchkey_outbox_lag_seconds")]).toEqual([false, false]);
    expect(samples.get('latchkey_session_checks_total{outcome="unknown"}')).toBe(1);
    expect(samples.get('latchkey_sign_ins_total{provider="fake",outcome="ok"}')).toBe(1);
  });
});
