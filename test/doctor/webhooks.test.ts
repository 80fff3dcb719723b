/** SI-23, SU-12: what the doctor says of webhooks. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemRandom } from "../../src/crypto/random.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { openSqliteStore } from "../../src/store/sqlite.js";
import { anOutboxRow } from "../../src/testing/store-suite/samples.js";
import { signingSecret as secret } from "../webhooks/setting.js";
import { aSetting } from "./setting.js";

test("SI-23 SU-12 the doctor names webhooks that cannot work, without their URLs, and messages that were given up", async () => {
  const setting = await aSetting();
  const found = async (...webhooks: unknown[]) => {
    setting.config["webhooks"] = webhooks;
    const { all } = await setting.examine();
    return all.filter((finding) => finding.id.startsWith("webhooks"));
  };
  expect(await found()).toEqual([]);
  expect(await found({ id: "crm", url: "https://crm.example/in", secret })).toMatchObject([
    { id: "webhooks", status: "ok", found: "crm" },
  ]);
  const inside = await found({ url: "https://10.0.0.1/canary-path", secret });
  expect(inside).toMatchObject([{ id: "webhooks", status: "warn" }]);
  expect(JSON.stringify(inside)).not.toContain("canary-path");
  expect(await found({ url: "https://hooks.slack.com/services/T/B/x", secret })).toMatchObject([
    { status: "warn", found: "webhooks.0.format is standard, but hooks.slack.com takes only slack." },
  ]);

  const path = join(setting.folder, "latchkey.db");
  const store = await openSqliteStore({
    path,
    migrate: true,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
  });
  await store.transaction((tx) => tx.outbox.insert(anOutboxRow({ kind: "webhook", dead: true })));
  await store.close();
  expect(await found()).toMatchObject([
    { id: "webhooks-dead", status: "warn", fix: expect.stringContaining("webhook retry --all") },
  ]);
});

test("SI-23 an embedder is told at start of a host that takes another form", async () => {
  const { createCapturedLog } = await import("../../src/testing/captured-log.js");
  const { createLatchkey } = await import("../../src/create-latchkey.js");
  const log = createCapturedLog();
  const latchkey = await createLatchkey({
    baseUrl: "http://localhost:3000",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    database: "sqlite::memory:",
    providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x" }],
    webhooks: [{ url: "https://hooks.slack.com/services/T/B/canary", secret }],
    ports: { log },
  });
  await latchkey.close();
  expect(log.text()).toContain("hooks.slack.com takes only slack");
  expect(log.text()).not.toContain("canary");
});
