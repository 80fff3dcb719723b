/** SU-12, VA-14: the doctor tells what is left of providers that are in the configuration no more, and how it goes. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { createKeyring } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { secret } from "../../src/kernel/secret.js";
import { systemClock } from "../../src/kernel/time.js";
import type { RegisteredClient } from "../../src/oauth/client-registration.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import {
  aGrant,
  aGroup,
  anIdentity,
  aRegistration,
  aSession,
  at,
  aUser,
  write,
} from "../../src/testing/store-suite/samples.js";
import { sealRegistration } from "../../src/tool-servers/sealed-registration.js";
import { aSetting, type Setting, strong } from "./setting.js";

const storeOf = ({ folder }: Setting) =>
  openSqliteStore({
    path: join(folder, "latchkey.db"),
    migrate: true,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });

/** What an operator at the command line works with. */
async function administering({ config }: Setting) {
  const resolved = resolveConfig(config as never as ConfigInput);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { log: silentLog });
}

test("SU-12 VA-14 what hangs on a provider that is not configured is counted and told with the way to end it, and then no more", async () => {
  const setting = await aSetting();
  const finding = async () => (await setting.examine()).all.find(({ id }) => id === "providers-left");
  expect(await finding()).toBeUndefined();
  const store = await storeOf(setting);
  expect(await finding()).toMatchObject({ status: "ok", fix: null });

  const [ann, bob] = [
    aUser({ role: "admin", roleOrigin: "claims:corp" }),
    aUser({ role: "admin", roleOrigin: "manual" }),
  ];
  const group = aGroup();
  await write(store, async (tx) => {
    for (const one of [ann, bob]) await tx.users.insert(one);
    const identity = anIdentity(ann, { provider: "corp" });
    await tx.identities.insert(identity);
    const session = aSession(identity, { provider: "corp" });
    await tx.sessions.insert(session);
    await tx.grants.insert(aGrant(ann, session, { connection: "provider:corp" }));
    await tx.groups.insert(group);
    const membership = { groupId: group.id, createdAt: at(0) };
    for (const userId of [ann.id, bob.id])
      await tx.groups.addMember({ ...membership, userId, origin: "claims:corp https://idp.corp.test" });
    await tx.groups.addMember({ ...membership, userId: bob.id, origin: "claims:old https://idp.old.test" });
    // Of the provider that is there.
    await tx.groups.addMember({ ...membership, userId: bob.id, origin: `claims:fake ${setting.provider.issuer}` });
  });
  expect(await finding()).toEqual({
    id: "providers-left",
    status: "warn",
    found:
      "corp, which is not in the configuration: 1 session(s), 1 connection(s), 2 group membership(s), 1 role(s), of 2 account(s); " +
      "old, which is not in the configuration: 0 session(s), 0 connection(s), 1 group membership(s), 0 role(s), of 1 account(s).",
    why: expect.stringContaining("still count"),
    fix: expect.stringMatching(/latchkey provider remove corp; latchkey provider remove old.*enabled: false/s),
  });
  // Switched off is said on purpose, and nothing to be told of.
  const entry = { id: "corp", issuer: "https://idp.corp.test", clientId: "x", enabled: false };
  setting.config["providers"] = [setting.providerConfig, entry];
  expect((await finding())?.found).not.toContain("corp");

  setting.config["providers"] = [setting.providerConfig];
  const { providers, close } = await administering(setting);
  for (const id of ["corp", "old"]) await providers.remove(id);
  await close();
  // Who they are stays known, and is no leftover.
  expect(await store.identities.ofUser(ann.id)).toHaveLength(1);
  expect(await finding()).toMatchObject({ status: "ok" });
  await store.close();
});

test("SU-12 AC-12 the role that the last admin keeps is nothing to mend", async () => {
  const setting = await aSetting();
  const store = await storeOf(setting);
  const [ann, bob] = [aUser({ role: "admin", roleOrigin: "claims:corp" }), aUser({ role: "admin" })];
  await write(store, (tx) => tx.users.insert(ann));
  expect((await setting.examine()).of("providers-left")).toMatchObject({ status: "ok" });
  await write(store, (tx) => tx.users.insert(bob));
  expect((await setting.examine()).of("providers-left").found).toContain("corp, which");
  await store.close();
});

const keyring = createKeyring({ secrets: [secret(strong)], random: systemRandom });

/** A registration of ours that its server takes back, where it said how. */
function registered(id: string, management: RegisteredClient["management"]) {
  const row = aRegistration({ connection: `tool:${id}` });
  const client: RegisteredClient = {
    clientId: row.clientId ?? "",
    clientSecret: null,
    secretEndsAt: null,
    method: "none",
    management,
  };
  return { ...row, sealed: sealRegistration(keyring, row, client) };
}

test("SU-12 TS-9 VA-14 what is left of tool servers that were taken out of the file is told with the way to end it, and then no more", async () => {
  const setting = await aSetting();
  const finding = async () => (await setting.examine()).all.find(({ id }) => id === "tool-servers-left");
  expect(await finding()).toBeUndefined();
  const store = await storeOf(setting);
  expect(await finding()).toMatchObject({ status: "ok", fix: null });

  const { toolServers, removeToolServer, close } = await administering(setting);
  for (const id of ["added", "half"]) await toolServers.add(id, { id, url: `https://${id}.example/mcp` });
  const people = [aUser(), aUser()];
  const management = { uri: "https://as.example/clients/1", token: secret("manages") };
  await write(store, async (tx) => {
    for (const user of people) {
      await tx.users.insert(user);
      for (const id of ["added", "filed", "half", "wiki"])
        await tx.grants.insert(aGrant(user, null, { connection: `tool:${id}` }));
    }
    for (const id of ["added", "wiki", "mail", "half"]) await tx.registrations.insert(registered(id, management));
    // Nobody can take these back, so there is nothing to do about them.
    await tx.registrations.insert(registered("news", null));
    await tx.registrations.insert(aRegistration({ connection: "tool:maps", sealed: null, clientId: null }));
    await tx.registrations.insert(aRegistration({ connection: "tool:talk", kind: "static", sealed: null }));
  });
  setting.config["toolServers"] = [{ id: "filed", url: "https://filed.example/mcp" }];
  // Its removal ended here: nobody had their connection ended yet.
  await toolServers.remove("half");
  expect(await finding()).toEqual({
    id: "tool-servers-left",
    status: "warn",
    found:
      "half, whose removal was cut off: 2 connection(s); " +
      "mail, which is not in the configuration: 0 connection(s), 1 registration(s) of ours; " +
      "wiki, which is not in the configuration: 2 connection(s), 1 registration(s) of ours.",
    why: expect.stringContaining("kept"),
    fix: expect.stringMatching(
      /To end it: latchkey tool-server remove half; latchkey tool-server remove mail; latchkey tool-server remove wiki\..*latchkey tool-server add URL --id wiki/s,
    ),
  });
  for (const id of ["half", "mail", "wiki"]) await removeToolServer(id);
  expect(await finding()).toMatchObject({ status: "ok" });
  await close();
  await store.close();
});

test("SU-12 a great many providers that are left are told in part", async () => {
  const setting = await aSetting();
  const store = await storeOf(setting);
  const user = aUser();
  await write(store, async (tx) => {
    await tx.users.insert(user);
    for (let number = 10; number < 17; number++)
      await tx.grants.insert(aGrant(user, null, { connection: `provider:gone-${number}` }));
  });
  const { found, fix } = (await setting.examine()).of("providers-left");
  expect(found).toContain("gone-14, which");
  expect(found).toContain("and 2 more");
  expect(found).not.toContain("gone-15");
  expect(fix).toContain("latchkey provider remove gone-14");
  await store.close();
});
