/** AC-19, SU-11: `latchkey user sync`, beside a server on the same database, against a provider that keeps count. */
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../src/config/schema.js";
import { createLatchkey } from "../src/create-latchkey.js";
import { silentLog } from "../src/kernel/log.js";
import { createBrowser } from "../src/testing/browser.js";
import { type FakeProviderOptions, startFakeProvider } from "../src/testing/fake-provider.js";
import { loopbackFetch } from "../src/testing/loopback-fetch.js";
import { aCommandLine } from "./support/command-line.js";
import { auditTrail } from "./support/shared-file.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const claims = { roles: ["user"], groups: ["lab", "staff"] };
const people = ["ann", "ben", "cleo"].map((name) => ({ sub: name, email: `${name}@example.com`, name, claims }));

/** Three people who are signed in: Ann the first, so an admin; what is said of them now is `says`. */
async function aSetting(
  more: Partial<ConfigInput> = {},
  options: FakeProviderOptions & { scopes?: string[]; domainsOfTheSync?: string[] } = {},
) {
  const provider = await startFakeProvider({ people, ...options });
  const other = await startFakeProvider({
    people: [{ sub: "dora", email: "dora@example.com", claims: { roles: ["user"] } }],
  });
  closing.push(async () => void (await Promise.all([provider.stop(), other.stop()])));
  const config = {
    baseUrl: "http://localhost:3000",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    rateLimits: "off",
    egress: { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"] },
    signIn: { signUp: true },
    roles: { fromClaims: true },
    groups: { fromClaims: true, create: true },
    log: { level: "silent" },
    ...more,
    providers: [
      {
        id: "fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
        scopes: options.scopes ?? ["openid", "email", "profile", "offline_access"],
      },
      {
        id: "other",
        issuer: other.issuer,
        clientId: other.client.clientId,
        clientSecret: other.client.clientSecret ?? null,
        scopes: ["openid", "email", "profile", "offline_access"],
      },
    ],
  } satisfies ConfigInput;
  const { domainsOfTheSync: allowedDomains } = options;
  const line = await aCommandLine(
    allowedDomains ? { ...config, signIn: { ...config.signIn, allowedDomains } } : config,
  );
  const server = await createLatchkey({ ...config, database: `sqlite:${line.database}`, ports: { log: silentLog } });
  closing.push(() => server.close());
  const browserOf: Record<string, ReturnType<typeof createBrowser>> = {};
  for (const { sub } of people) {
    const browser = createBrowser((request) =>
      new URL(request.url).port === "3000" ? server.fetch(request) : loopbackFetch(request),
    );
    provider.signInAs(sub);
    await browser.get("http://localhost:3000/auth/providers/fake/start");
    browserOf[sub] = browser;
  }
  const signsInElsewhere = async () => {
    const browser = createBrowser((request) =>
      new URL(request.url).port === "3000" ? server.fetch(request) : loopbackFetch(request),
    );
    await browser.get("http://localhost:3000/auth/providers/other/start");
  };
  const signsInAgain = async (sub: string) => {
    provider.signInAs(sub);
    const browser = createBrowser((request) =>
      new URL(request.url).port === "3000" ? server.fetch(request) : loopbackFetch(request),
    );
    await browser.get("http://localhost:3000/auth/providers/fake/start");
  };
  const says = (now: Readonly<Record<string, object>>) => {
    const said = (honest: Record<string, unknown>) => ({ ...honest, ...now[String(honest["sub"])] });
    provider.tweaks.idTokenClaims = said;
    provider.tweaks.userinfo = said;
  };
  const sees = async (sub: string) => {
    const answer = await browserOf[sub]?.get("http://localhost:3000/auth/session");
    const { user } = JSON.parse(answer?.text ?? "{}");
    return user && { role: user.role, groups: user.groups };
  };
  return { provider, other, line, says, sees, signsInElsewhere, signsInAgain };
}
const now = {
  ann: { roles: ["user"], groups: ["staff", "new"] },
  ben: { roles: ["former"] },
};

describe("AC-19 latchkey user sync", () => {
  test("AC-19 SU-11 lets roles and groups follow, in the sessions of a running server, and says so as JSON", async () => {
    const { provider, line, says, sees } = await aSetting();
    says({ ...now, cleo: {} });
    const before = provider.requestsTo("userinfo").length;
    const ran = await line.run("user", "sync", "--json");
    expect([ran.code, ran.err]).toEqual([0, ""]);
    const { items, ...rest } = ran.json();
    expect(rest).toEqual({
      dryRun: false,
      counts: { grants: 3, changed: 1, unchanged: 1, refused: 1, ended: 0, passed_over: 0, failed: 0 },
    });
    const of = (email: string) => items.find((item: { user: { email: string } }) => item.user.email === email);
    expect(of("ann@example.com")).toMatchObject({
      kind: "applied",
      provider: "fake",
      role: null,
      groups: { created: ["new"], joined: [], left: ["lab"] },
      unknown: [],
    });
    expect(of("ben@example.com")).toMatchObject({ kind: "refused", code: "account.role_refused", signedOut: true });
    // Each was asked once, userinfo too, though the ID token says all there is.
    const refreshed = provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token");
    expect(refreshed).toHaveLength(3);
    expect(provider.requestsTo("userinfo")).toHaveLength(before + 3);
    expect(await sees("ann")).toEqual({ role: "admin", groups: ["new", "staff"] });
    expect(await sees("ben")).toBeUndefined();
    expect(await sees("cleo")).toEqual({ role: "user", groups: ["lab", "staff"] });
    const trail = await auditTrail(line.store);
    expect(trail.find(({ type }) => type === "groups.synced")).toMatchObject({ rule: "user_sync" });
    expect(trail.find(({ type }) => type === "claims.refused")).toMatchObject({ data: { through: "user_sync" } });
    expect(JSON.stringify(ran.json())).not.toMatch(/access-|refresh-|eyJ/);
  });

  test("AC-19 --dry-run says the same and changes nothing but tokens", async () => {
    const { line, says, sees } = await aSetting();
    says(now);
    const [dry, text] = [
      await line.run("user", "sync", "--dry-run", "--json"),
      await line.run("user", "sync", "--dry-run"),
    ];
    expect(dry.json()).toMatchObject({ dryRun: true, counts: { changed: 1, refused: 1, unchanged: 1 } });
    expect(text.out).toBe(
      [
        "PERSON           PROVIDER  ",
        "ann@example.com  fake      joined new; left lab",
        "ben@example.com  fake      refused: account.role_refused, signed out everywhere",
        "3 grants: 1 would be changed, 1 would be refused, 1 unchanged.",
        "",
      ].join("\n"),
    );
    expect(await sees("ann")).toEqual({ role: "admin", groups: ["lab", "staff"] });
    expect(await sees("ben")).toEqual({ role: "user", groups: ["lab", "staff"] });
    const types = (await auditTrail(line.store)).map(({ type }) => type);
    expect(types).not.toContain("claims.refused");
    // What it found, it did not keep: the run that counts finds it again.
    expect((await line.run("user", "sync", "--json")).json()).toMatchObject({ counts: { changed: 1, refused: 1 } });
  });

  test("AC-19 AC-15 a refresh without an ID token leaves what stands there alone; userinfo is believed", async () => {
    const { provider, line, says, sees } = await aSetting();
    says({ ann: {} });
    // The groups come from userinfo alone from now on, roles stand in the ID token of the sign-in.
    provider.tweaks.tokenAnswer = ({ id_token: _gone, ...answer }) => answer;
    provider.tweaks.userinfo = ({ roles: _roles, groups: _groups, ...claims }) => claims;
    expect((await line.run("user", "sync", "--json")).json().counts).toMatchObject({ unchanged: 3 });
    provider.tweaks.userinfo = ({ roles: _roles, ...claims }) => ({ ...claims, groups: [] });
    const ran = await line.run("user", "sync", "--json");
    expect(ran.json().counts).toMatchObject({ changed: 3 });
    expect(ran.json().items[1]).toMatchObject({ unknown: ["roles"], groups: { left: ["lab", "staff"] } });
    expect(await sees("ben")).toEqual({ role: "user", groups: [] });
  });

  test("AC-19 what userinfo says now counts also for the older session of two, when the later one is gone", async () => {
    const { provider, line, says, sees, signsInAgain } = await aSetting();
    // Its ID token is a second younger than that of the session that stays.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    await signsInAgain("ben");
    const ben = await line.store.users.byEmail("ben@example.com");
    const [later] = [...(await line.store.grants.ofUser(ben?.id as never))].sort((a, b) => b.issuedAt - a.issuedAt);
    await line.store.transaction((tx) => tx.grants.delete(later?.id as never));
    provider.tweaks.tokenAnswer = ({ id_token: _gone, ...answer }) => answer;
    says({ ben: { groups: ["staff"] } });
    const ran = await line.run("user", "sync", "--json");
    expect(ran.json().counts).toMatchObject({ changed: 1, unchanged: 2, passed_over: 0 });
    expect(await sees("ben")).toEqual({ role: "user", groups: ["staff"] });
  });

  describe("where userinfo is down, the older session of two", () => {
    const moved = people.map((person) =>
      person.sub === "ben" ? person : { ...person, email: `${person.sub}@new.test` },
    );
    const both = ["new.test", "example.com"];
    /** Ben's older session is one of ben@example.com; he has signed in with ben@new.test since. */
    async function ofTwo(domainsOfTheSync: string[], fails: (setting: Awaited<ReturnType<typeof aSetting>>) => void) {
      const setting = await aSetting(
        { signIn: { signUp: true, allowedDomains: both } },
        { people: moved, domainsOfTheSync },
      );
      const { provider, line, says, signsInAgain, sees } = setting;
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      says({ ben: { email: "ben@new.test", email_verified: true } });
      await signsInAgain("ben");
      provider.tweaks.tokenAnswer = ({ id_token: _gone, ...answer }) => answer;
      fails(setting);
      const ran = await line.run("user", "sync", "--json");
      expect(ran.json().counts).toMatchObject({ grants: 4, refused: 0, failed: 0, passed_over: 1 });
      expect(ran.json().items).toContainEqual(expect.objectContaining({ kind: "passed_over", reason: "overtaken" }));
      const ben = await line.store.users.byEmail("ben@example.com");
      expect(await line.store.identities.ofUser(ben?.id as never)).toMatchObject([{ email: "ben@new.test" }]);
      expect(await sees("ben")).toEqual({ role: "user", groups: ["lab", "staff"] });
      expect(await line.store.sessions.ofUser(ben?.id as never)).toHaveLength(2);
    }
    test("AC-19 AC-5 signs nobody out for an address that a later sign-in has overtaken", () =>
      ofTwo(["new.test"], ({ provider }) => provider.script({ userinfo: { status: 503 } })));
    test("AC-19 AC-7 does not write such an address", () =>
      ofTwo(both, ({ provider }) => provider.script({ userinfo: { status: 503 } })));
    test("AC-19 AC-5 nor does userinfo that names no address make one of now", () =>
      ofTwo(["new.test"], ({ provider }) => {
        provider.tweaks.userinfo = ({ email: _email, email_verified: _verified, ...claims }) => claims;
      }));
  });

  test("AC-19 without a refresh token userinfo is asked while the access token lasts", async () => {
    const { provider, line, says, sees } = await aSetting({}, { scopes: ["openid", "email", "profile"] });
    says({ ben: { groups: ["staff"] } });
    expect((await line.run("user", "sync", "--json")).json().counts).toMatchObject({ changed: 1, unchanged: 2 });
    expect(await sees("ben")).toEqual({ role: "user", groups: ["staff"] });
    expect(provider.requestsTo("token").every(({ form }) => form.get("grant_type") !== "refresh_token")).toBe(true);
  });

  test("AC-19 VA-9 a provider that is down loses nobody anything, and the exit status says it", async () => {
    const { provider, line, says, sees } = await aSetting();
    says(now);
    provider.script({ token: { status: 503 } });
    const ran = await line.run("user", "sync");
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("could not be asked: grant.refresh_unavailable");
    expect(ran.err).toBe("Run it again later for those that could not be asked.\n");
    expect(await sees("ben")).toEqual({ role: "user", groups: ["lab", "staff"] });
    expect((await line.store.grants.list({ limit: 9 }, { status: "active" })).items).toHaveLength(3);
  });

  test("AC-19 VA-9 a grant that the provider has ended is counted, and its person is not signed out for it", async () => {
    const { provider, line, sees } = await aSetting();
    provider.script({ token: { status: 400, json: { error: "invalid_grant" } } });
    const ran = await line.run("user", "sync", "--json");
    expect(ran.json()).toMatchObject({
      counts: { ended: 3 },
      items: [{ kind: "ended", reason: "invalid_grant" }, {}, {}],
    });
    expect(await sees("ben")).toEqual({ role: "user", groups: ["lab", "staff"] });
  });

  test("AC-19 --provider asks one provider's people; another name is told; no rule means nothing to ask", async () => {
    const { line } = await aSetting({ roles: { default: "user" }, groups: {} });
    expect((await line.run("user", "sync", "--provider", "none")).code).toBe(1);
    const ran = await line.run("user", "sync", "--provider", "fake", "--json");
    expect(ran.json().items[0]).toMatchObject({ kind: "passed_over", reason: "no_rule" });
  });

  test("AC-19 --provider leaves everybody else's grants alone: nothing of theirs is refreshed", async () => {
    const { provider, other, line, signsInElsewhere } = await aSetting();
    await signsInElsewhere();
    const refreshes = ({ requestsTo }: typeof provider) =>
      requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length;
    const ran = await line.run("user", "sync", "--provider", "other", "--json");
    expect(ran.json().items.map((item: { provider: string }) => item.provider)).toEqual(["other"]);
    expect([refreshes(provider), refreshes(other)]).toEqual([0, 1]);
  });
});
