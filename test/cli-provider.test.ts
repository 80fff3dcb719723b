/** SU-11: `latchkey provider remove` over a real database: what is asked, what is answered, and the exit status. */
import { describe, expect, test } from "vitest";
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

const off = { providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x", enabled: false }] };

/** Ann, with a session and its grant, which is as the entry says but for what is told here. */
async function annIn(line: CommandLine, ...others: Partial<GrantRecord>[]) {
  const user = aUser();
  const identity = anIdentity(user);
  const session = aSession(identity, { provider: "corp" });
  await write(line.store, async (tx) => {
    await tx.users.insert(user);
    await tx.identities.insert(identity);
    await tx.sessions.insert(session);
    for (const on of [{}, ...others]) {
      const own = { connection: "provider:corp", issuer: "https://idp.corp.test", clientId: "x", ...on };
      const grant = aGrant(user, session, own);
      await tx.grants.insert({ ...grant, sealed: on.sealed ?? sealGrant(keyring, grant, tokens) });
    }
  });
  return user;
}

describe("provider remove", () => {
  test("SU-11 VA-14 asks with counts, and does nothing where nobody can answer", async () => {
    const line = await aCommandLine(off);
    const ann = await annIn(line);
    const refused = await line.run("provider", "remove", "corp");
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain("--yes");
    expect(await line.asked("provider", "remove", "corp")).toBe(
      "Remove corp: 1 session, 1 connection, 0 group memberships, 0 roles of 1 person?",
    );
    expect(await line.store.sessions.ofUser(ann.id)).toHaveLength(1);
  });

  test("SU-11 VA-14 with --yes it is done, and told as text or as one document", async () => {
    const line = await aCommandLine(off);
    const ann = await annIn(line);
    const done = await line.run("provider", "remove", "corp", "--yes", "--json");
    expect([done.code, done.err]).toEqual([0, ""]);
    const counts = { people: 1, sessions: 1, grants: 1, foreignGrants: 0, memberships: 0, roles: 0 };
    expect(done.json()).toEqual({ removed: "corp", ...counts, revoked: 1 });
    expect(await line.store.sessions.ofUser(ann.id)).toEqual([]);
    await annIn(line);
    const text = await line.run("provider", "remove", "corp", "--yes");
    expect([text.code, text.out]).toEqual([
      0,
      "corp was removed: 1 session, 1 connection, 0 group memberships, 0 roles of 1 person.\n",
    ]);
    expect(text.err).toContain("leave the provider's entry in the configuration");
  });

  test("SU-11 VA-14 what is of another issuer or client than the entry, or opens with no secret, is told apart and not as revoked", async () => {
    const line = await aCommandLine(off);
    const others = [{ issuer: "https://before.test" }, { clientId: "y" }, { sealed: "nothing" }];
    await annIn(line, ...others);
    expect(await line.asked("provider", "remove", "corp")).toBe(
      "Remove corp: 1 session, 4 connections, 0 group memberships, 0 roles of 1 person; 2 connections are of another issuer or client than its entry names: deleted here, not revoked there?",
    );
    const text = await line.run("provider", "remove", "corp", "--yes");
    expect(text.err).toBe(
      [
        "The running server revokes the tokens of 1 connection, where the provider has a revocation endpoint; leave the provider's entry in the configuration until then.",
        "2 connections were of another issuer or client than its entry names: deleted here, not revoked there.",
        "Of 1 connection no secret opens the tokens: deleted here, not revoked there.",
        "",
      ].join("\n"),
    );
    await annIn(line, ...others);
    const done = await line.run("provider", "remove", "corp", "--yes", "--json");
    expect(done.json()).toMatchObject({ grants: 4, foreignGrants: 2, revoked: 1 });
    expect(done.err).toBe("");
  });

  test("SU-11 VA-14 an entry whose issuer changed says of nothing that it is revoked", async () => {
    const line = await aCommandLine({ providers: [{ ...off.providers[0], issuer: "https://after.test" }] });
    await annIn(line);
    expect(await line.asked("provider", "remove", "corp")).toContain(
      "1 connection is of another issuer or client than its entry names",
    );
    const text = await line.run("provider", "remove", "corp", "--yes");
    expect(text.err).toBe(
      "1 connection was of another issuer or client than its entry names: deleted here, not revoked there.\n",
    );
  });

  test("SU-11 VA-14 SI-2 the issuer of a tenant under a name is the one that was found before", async () => {
    const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
    const entry = { id: "corp", preset: "microsoft", tenant: "corp.example", clientId: "x", enabled: false };
    const line = await aCommandLine({ providers: [entry] });
    await annIn(line, { issuer: `https://login.microsoftonline.com/${tenant}/v2.0` });
    const key = "issuer:https://login.microsoftonline.com/corp.example/v2.0";
    await write(line.store, async (tx) => {
      const value = `https://login.microsoftonline.com/${tenant}/v2.0`;
      await tx.settings.save({ key, value, version: 1, updatedAt: toInstant(1) }, 0);
    });
    const done = await line.run("provider", "remove", "corp", "--yes", "--json");
    expect(done.json()).toMatchObject({ grants: 2, foreignGrants: 1, revoked: 1 });
  });

  test("SU-11 VA-14 one that is not configured any more is removed, and it is told that nothing can be revoked", async () => {
    const line = await aCommandLine({ providers: [{ id: "else", issuer: "https://idp.else.test", clientId: "x" }] });
    await annIn(line);
    const done = await line.run("provider", "remove", "corp", "--yes");
    expect(done.code).toBe(0);
    expect(done.err).toContain("cannot be revoked");
    await annIn(line);
    const told = await line.run("provider", "remove", "corp", "--yes", "--json");
    expect(told.json()).toMatchObject({ grants: 1, foreignGrants: 1, revoked: 0 });
    // Nothing waits a day for a provider that nobody knows.
    expect((await line.store.outbox.waiting()).rows).toBe(0);
  });

  test("SU-11 VA-14 one that is switched on and one that is nobody's are refused with 1", async () => {
    const line = await aCommandLine();
    await annIn(line);
    for (const [id, code] of [
      ["corp", "signin.provider_enabled"],
      ["crop", "signin.provider_unknown"],
    ] as const) {
      const refused = await line.run("provider", "remove", id, "--yes", "--json");
      expect([refused.code, refused.json().error.code]).toEqual([1, code]);
    }
  });
});
