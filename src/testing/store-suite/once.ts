/** What consumed flows, used `jti`s, the outbox, metadata and settings promise. */
import { expect, test } from "vitest";
import type { OutboxRecord } from "../../store/records.js";
import { anOutboxRow, at, start, type TheStore, write } from "./samples.js";

export function onceTests(theStore: TheStore): void {
  const fifty = Array.from({ length: 50 });
  const winners = (answers: readonly boolean[]) => answers.filter(Boolean).length;

  test("SI-9 of fifty callbacks with one state, one consumes it", async () => {
    const consume = () => write(theStore(), (tx) => tx.consumedFlows.consume("state", at(10)));
    expect(winners(await Promise.all(fifty.map(consume)))).toBe(1);
    expect(await consume()).toBe(false);
    expect(await write(theStore(), (tx) => tx.consumedFlows.consume("State", at(10)))).toBe(true);
  });

  test("QU-21 a jti is used once for each issuer", async () => {
    const use = (issuer: string) => () => write(theStore(), (tx) => tx.usedJtis.use(issuer, "jti", at(10)));
    expect(winners(await Promise.all(fifty.map(use("https://a.example.test"))))).toBe(1);
    expect(await use("https://b.example.test")()).toBe(true);
    expect(await use("https://a.example.test")()).toBe(false);
  });

  test("consumed flows and used jtis count until they are swept, and only what expired is swept", async () => {
    await write(theStore(), async (tx) => {
      for (const [index, expires] of [10, 10, 10, 11].entries()) {
        const name = `${expires}-${index}`;
        await tx.consumedFlows.consume(name, at(expires));
        await tx.usedJtis.use("https://a.example.test", name, at(expires));
      }
      await tx.consumedFlows.consume("known", at(5));
      expect(await tx.consumedFlows.consume("known", at(500))).toBe(false);
    });
    const sweep = (table: "consumedFlows" | "usedJtis") =>
      write(theStore(), (tx) => tx[table].deleteExpired(at(10), 3));
    expect([await sweep("consumedFlows"), await sweep("consumedFlows"), await sweep("consumedFlows")]).toEqual([
      3, 1, 0,
    ]);
    expect([await sweep("usedJtis"), await sweep("usedJtis")]).toEqual([3, 0]);
    expect(await write(theStore(), (tx) => tx.consumedFlows.consume("known", at(500)))).toBe(true);
  });

  test("LO-8 what is used up until a time stays so for the longest that was said, and the longest of several is told", async () => {
    const until = (...hashes: string[]) => write(theStore(), (tx) => tx.consumedFlows.consumedUntil(hashes));
    const use = (hash: string, seconds: number) =>
      write(theStore(), (tx) => tx.consumedFlows.consumeUntil(hash, at(seconds)));
    expect(await until("a", "b")).toBeUndefined();
    await use("a", 10);
    expect([await until("a"), await until("A"), await until("b", "a")]).toEqual([at(10), undefined, at(10)]);
    await use("a", 5);
    await use("b", 7);
    expect([await until("a"), await until("b"), await until("b", "a")]).toEqual([at(10), at(7), at(10)]);
    await use("b", 20);
    expect(await until("a", "b")).toBe(at(20));
    expect(await write(theStore(), (tx) => tx.consumedFlows.deleteExpired(at(10), 9))).toBe(1);
    expect([await until("a"), await until("b")]).toEqual([undefined, at(20)]);
  });

  test("the outbox gives what is due, oldest first", async () => {
    const rows = [30, 10, 20, 41].map((due) => anOutboxRow({ nextAttemptAt: at(due), endsAt: at(due + 5) }));
    await write(theStore(), async (tx) => {
      for (const row of rows) await tx.outbox.insert(row);
    });
    expect(await theStore().outbox.due(at(40), 10)).toStrictEqual([rows[1], rows[2], rows[0]]);
    expect(await theStore().outbox.due(at(40), 2)).toStrictEqual([rows[1], rows[2]]);
    expect(await theStore().outbox.due(at(9), 10)).toEqual([]);
  });

  test("SU-16 the outbox tells how many rows wait, due or not, and since when", async () => {
    expect(await theStore().outbox.waiting()).toEqual({ rows: 0, oldest: null });
    const rows = [30, 10, 20].map((made) => anOutboxRow({ createdAt: at(made), nextAttemptAt: at(1_000 - made) }));
    await write(theStore(), async (tx) => {
      for (const row of rows) await tx.outbox.insert(row);
    });
    expect(await theStore().outbox.waiting()).toEqual({ rows: 3, oldest: at(10) });
  });

  test("of many nodes that claim a due row one gets it, until its next attempt is due", async () => {
    const row = anOutboxRow();
    await write(theStore(), (tx) => tx.outbox.insert(row));
    const claim = () => write(theStore(), (tx) => tx.outbox.claim(row.id, row.attempts, at(100)));
    expect(winners(await Promise.all(fifty.map(claim)))).toBe(1);
    expect(await theStore().outbox.due(at(99), 10)).toEqual([]);
    expect(await theStore().outbox.due(at(100), 10)).toStrictEqual([{ ...row, attempts: 1, nextAttemptAt: at(100) }]);
    const postpone = (attempts: number, until: number, why?: string) =>
      write(theStore(), (tx) => tx.outbox.postpone(row.id, attempts, at(until), why));
    // Not by whoever had it before: another node may be at it.
    expect(await postpone(0, 300, "old")).toBe(false);
    expect(await postpone(1, 120, "503")).toBe(true);
    const again = { ...row, attempts: 1, nextAttemptAt: at(120), lastFailure: "503" };
    expect(await postpone(1, 110)).toBe(true);
    expect(await theStore().outbox.due(at(109), 10)).toEqual([]);
    expect(await theStore().outbox.due(at(110), 10)).toStrictEqual([{ ...again, nextAttemptAt: at(110) }]);
    await write(theStore(), (tx) => tx.outbox.bury(row.id, "gone", at(111)));
    expect(await postpone(1, 100)).toBe(false);
    await write(theStore(), (tx) => tx.outbox.delete(row.id));
    expect(await theStore().outbox.due(at(100), 10)).toEqual([]);
    expect(await write(theStore(), (tx) => tx.outbox.claim(row.id, 1, at(200)))).toBe(false);
  });

  test("SI-23 a row that is given up is kept: never due, not waiting, counted and listed, until it is revived", async () => {
    const rows = ["revoke", "webhook", "webhook", "webhook"].map((kind, index) =>
      anOutboxRow({ kind, createdAt: at(index) }),
    );
    const [revoke, first, second, third] = rows as [OutboxRecord, OutboxRecord, OutboxRecord, OutboxRecord];
    await write(theStore(), async (tx) => {
      for (const row of rows) await tx.outbox.insert(row);
      await tx.outbox.bury(first.id, "egress.timeout", at(70));
      await tx.outbox.bury(second.id, "egress.failed", at(71));
    });
    const outbox = theStore().outbox;
    const buried = { ...first, dead: true, lastFailure: "egress.timeout", nextAttemptAt: at(70) };
    expect(await outbox.byId(first.id)).toStrictEqual(buried);
    expect(await outbox.due(at(1_000), 10)).toStrictEqual([revoke, third]);
    expect(await outbox.due(at(1_000), 10, "webhook")).toStrictEqual([third]);
    expect(await outbox.due(at(1_000), 10, "webhook.dead")).toEqual([]);
    expect(await outbox.waiting()).toEqual({ rows: 2, oldest: at(0) });
    expect(await outbox.countDead()).toBe(2);
    const ids = async (dead?: boolean) => {
      const filter = { kind: "webhook", ...(dead === undefined ? {} : { dead }) };
      const pages = [];
      let cursor: string | undefined;
      do {
        const page = await outbox.list({ limit: 1, cursor }, filter);
        pages.push(page.items.map((row) => row.id));
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      return pages.flat();
    };
    expect(await ids()).toEqual([first.id, second.id, third.id]);
    expect(await ids(true)).toEqual([first.id, second.id]);
    expect(await ids(false)).toEqual([third.id]);

    const revive = (row: OutboxRecord) => write(theStore(), (tx) => tx.outbox.revive(row.id, at(80), at(90)));
    expect([await revive(first), await revive(first), await revive(third)]).toEqual([true, false, false]);
    const revived = { ...buried, dead: false, attempts: 0, nextAttemptAt: at(80), endsAt: at(90) };
    expect(await outbox.due(at(80), 10, "webhook")).toStrictEqual([third, revived]);
    expect(await outbox.countDead()).toBe(1);
  });

  test("metadata is inserted, then replaced", async () => {
    const url = "https://id.example.test/.well-known/openid-configuration";
    const record = { url, body: '{"issuer":"ü"}', fetchedAt: start, freshUntil: at(1), staleUntil: at(2) };
    await write(theStore(), (tx) => tx.metadata.save(record));
    expect(await theStore().metadata.byUrl(url)).toStrictEqual(record);
    const next = { ...record, body: "{}", fetchedAt: at(1), freshUntil: at(3), staleUntil: at(4) };
    await write(theStore(), (tx) => tx.metadata.save(next));
    expect(await theStore().metadata.byUrl(url)).toStrictEqual(next);
    expect(await theStore().metadata.byUrl(`${url}/`)).toBeUndefined();
  });

  test("a setting is inserted once, and of two changes to one version one wins", async () => {
    const setting = { key: "look", value: { title: "Ü", list: [1, null, true] }, version: 1, updatedAt: start };
    const save = (value: string, expected: number) =>
      write(theStore(), (tx) => tx.settings.save({ ...setting, value, version: expected + 1 }, expected));
    expect(await save("too early", 1)).toBe(false);
    expect(await theStore().settings.byKey("look")).toBeUndefined();
    expect(await write(theStore(), (tx) => tx.settings.save(setting, 0))).toBe(true);
    expect(await theStore().settings.byKey("look")).toStrictEqual(setting);
    expect(await save("again", 0)).toBe(false);
    const won = await Promise.all([save("a", 1), save("b", 1)]);
    expect(winners(won)).toBe(1);
    expect(await theStore().settings.byKey("look")).toMatchObject({ value: won[0] ? "a" : "b", version: 2 });
  });
}
