/** AT-17 to AT-20: answers that belong to somebody else's browser, provider or moment, and seals in the wrong place. */
import { afterEach, describe, expect, test } from "vitest";
import { sha256Base64Url } from "../../src/crypto/digest.js";
import type { UserId } from "../../src/kernel/ids.js";
import type { Browser, Page } from "../../src/testing/browser.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { createSharedWorld } from "../support/shared-file.js";
import { createTwoProviders } from "../support/two-providers.js";

const open: { close(): Promise<void> }[] = [];
const kept = async <T extends { close(): Promise<void> }>(world: Promise<T>): Promise<T> => {
  const made = await world;
  open.push(made);
  return made;
};
afterEach(async () => {
  for (const world of open.splice(0).reverse()) await world.close();
});

const errorOf = (url: string | undefined) => new URL(url ?? "http://none/").searchParams.get("error");
/** Opens a link of another site; a repeat page is sent on, as its script does. */
async function opens(
  browser: Browser,
  url: string,
  from = "https://evil.example/",
): Promise<{ page: Page; repeated: boolean }> {
  const page = await browser.get(url, { from });
  const repeated = page.status === 200 && new URL(page.url).pathname.endsWith("/callback");
  return { page: repeated ? await browser.submit(page) : page, repeated };
}
const session = (world: World, value: string) =>
  world.request("/session", { headers: { Cookie: `latchkey=${value}` } });

describe("AT-17 login CSRF", () => {
  test("AT-17 SI-9.2 an attacker's callback URL in the victim's browser signs nobody in, and the repeat page does not help", async () => {
    const world = await kept(createWorld());
    const [attacker, victim] = [world.browser(), world.browser()];
    const callback = await world.approve(attacker, "ben-2");
    const first = await opens(victim, callback);
    expect([first.repeated, errorOf(first.page.url)]).toEqual([true, "signin.state_unknown"]);
    expect(victim.cookies.all()).toEqual([]);
    // Straight to what the repeat page sends, and as a program.
    const again = await victim.get(`${callback}&repeat=1`, { from: "https://evil.example/" });
    expect(errorOf(again.url)).toBe("signin.state_unknown");
    const program = await victim.get(callback, { headers: { Accept: "application/json" } });
    expect([program.status, (program.json() as { code: string }).code]).toEqual([400, "signin.state_unknown"]);
    expect((await world.session(victim)).status).toBe(401);
    expect(world.provider.requestsTo("token")).toEqual([]);
    // The attack is real: in the attacker's own browser that URL does sign in.
    expect((await attacker.get(callback, { from: world.provider.issuer })).status).toBe(200);
    expect((await world.session(attacker)).body.user?.email).toBe("ben@example.com");
  });

  test("AT-17 SI-9.2 nor when the victim has a flow open, or is signed in", async () => {
    const world = await kept(createWorld());
    const [attacker, victim] = [world.browser(), world.browser()];
    await world.signIn(victim, "ann-1");
    const own = await world.approve(victim, "ann-1");
    const evil = await world.approve(attacker, "ben-2");
    expect(errorOf((await opens(victim, evil)).page.url)).toBe("signin.state_unknown");
    expect((await world.session(victim)).body.user?.email).toBe("ann@example.com");
    // The attacker's code under the victim's state: the provider does not take it with the victim's verifier.
    const mixed = new URL(own);
    mixed.searchParams.set("code", new URL(evil).searchParams.get("code") ?? "");
    expect(errorOf((await opens(victim, mixed.href)).page.url)).toBe("signin.code_rejected");
    expect((await world.session(victim)).body.user?.email).toBe("ann@example.com");
  });

  test("AT-17 SI-5 a stolen code is of no use in the thief's own flow", async () => {
    const world = await kept(createWorld());
    const [thief, victim] = [world.browser(), world.browser()];
    const stolen = new URL(await world.approve(victim, "ann-1")).searchParams.get("code") ?? "";
    const own = new URL(await world.approve(thief, "ben-2"));
    own.searchParams.set("code", stolen);
    expect(errorOf((await opens(thief, own.href)).page.url)).toBe("signin.code_rejected");
    expect((await world.session(thief)).status).toBe(401);
  });

  test("AT-17 SI-9 the provider's POST in the victim's browser does no more than the GET", async () => {
    const world = await kept(createWorld({ providerConfig: { responseMode: "form_post" } }));
    const [attacker, victim] = [world.browser(), world.browser()];
    const started = await attacker.get(world.url("/providers/fake/start"), { follow: false });
    const page = await attacker.get(started.location ?? "", { follow: false });
    const [form] = page.forms;
    const landed = await victim.post(form?.action ?? "", form?.fields ?? {}, { from: "https://evil.example/" });
    expect(landed.forms[0]?.fields["state"]).toBe(form?.fields["state"]);
    expect(errorOf((await victim.submit(landed)).url)).toBe("signin.state_unknown");
    expect((await world.session(victim)).status).toBe(401);
    expect(world.provider.requestsTo("token")).toEqual([]);
  });

  test("AT-17 AT-22 on https neither a sibling nor plain http can plant the attacker's flow cookie", async () => {
    const world = await kept(
      createWorld({
        config: { baseUrl: "https://app.example.com", signIn: { bootstrapAdmins: ["ann@example.com"], signUp: true } },
      }),
    );
    const [attacker, victim] = [world.browser(), world.browser()];
    const callback = await world.approve(attacker, "ben-2");
    const [flow] = attacker.cookies.all();
    expect(flow?.name).toMatch(/^__Host-latchkey-flow-/);
    const planted = `${flow?.name}=${flow?.value}; Path=/`;
    expect(victim.cookies.set("https://evil.example.com/", `${planted}; Domain=example.com; Secure`)).toBe(false);
    expect(victim.cookies.set("http://app.example.com/", planted)).toBe(false);
    // Without the prefix it is stored, and is not ours.
    victim.cookies.set("https://evil.example.com/", `${planted.replace("__Host-", "")}; Domain=example.com; Secure`);
    expect(victim.cookies.header(callback)).toContain("latchkey-flow-");
    expect(errorOf((await opens(victim, callback)).page.url)).toBe("signin.state_unknown");
  });
});

test("AT-18 SI-9.2 the state of one provider at the other's callback is unknown there, and no code leaves", async () => {
  const world = await kept(createTwoProviders());
  for (const issuer of [undefined, world.provider.issuer, world.other.issuer]) {
    for (const [mine, theirs] of [
      ["fake", "other"],
      ["other", "fake"],
    ] as const) {
      const browser = world.browser();
      const callback = new URL(await world.approve(browser, "ann-1", { provider: mine }));
      callback.pathname = callback.pathname.replace(`/${mine}/`, `/${theirs}/`);
      if (issuer === undefined) callback.searchParams.delete("iss");
      else callback.searchParams.set("iss", issuer);
      const { page } = await opens(browser, callback.href);
      expect(errorOf(page.url)).toBe("signin.state_unknown");
      expect((await world.session(browser)).status).toBe(401);
    }
  }
  expect([...world.provider.requestsTo("token"), ...world.other.requestsTo("token")]).toEqual([]);
});

test("AT-19 LO-5 AC-9 no sealed or opaque value of ours works in the place of another", async () => {
  // Two installations with one secret: whatever is sealed in the first could be opened in the second, which is empty.
  const config = { baseUrl: "https://app.example", secrets: ["4qX2t7nB0cVd9LhJmR5sYwKpZ8uEfGaT1iOx3rNv6bM="] };
  const source = await kept(
    createSharedWorld({
      config,
      providerConfig: { revokeOnSignOut: "always", scopes: ["openid", "email", "offline_access"] },
    }),
  );
  const setup = new URL((await source.latchkey.setupUrl()) ?? "").searchParams.get("setup") ?? "";
  const browser = source.browser();
  const state = (url: string | undefined) => new URL(url ?? "").searchParams.get("state") ?? "";
  const valueOf = (from: Browser, prefix: string) =>
    from.cookies.all().find(({ name }) => name.startsWith(`__Host-${prefix}`))?.value ?? "";

  const begun = await browser.get(`${source.url("/providers/fake/start")}?return_to=/flow&setup=${setup}`, {
    follow: false,
  });
  const flow = { value: valueOf(browser, "latchkey-flow-"), state: state(begun.location) };
  const answered = await browser.follow(begun, { follow: false });
  await browser.follow(answered, { from: source.provider.issuer, follow: false });
  const user = (await source.store.users.list({ limit: 1 })).items[0];
  const [identity] = await source.store.identities.ofUser(user?.id as UserId);
  const [grant] = await source.store.grants.ofUser(user?.id as UserId);
  const bens = source.browser();
  await source.signIn(bens, "ben-2");
  const sessionValue = valueOf(bens, "latchkey");
  const ben = await source.store.users.byEmail("ben@example.com");
  const [row] = await source.store.sessions.ofUser(ben?.id as UserId);
  await source.provider.stop();
  const account = await browser.get(source.url("/account"));
  const signOutForm = account.forms.findIndex(({ action }) => action.endsWith("/sign-out"));
  const away = await browser.submit(account, { return_to: "/signed-out-target" }, { form: signOutForm, follow: false });
  const signOut = { value: valueOf(browser, "latchkey-sign-out"), state: state(away.location) };
  const queued = (
    await source.store.outbox.due((source.clock.now() + 3_600_000) as ReturnType<typeof source.clock.now>, 10)
  )[0];

  const values: Record<string, string> = {
    flow: flow.value,
    "sign-out": signOut.value,
    grant: grant?.sealed ?? "",
    claims: identity?.claims ?? "",
    outbox: queued?.sealed ?? "",
    session: sessionValue,
    "session's hash": row?.tokenHash ?? "",
    state: flow.state,
    // Last: it is what ends the emptiness of the second installation.
    setup,
  };
  for (const [name, value] of Object.entries(values)) expect([name, value.length > 20]).toEqual([name, true]);

  const target = await kept(createWorld({ config }));
  const ask = (path: string, headers: Record<string, string> = {}) =>
    target.fetch(new Request(target.url(path), { headers: { Accept: "text/html", ...headers } }));
  /** True when the value did what it does in this place. */
  const places: Record<string, (value: string) => Promise<boolean>> = {
    session: async (value) =>
      (await source.request("/session", { headers: { Cookie: `__Host-latchkey=${value}` } })).status === 200,
    bearer: async (value) =>
      (await source.request("/session", { headers: { Authorization: `Bearer ${value}` } })).status === 200,
    flow: async (value) => {
      for (const known of [flow.state, signOut.state, value]) {
        const cookie = `__Host-latchkey-flow-${sha256Base64Url(known).slice(0, 8)}=${value}`;
        const query = new URLSearchParams({
          state: known,
          error: "access_denied",
          iss: source.provider.issuer,
          repeat: "1",
        });
        const answer = await source.request(`/providers/fake/callback?${query}`, {
          headers: { Cookie: cookie, Accept: "text/html" },
        });
        if (!answer.headers.get("Location")?.includes("signin.state_unknown") && known.length < 512) return true;
      }
      return false;
    },
    "sign-out": async (value) => {
      for (const known of [flow.state, signOut.state, value]) {
        const answer = await ask(`/signed-out?${new URLSearchParams({ state: known })}`, {
          Cookie: `__Host-latchkey-sign-out=${value}`,
        });
        if (answer.headers.get("Location") !== null) return true;
      }
      return false;
    },
    setup: async (value) => {
      const fresh = target.browser();
      const started = await fresh.get(
        `${target.url("/providers/fake/start")}?${new URLSearchParams({ setup: value })}`,
        { follow: false },
      );
      const landed = await fresh.follow(await fresh.follow(started, { follow: false }), {
        from: target.provider.issuer,
        follow: false,
      });
      return errorOf(landed.location) !== "signin.setup_required";
    },
  };
  const works: [string, string][] = [];
  for (const [place, tries] of Object.entries(places)) {
    for (const [kind, value] of Object.entries(values)) if (await tries(value)) works.push([place, kind]);
  }
  expect(works).toEqual([
    ["session", "session"],
    ["bearer", "session"],
    ["flow", "flow"],
    ["sign-out", "sign-out"],
    ["setup", "setup"],
  ]);
  // A flow under the name of another flow does not open either.
  const other = source.browser();
  await source.provider.start();
  const second = await other.get(source.url("/providers/fake/start"), { follow: false });
  const renamed = `__Host-latchkey-flow-${sha256Base64Url(state(second.location)).slice(0, 8)}=${flow.value}`;
  const swapped = await source.request(`/providers/fake/callback?state=${state(second.location)}&error=x&repeat=1`, {
    headers: { Cookie: renamed },
  });
  expect(swapped.headers.get("Location")).toContain("signin.state_unknown");
});

describe("AT-20 one answer, used twice", () => {
  test("AT-20 SI-9.6 a callback that is opened again signs nobody in, with the flow cookie or without", async () => {
    const world = await kept(createWorld());
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    const before = browser.cookies.header(callback) ?? "";
    await browser.get(callback, { from: world.provider.issuer });
    const { body } = await world.session(browser);
    // A reload: the cookie is gone.
    expect(errorOf((await opens(browser, callback)).page.url)).toBe("signin.state_unknown");
    // Somebody who copied the cookies before: the flow is used up.
    for (let attempt = 0; attempt < 3; attempt++) {
      const replay = await world.fetch(new Request(callback, { headers: { Cookie: before, Accept: "text/html" } }));
      expect(errorOf(replay.headers.get("Location") ?? "")).toBe("signin.flow_used");
      expect(replay.headers.getSetCookie().filter((cookie) => cookie.startsWith("latchkey="))).toEqual([]);
    }
    expect(world.provider.requestsTo("token")).toHaveLength(1);
    // Whoever signed in stays signed in.
    expect((await world.session(browser)).body.session?.id).toBe(body.session?.id);
  });

  test("AT-20 SI-9.6 of two requests at once with one code, one token request leaves and one session is made", async () => {
    const world = await kept(createSharedWorld());
    const second = await world.node();
    for (let round = 0; round < 8; round++) {
      const browser = world.browser();
      const callback = await world.approve(browser, "ann-1");
      const cookie = browser.cookies.header(callback) ?? "";
      const exchanged = world.provider.requestsTo("token").length;
      const send = (node: typeof second) =>
        node.fetch(new Request(callback, { headers: { Cookie: cookie, Accept: "text/html" } }));
      const answers = await Promise.all([send(world.latchkey), send(second), send(world.latchkey), send(second)]);
      expect(world.provider.requestsTo("token").length - exchanged).toBe(1);
      const outcomes = answers.map(
        (answer) => errorOf(new URL(answer.headers.get("Location") ?? "", world.baseUrl).href) ?? "signed in",
      );
      expect(outcomes.sort()).toEqual(["signed in", "signin.flow_used", "signin.flow_used", "signin.flow_used"].sort());
      const sessions = answers
        .flatMap((answer) => answer.headers.getSetCookie())
        .filter((value) => value.startsWith("latchkey="));
      expect(sessions).toHaveLength(1);
      const { items } = await world.store.users.list({ limit: 5 });
      expect(items).toHaveLength(1);
      expect(await world.store.sessions.ofUser(items[0]?.id as UserId)).toHaveLength(round + 1);
    }
  });

  test("AT-20 SI-9.6 a flow whose exchange failed is used up as well", async () => {
    const world = await kept(createWorld());
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1");
    const cookie = browser.cookies.header(callback) ?? "";
    world.provider.next("token", { status: 503 });
    const send = () => world.fetch(new Request(callback, { headers: { Cookie: cookie, Accept: "text/html" } }));
    expect(errorOf((await send()).headers.get("Location") ?? "")).toBe("signin.provider_unavailable");
    expect(errorOf((await send()).headers.get("Location") ?? "")).toBe("signin.flow_used");
    expect(world.provider.requestsTo("token")).toHaveLength(1);
    expect((await session(world, "x".repeat(43))).status).toBe(401);
  });
});
