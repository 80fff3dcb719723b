/** SU-11 VA-14: `latchkey grant revoke` over a real database: what it says of grants whose tokens cannot be revoked. */
import { expect, test } from "vitest";
import { createKeyring } from "../src/crypto/keyring.js";
import { systemRandom } from "../src/crypto/random.js";
import { secret } from "../src/kernel/secret.js";
import { toInstant } from "../src/kernel/time.js";
import type { GrantRecord } from "../src/store/records.js";
import { aGrant, anIdentity, aSession, aUser, write } from "../src/testing/store-suite/samples.js";
import { sealGrant } from "../src/vault/sealed-grant.js";
import { aCommandLine, type CommandLine, strong } from "./support/command-line.js";

const keyring = createKeyring({ secrets: [secret(strong)], random: systemRandom });
const tokens = { accessToken: "a", tokenType: "Bearer", refreshToken: null, idToken: null } as const;
/** As the entry of the configuration says. */
const own = { connection: "provider:corp", issuer: "https://idp.corp.test", clientId: "x" };

/** Ann, who holds these. */
async function annHolds(line: CommandLine, ...grants: Partial<GrantRecord>[]) {
  const user = aUser();
  const session = aSession(anIdentity(user), { provider: "corp" });
  await write(line.store, async (tx) => {
    await tx.users.insert(user);
    for (const on of grants) {
      const grant = aGrant(user, null, { ...own, sessionId: null, ...on });
      await tx.grants.insert({ ...grant, sealed: on.sealed ?? sealGrant(keyring, grant, tokens) });
    }
  });
  return { user, session };
}

const queued = async (line: CommandLine) => (await line.store.outbox.waiting()).rows;

test("SU-11 VA-14 grant revoke of what can be revoked says how many ended, exit 0", async () => {
  const line = await aCommandLine();
  const { user } = await annHolds(line, {}, {});
  const done = await line.run("grant", "revoke", user.email, "provider:corp", "--json");
  expect([done.code, done.json()]).toEqual([0, { user: user.id, ended: 2, revoked: 2 }]);
  expect(await queued(line)).toBe(2);
  const again = await annHolds(line, {});
  const text = await line.run("grant", "revoke", again.user.email, "--all");
  expect([text.code, text.out, text.err]).toEqual([0, `${again.user.email}: 1 grant ended.\n`, ""]);
});

const elsewhere = "the configuration names another issuer or client, or none";

test.each<[what: string, grant: Partial<GrantRecord>, why: string]>([
  ["opens with no secret", { sealed: "nothing" }, "no secret opens its tokens"],
  ["is another issuer's than the entry says", { issuer: "https://before.test" }, elsewhere],
  ["is another client's than the entry says", { clientId: "y" }, elsewhere],
  ["is of a provider that is not configured", { connection: "provider:gone" }, elsewhere],
  ["is of a tool server that is nowhere", { connection: "tool:gone" }, elsewhere],
])("SU-11 VA-14 grant revoke of one that %s says that it ended here alone, exit 1", async (_what, grant, why) => {
  const line = await aCommandLine();
  const { user } = await annHolds(line, grant);
  const text = await line.run("grant", "revoke", user.email, "--all");
  expect([text.code, text.out]).toEqual([1, `${user.email}: 1 grant ended.\n`]);
  expect(text.err).toBe(`It was deleted here and could not be revoked there: ${why}.\n`);
  expect(await line.store.grants.ofUser(user.id)).toEqual([]);

  const other = await annHolds(line, {}, grant, grant);
  const some = await line.run("grant", "revoke", other.user.email, "--all");
  const theirs = why.replace("its tokens", "their tokens");
  expect(some.err).toBe(`2 of them were deleted here and could not be revoked there: ${theirs}.\n`);
  const third = await annHolds(line, {}, grant);
  const json = await line.run("grant", "revoke", third.user.email, "--all", "--json");
  expect([json.code, json.json(), json.err]).toEqual([1, { user: third.user.id, ended: 2, revoked: 1 }, ""]);
});

test("SU-11 VA-14 SI-2 grant revoke knows the issuer that a tenant's name was found to stand for", async () => {
  const issuer = "https://login.microsoftonline.com/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/v2.0";
  const line = await aCommandLine({
    providers: [{ id: "corp", preset: "microsoft", tenant: "corp.example", clientId: "x" }],
  });
  const key = "issuer:https://login.microsoftonline.com/corp.example/v2.0";
  await write(line.store, (tx) => tx.settings.save({ key, value: issuer, version: 1, updatedAt: toInstant(1) }, 0));
  const { user } = await annHolds(line, { issuer });
  const done = await line.run("grant", "revoke", user.email, "--all", "--json");
  expect([done.code, done.json()]).toMatchObject([0, { ended: 1, revoked: 1 }]);
});
