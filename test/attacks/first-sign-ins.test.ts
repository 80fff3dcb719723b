/** AT-13, and the races of AC-2 and AC-9: many people at the door of an installation that nobody owns yet. */
import { afterEach, describe, expect, test } from "vitest";
import type { UserId } from "../../src/kernel/ids.js";
import type { Browser } from "../../src/testing/browser.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld;
afterEach(() => world.close());

const people = Array.from({ length: 50 }, (_, index) => ({ sub: `p-${index}`, email: `p${index}@example.com` }));
const start = async (options: WorldOptions) => {
  world = await createSharedWorld({ ...options, provider: { people } });
};

/** Up to the provider's answer, by a start URL of one's own. */
async function approve(browser: Browser, sub: string, query = ""): Promise<string> {
  const started = await browser.get(world.url(`/providers/fake/start${query}`), { follow: false });
  const authorization = new URL(started.location ?? "");
  authorization.searchParams.set("login_hint", sub);
  const answered = await browser.get(authorization.href, { from: started.url, follow: false });
  return answered.location ?? "";
}

/** Everybody comes back from the provider at the same moment; what became of each. */
async function allAtOnce(browserOf: (index: number) => Browser, query = "") {
  const browsers = people.map((_, index) => browserOf(index));
  const callbacks: string[] = [];
  for (const [index, browser] of browsers.entries())
    callbacks.push(await approve(browser, people[index]?.sub ?? "", query));
  const landed = await Promise.all(
    browsers.map((browser, index) =>
      browser.get(callbacks[index] ?? "", { from: world.provider.issuer, follow: false }),
    ),
  );
  const roles: string[] = [];
  for (const [index, browser] of browsers.entries()) {
    const { body } = await world.session(browser);
    roles.push(body.user?.role ?? new URL(landed[index]?.location ?? "").searchParams.get("error") ?? "nothing");
  }
  const { items } = await world.store.users.list({ limit: 200 });
  return { roles, users: items };
}

const count = (texts: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[text] = (counts[text] ?? 0) + 1;
  return counts;
};

describe("AT-13 fifty first sign-ins at once", () => {
  test("AT-13 AC-9 make exactly one admin on an open installation; the others are users as sign-up says", async () => {
    await start({ config: { roles: { default: "user" } } });
    const { roles, users } = await allAtOnce(() => world.browser());
    expect(count(roles)).toEqual({ admin: 1, user: 49 });
    expect(count(users.map(({ roleOrigin }) => roleOrigin))).toEqual({ "first-user": 1, default: 49 });
    expect(await world.latchkey.isEmpty()).toBe(false);
  });

  test("AT-13 AC-9 on two nodes that share a database, still one", async () => {
    await start({});
    const second = await world.node();
    const { roles, users } = await allAtOnce((index) =>
      world.browserAt(() => (index % 2 === 0 ? world.latchkey : second)),
    );
    expect(count(roles)).toEqual({ admin: 1, pending: 49 });
    expect(users.filter(({ role }) => role === "admin")).toHaveLength(1);
  });

  test("AT-13 AC-9 [option:signIn.signUp] where sign-up is closed, one gets in and nobody else", async () => {
    await start({ config: { signIn: { signUp: false } } });
    const { roles, users } = await allAtOnce(() => world.browser());
    expect(count(roles)).toEqual({ admin: 1, "account.sign_up_closed": 49 });
    expect(users).toHaveLength(1);
  });

  test("AT-13 AC-9 with the set-up link in fifty hands, one", async () => {
    await start({ config: { baseUrl: "https://app.example" } });
    const link = new URL((await world.latchkey.setupUrl()) ?? "");
    const { roles, users } = await allAtOnce(() => world.browser(), link.search);
    expect(count(roles)).toEqual({ admin: 1, pending: 49 });
    expect(users).toHaveLength(50);
  });

  test("AT-13 AC-9 without the link on an address that strangers reach, none, not even where sign-up is open", async () => {
    await start({ config: { baseUrl: "https://app.example" } });
    const { roles, users } = await allAtOnce(() => world.browser());
    expect(count(roles)).toEqual({ "signin.setup_required": 50 });
    expect(users).toEqual([]);
  });

  test("AT-13 AC-9 who was overtaken between looking and writing is no second admin", async () => {
    await start({ config: { signIn: { signUp: false } } });
    const browser = world.browser();
    const callback = await approve(browser, "p-1");
    world.overtake(`insert into users (id, email, email_verified, name, role, role_origin, version, created_at, updated_at, search_text)
      values ('0190b5a0-0000-7000-8000-000000000001', 'first@example.com', 1, 'First', 'admin', 'first-user', 1, 1, 1, 'first')`);
    const landed = await browser.get(callback, { from: world.provider.issuer });
    expect(new URL(landed.url).searchParams.get("error")).toBe("account.sign_up_closed");
    expect((await world.store.users.list({ limit: 10 })).items.map(({ email }) => email)).toEqual([
      "first@example.com",
    ]);
  });

  test("AT-13 AC-9 [option:signIn.bootstrapAdmins] with named admins, those and nobody else", async () => {
    await start({
      config: {
        baseUrl: "https://app.example",
        signIn: { signUp: true, bootstrapAdmins: ["p7@example.com", "p8@example.com"] },
      },
    });
    const { users } = await allAtOnce(() => world.browser());
    const admins = users.filter(({ role }) => role === "admin").map(({ email }) => email);
    expect(admins.sort()).toEqual(["p7@example.com", "p8@example.com"]);
    expect(users).toHaveLength(50);
  });
});

test("AC-2 two first sign-ins of one person at the same moment make one user, and both are signed in", async () => {
  await start({});
  const second = await world.node();
  for (let round = 0; round < 5; round++) {
    const sub = people[round]?.sub ?? "";
    const browsers = Array.from({ length: 6 }, (_, index) =>
      world.browserAt(() => (index % 2 === 0 ? world.latchkey : second)),
    );
    const callbacks: string[] = [];
    for (const browser of browsers) callbacks.push(await approve(browser, sub));
    await Promise.all(
      browsers.map((browser, index) =>
        browser.get(callbacks[index] ?? "", { from: world.provider.issuer, follow: false }),
      ),
    );
    const ids = await Promise.all(browsers.map(async (browser) => (await world.session(browser)).body.user?.id));
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toBeDefined();
    expect(await world.store.identities.ofUser(ids[0] as UserId)).toHaveLength(1);
    expect(await world.store.sessions.ofUser(ids[0] as UserId)).toHaveLength(6);
  }
  expect((await world.store.users.list({ limit: 200 })).items).toHaveLength(5);
});
