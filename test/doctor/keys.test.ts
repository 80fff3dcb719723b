/** SU-12, VA-4: what the doctor says of the keys that seal rows. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { judgeKeys } from "../../src/doctor/keys.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { aKeyring, aSecret, fill } from "../keys/filling.js";
import { aSetting } from "./setting.js";

test("SU-12 VA-4 the doctor counts rows by secret, warns of those that none opens and of a secret that holds none", async () => {
  const setting = await aSetting();
  const [oldest, old, newest] = [aSecret(), aSecret(), aSecret()];
  const found = async (...secrets: (typeof old)[]) => {
    setting.config["secrets"] = secrets.map((one) => one.reveal());
    const { all } = await setting.examine();
    const findings = all.filter(({ id }) => id.startsWith("keys"));
    for (const one of [oldest, old, newest]) expect(JSON.stringify(findings)).not.toContain(one.reveal());
    return findings;
  };
  expect(await found(newest)).toEqual([]);
  const store = await openSqliteStore({
    path: join(setting.folder, "latchkey.db"),
    migrate: true,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  // A database with nothing in it says nothing about a secret.
  expect(await found(newest, old)).toMatchObject([{ id: "keys", status: "ok" }]);
  await fill(store, aKeyring(old), 10);
  await store.close();
  expect(await found(newest, old)).toMatchObject([
    { id: "keys", status: "ok", found: expect.stringContaining("secrets.0: 0, secrets.1: 10. latchkey keys rotate") },
  ]);
  expect(await found(old, oldest)).toMatchObject([
    { id: "keys", status: "ok" },
    { id: "keys-unused", status: "warn", found: "No row is sealed with secrets.1." },
  ]);
  expect(await found(newest)).toMatchObject([
    {
      id: "keys",
      status: "warn",
      found: `10 sealed row(s) that no secret opens, of key(s) ${aKeyring(old).keyIds()[0]} (10).`,
      fix: expect.stringContaining("at the end of secrets"),
    },
  ]);
});

test("SU-12 a count that ended early claims nothing about a secret without rows", () => {
  const none = { grants: 0, identities: 0, outbox: 0, registrations: 0, signing_keys: 0, tool_servers: 0 };
  const keys = {
    configured: [
      { id: "a", rows: { ...none, grants: 9 }, total: 9 },
      { id: "b", rows: none, total: 0 },
    ],
    unknown: [],
    unopened: { total: 0, rows: [] },
    looked: 9,
    complete: false,
  };
  const [finding, ...others] = judgeKeys({
    kind: "open",
    version: 1,
    code: 1,
    empty: false,
    dead: 0,
    keys,
    refused: [],
    leftProviders: { counted: [], more: 0 },
    leftToolServers: [],
  });
  expect(finding).toMatchObject({ status: "ok", found: expect.stringContaining("Only the first 9") });
  expect(others).toEqual([]);
});
