/** SU-11: `latchkey user add` and `latchkey webhook list | retry` over a real database. */
import { describe, expect, test } from "vitest";
import { systemClock } from "../src/kernel/time.js";
import { write } from "../src/testing/store-suite/samples.js";
import { aCommandLine, type CommandLine } from "./support/command-line.js";
import { signingSecret } from "./webhooks/setting.js";

const crm = { id: "crm", url: "https://crm.example/in?key=canary-in-the-url", secret: signingSecret };

async function bury(line: CommandLine) {
  const { items } = await line.store.outbox.list({ limit: 200 }, { kind: "webhook" });
  for (const row of items) await write(line.store, (tx) => tx.outbox.bury(row.id, "egress.timeout", systemClock.now()));
  return items.map((row) => row.id as string);
}

describe("user add", () => {
  test("SU-11 AC-3 makes an unclaimed user, with the role and name that are given", async () => {
    const line = await aCommandLine();
    const ann = await line.run("user", "add", " Ann@Example.com", "--name", "Ann Lee", "--role", "admin", "--json");
    expect(ann.code).toBe(0);
    expect(ann.json()).toMatchObject({
      email: "ann@example.com",
      emailVerified: false,
      name: "Ann Lee",
      role: "admin",
      roleOrigin: "manual",
      lastSignInAt: null,
    });
    expect(await line.store.users.byEmail("ann@example.com")).toMatchObject({ claimedAt: null, emailVerified: false });
    const ben = await line.run("user", "add", "ben@example.com");
    expect(ben.out).toBe("ben@example.com has an account with the role pending, and waits for approval.\n");
    expect(await line.run("user", "list", "--role", "king")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("--role is one of pending, user, admin"),
    });
    const cleo = await line.run("user", "add", "cleo@example.com", "--role", "user");
    expect(cleo.out).toBe("cleo@example.com has an account with the role user, and may now sign in.\n");
    expect(await line.store.users.byEmail("ben@example.com")).toMatchObject({ name: "ben@example.com" });
  });

  test("AC-17 AC-3 joins groups.default like every new user, also when it has to be made, and not again when claimed", async () => {
    const line = await aCommandLine({
      groups: { default: "everybody", share: "members", permissions: { edit: true } },
    });
    for (const name of ["ann", "ben"]) {
      await line.run("user", "add", `${name}@example.com`);
      const shown = await line.run("user", "show", `${name}@example.com`, "--json");
      expect(shown.json().groups).toEqual([{ name: "everybody", origin: "default" }]);
    }
    // Made by the first, with what a group for everybody may do by itself: nothing.
    expect(await line.store.groups.byName("everybody")).toMatchObject({ share: "members", permissions: {} });
    const trail = (await line.store.audit.list({ limit: 9 }, { type: "groups.synced" })).items;
    expect(trail.map(({ actor, provider }) => [actor.id, provider])).toEqual([
      ["command-line", null],
      ["command-line", null],
    ]);
    const none = await aCommandLine();
    await none.run("user", "add", "ann@example.com");
    expect((await none.run("user", "show", "ann@example.com", "--json")).json().groups).toEqual([]);
  });

  test.each([
    ["ANN@example.com", "user", "account.exists"],
    ["not an address", "user", "account.email_invalid"],
    ["ａnn2@example.com", "user", "account.email_invalid"],
    ["new@example.com", "emperor", "account.role_unknown"],
  ])("SU-11 AC-3 %s as %s is refused: %s", async (email, role, code) => {
    const line = await aCommandLine({ webhooks: [crm] });
    await line.run("user", "add", "ann@example.com");
    const refused = await line.run("user", "add", email, "--role", role, "--json");
    expect([refused.code, refused.json().error.code]).toEqual([1, code]);
    expect((await line.store.users.list({ limit: 9 })).items).toHaveLength(1);
    expect((await line.store.outbox.waiting()).rows).toBe(1);
  });
});

describe("webhook list and retry", () => {
  test("SU-11 SI-23 lists what waits and what is dead, by id and without the URL", async () => {
    const line = await aCommandLine({ webhooks: [crm] });
    expect((await line.run("webhook", "list", "--json")).json()).toEqual({ items: [], next: null });
    const ann = (await line.run("user", "add", "ann@example.com", "--json")).json();
    const [waiting] = (await line.run("webhook", "list", "--json")).json().items;
    expect(waiting).toEqual({
      id: expect.any(String),
      webhook: "crm",
      type: "user.created",
      user: ann.id,
      state: "waiting",
      attempts: 0,
      lastFailure: null,
      createdAt: expect.any(String),
      nextAttemptAt: expect.any(String),
      deadSince: null,
    });
    expect((await line.run("webhook", "list", "--dead", "--json")).json().items).toEqual([]);
    await bury(line);
    const [dead] = (await line.run("webhook", "list", "--dead", "--json")).json().items;
    expect(dead).toMatchObject({ state: "dead", lastFailure: "egress.timeout", nextAttemptAt: null });
    const text = await line.run("webhook", "list");
    expect(text.out).toContain("egress.timeout");
    for (const secret of ["canary-in-the-url", signingSecret, "ann@example.com"])
      expect(text.out).not.toContain(secret);
  });

  test("SU-11 SI-23 retry brings back one or all of them; what is not dead is not found", async () => {
    const line = await aCommandLine({ webhooks: [crm] });
    for (const name of ["ann", "ben", "cleo"]) await line.run("user", "add", `${name}@example.com`);
    const [first = ""] = await bury(line);
    expect((await line.run("webhook", "retry", first, "--json")).json()).toEqual({ retried: 1 });
    const again = await line.run("webhook", "retry", first);
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("(webhook.message_unknown)")]);
    const nonsense = await line.run("webhook", "retry", "nonsense", "--json");
    expect([nonsense.code, nonsense.json().error]).toEqual([
      1,
      expect.objectContaining({ code: "webhook.message_unknown", data: { id: "nonsense" } }),
    ]);
    expect((await line.run("webhook", "retry", "--all")).out).toBe("2 messages will be tried again.\n");
    expect(await line.store.outbox.countDead()).toBe(0);
    expect(await line.store.outbox.due(systemClock.now(), 10, "webhook")).toHaveLength(3);
  });

  test.each([["retry"], ["retry", "some-id", "--all"], ["list", "--cursor", "nonsense"]])(
    "SU-11 webhook %s %s %s is wrong usage",
    async (...words) => {
      const line = await aCommandLine();
      expect(await line.run("webhook", ...words)).toMatchObject({ code: 2, out: "" });
    },
  );

  test("SI-23 config check warns of a host that takes another form, and the doctor does", async () => {
    const line = await aCommandLine({
      webhooks: [{ url: "https://hooks.slack.com/services/T/B/x", secret: signingSecret }],
    });
    const checked = await line.run("config", "check", "--json");
    expect(checked.json().warnings).toEqual(["webhooks.0.format is standard, but hooks.slack.com takes only slack"]);
    expect(checked.err).toContain("takes only slack");
  });
});
