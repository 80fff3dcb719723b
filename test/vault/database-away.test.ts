/** VA-8: the provider has rotated, and the database is away: what nobody else has is kept until it is back. */
import { afterEach, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { createCapturedLog } from "../../src/testing/captured-log.js";
import { startFaultyProxy } from "../bus/faulty-proxy.js";
import { aRefreshSetting } from "../faults/refresh-setting.js";
import { describeWith, postgresUrl } from "../services.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeWith("postgres", await postgresUrl(), "on Postgres", (server) => {
  test("VA-8 a rotated token outlives a Postgres that takes connections and does not answer: it is written when it is back", async () => {
    // The lease is not renewed meanwhile: that would stand before the write, at a writer that cannot connect.
    const vault = { leaseTtl: "5m" };
    const setting = await aRefreshSetting({ postgres: server, vault, provider: { rotation: "rotate" } });
    closing.push(() => setting.close());
    const url = new URL(String(setting.config.database));
    const proxy = await startFaultyProxy({ host: url.hostname, port: Number(url.port || 5432) });
    closing.push(() => proxy.close());
    url.hostname = "127.0.0.1";
    url.port = String(proxy.port);
    const log = createCapturedLog();
    const latchkey = await createLatchkey({ ...setting.config, database: url.href, ports: { log } });
    closing.push(() => latchkey.close());
    await setting.expire(setting.mine.user);

    setting.provider.next("token", async (honest) => {
      const answer = await honest();
      proxy.stall(true);
      proxy.cut(false);
      return answer;
    });
    const asked = latchkey.vault.accessToken(setting.mine);
    asked.catch(() => {});
    const again = () => log.lines.filter(({ message }) => message.includes("could not be written yet"));
    // Each of them had to connect, but perhaps the first.
    await Promise.race([asked, expect.poll(() => again().length, { timeout: 40_000 }).toBeGreaterThan(1)]);
    proxy.stall(false);
    proxy.cut(false);

    const { accessToken } = await asked;
    expect(accessToken).toMatch(/^access-/);
    expect(await setting.grantOf(setting.mine.user)).toMatchObject({ status: "active", leaseOwner: null });
    expect([setting.refreshes(), setting.provider.familyRevocations]).toEqual([1, 0]);
    // What is stored is the newest of the family: the provider takes it from a node that remembers nothing.
    await setting.expire(setting.mine.user);
    const another = await createLatchkey({ ...setting.config, ports: { log } });
    closing.push(() => another.close());
    expect((await another.vault.accessToken(setting.mine)).accessToken).not.toBe(accessToken);
    expect([setting.refreshes(), setting.provider.familyRevocations]).toEqual([2, 0]);
  }, 90_000);
});
