/** SU-11: `latchkey service add | list | rotate | remove` and `latchkey grant list | revoke` over a real database. */
import { expect, test } from "vitest";
import { systemRandom } from "../src/crypto/random.js";
import { systemClock } from "../src/kernel/time.js";
import { createServiceAuthentication } from "../src/services/authenticate.js";
import { aPerson, write } from "../src/testing/store-suite/samples.js";
import { basic } from "./services/setting.js";
import { aCommandLine, type CommandLine } from "./support/command-line.js";

/** Whether a running node takes this secret. */
async function takes(line: CommandLine, id: string, secret: string): Promise<boolean> {
  const ports = { store: line.store, configured: [], clock: systemClock, random: systemRandom };
  const presented = { authorization: basic({ id, secret }), form: new URLSearchParams() };
  return createServiceAuthentication(ports)(presented).then(
    () => true,
    () => false,
  );
}

test("SU-11 VA-15 service add shows a secret once, keeps its hash alone, and the service is taken at once", async () => {
  const line = await aCommandLine();
  const made = await line.run("service", "add", "nightly", "--connection", "provider:corp", "--offline", "--json");
  expect(made.code).toBe(0);
  const { secret, ...service } = made.json();
  expect(service).toEqual({ id: "nightly", connections: ["provider:corp"], offline: true, audience: null });
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await takes(line, "nightly", secret)).toBe(true);
  expect(JSON.stringify(await line.store.services.all())).not.toContain(secret);
  const chat = await line.run("service", "add", "chat", "--audience", "https://chat.example");
  expect(chat.out).toMatch(/^[\w-]{43}\n$/);
  const { items } = (await line.run("service", "list", "--json")).json();
  expect(items).toMatchObject([
    { id: "chat", connections: ["*"], offline: false, audience: "https://chat.example", source: "stored" },
    { id: "nightly", connections: ["provider:corp"], offline: true, source: "stored" },
  ]);
  expect((await line.run("service", "list")).out).toContain("nightly  stored  provider:corp");
  const trail = (await line.store.audit.list({ limit: 9 }, { type: "service.added" })).items;
  expect(trail.map(({ actor, target }) => [actor.kind, target.id]).toSorted()).toEqual([
    ["operator", "chat"],
    ["operator", "nightly"],
  ]);
});

test.each([
  [["Chat!"], "token.service_invalid"],
  [["chat", "--connection", "corp"], "token.service_invalid"],
  [["chat", "--offline"], "token.service_invalid"],
  [["chat", "--offline", "--connection", "*", "--connection", "provider:corp"], "token.service_invalid"],
  [["stored"], "token.service_exists"],
  [["filed"], "token.service_exists"],
])("SU-11 VA-15 service add %s is refused: %s", async (words, code) => {
  const line = await aCommandLine({ services: [{ id: "filed", secret: "kX9f2LqP0sT7vZ3wB6nM1cR8yH4jD5gA" }] });
  await line.run("service", "add", "stored");
  const refused = await line.run("service", "add", ...words, "--json");
  expect([refused.code, refused.json().error.code]).toEqual([1, code]);
  expect((await line.store.services.all()).map(({ id }) => id)).toEqual(["stored"]);
});

test("SU-11 VA-15 service rotate gives another secret, and the one before is taken only as long as --keep says", async () => {
  const line = await aCommandLine();
  const first = (await line.run("service", "add", "chat", "--json")).json().secret;
  const second = (await line.run("service", "rotate", "chat", "--keep", "24h", "--json")).json();
  expect(Date.parse(second.formerSecretEndsAt) - Date.now()).toBeGreaterThan(23 * 3_600_000);
  expect([await takes(line, "chat", first), await takes(line, "chat", second.secret)]).toEqual([true, true]);
  const third = (await line.run("service", "rotate", "chat", "--json")).json();
  expect(third.formerSecretEndsAt).toBeNull();
  const taken = [first, second.secret, third.secret].map((secret) => takes(line, "chat", secret));
  expect(await Promise.all(taken)).toEqual([false, false, true]);
  expect((await line.run("service", "rotate", "nobody", "--json")).json().error.code).toBe("token.service_unknown");
  expect((await line.run("service", "rotate", "chat", "--keep", "8d")).code).toBe(2);
});

test("SU-11 VA-15 service remove asks first, and the service is nobody from then on", async () => {
  const line = await aCommandLine();
  const { secret } = (await line.run("service", "add", "chat", "--json")).json();
  expect((await line.run("service", "remove", "chat")).code).toBe(2);
  expect(await takes(line, "chat", secret)).toBe(true);
  expect((await line.run("service", "remove", "chat", "--yes", "--json")).json()).toEqual({
    removed: "chat",
    inFile: false,
  });
  expect(await takes(line, "chat", secret)).toBe(false);
  expect((await line.run("service", "remove", "chat", "--yes", "--json")).json().error.code).toBe(
    "token.service_unknown",
  );
});

/** A stored service that one of the file hides. */
async function aHiddenService() {
  const line = await aCommandLine({ services: [{ id: "chat", secret: "kX9f2LqP0sT7vZ3wB6nM1cR8yH4jD5gA" }] });
  const row = { secretHash: "hash", formerSecretHash: null, formerSecretEndsAt: null, connections: ["*"] };
  const at = systemClock.now();
  const stored = { ...row, id: "chat", offline: false, audience: null, createdAt: at, updatedAt: at };
  await write(line.store, (tx) => tx.services.save(stored));
  return line;
}

test("SU-11 VA-15 service rotate is refused for one of the file, also where it hides a stored one", async () => {
  const line = await aHiddenService();
  const refused = await line.run("service", "rotate", "chat", "--json");
  expect([refused.code, refused.json().error]).toMatchObject([
    1,
    { code: "token.service_unknown", data: { service: "chat", inFile: true } },
  ]);
  expect((await line.run("service", "rotate", "chat")).out).toBe("");
  expect(await line.store.services.byId("chat")).toMatchObject({ secretHash: "hash" });
  expect((await line.store.audit.list({ limit: 9 }, { type: "service.rotated" })).items).toEqual([]);
});

test("SU-11 VA-15 service remove of one that the file hides says that the one of the file goes on", async () => {
  const line = await aHiddenService();
  const removed = await line.run("service", "remove", "chat", "--yes", "--json");
  expect([removed.code, removed.json()]).toEqual([1, { removed: "chat", inFile: true }]);
  expect(await line.store.services.all()).toEqual([]);
  const again = await line.run("service", "remove", "chat", "--yes", "--json");
  expect([again.code, again.json().error]).toMatchObject([
    1,
    { code: "token.service_unknown", data: { inFile: true } },
  ]);

  const text = await (await aHiddenService()).run("service", "remove", "chat", "--yes");
  expect([text.code, text.out]).toEqual([1, "The stored service chat was removed.\n"]);
  expect(text.err).toBe(
    "The service chat of the configuration file goes on, with its own secret: it is taken out of that file.\n",
  );
});

test("SU-11 SU-2 a service of the file hides a stored one of its name, and list says so", async () => {
  const line = await aHiddenService();
  const { items } = (await line.run("service", "list", "--json")).json();
  expect(items.map(({ id, source }: { id: string; source: string }) => [id, source])).toEqual([
    ["chat", "file"],
    ["chat", "hidden"],
  ]);
});

test("SU-11 VA-5 VA-14 grant list shows no token, and grant revoke ends one connection or all", async () => {
  const line = await aCommandLine();
  const { user } = await aPerson(line.store);
  const listed = await line.run("grant", "list", user.email, "--json");
  const shown = listed.json().items;
  expect(shown.map(({ connection }: { connection: string }) => connection).toSorted()).toEqual([
    "provider:acme",
    "tool:wiki",
  ]);
  expect(shown[0]).toMatchObject({ status: "active", account: "ann", scopes: ["openid", "email"] });
  expect(listed.out).not.toContain("sealed");
  expect((await line.run("grant", "list", user.email)).out).toContain("tool:wiki");
  expect((await line.run("grant", "revoke", user.email)).code).toBe(2);
  expect((await line.run("grant", "revoke", user.email, "tool:other", "--json")).json().error.code).toBe(
    "grant.not_connected",
  );
  expect((await line.run("grant", "revoke", user.email, "tool:wiki", "--json")).json()).toEqual({
    user: user.id,
    ended: 1,
    // Nothing of it can be opened, and no such tool server is configured.
    revoked: 0,
  });
  expect((await line.store.grants.ofUser(user.id)).map(({ connection }) => connection)).toEqual(["provider:acme"]);
  expect((await line.run("grant", "revoke", user.id, "--all")).out).toContain("1 grant ended");
  expect(await line.store.grants.ofUser(user.id)).toEqual([]);
  const trail = (await line.store.audit.list({ limit: 9 }, { type: "grant.disconnected" })).items;
  expect(trail.map(({ actor }) => actor.kind)).toEqual(["operator", "operator"]);
  const news = await line.store.announcements.after(0);
  expect(news.map(({ kind, key }) => [kind, key])).toEqual([
    ["grant", `${user.id}/tool:wiki`],
    ["grant", `${user.id}/provider:acme`],
  ]);
});
