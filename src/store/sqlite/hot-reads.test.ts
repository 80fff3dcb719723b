/** The hot reads and the ones they replace are two spellings of one thing: they must not drift apart. */
import { expect, test } from "vitest";
import { silentLog } from "../../kernel/log.js";
import { systemClock } from "../../kernel/time.js";
import { aGroup, aPerson, at, countedRandom, start } from "../../testing/store-suite/samples.js";
import type { Store } from "../contract.js";
import { runMigrations } from "../sql/migrations/run.js";
import { readTables } from "../sql/tables.js";
import { openConnection } from "./connection.js";
import { hotReads } from "./hot-reads.js";
import { sqliteSpelling } from "./spelling.js";
import { createWriter } from "./writer.js";

test("each hot read answers as the plain one does", async () => {
  const ports = { clock: systemClock, random: countedRandom, log: silentLog };
  const connection = await openConnection(":memory:", "writer", ports);
  const writer = createWriter(ports, connection);
  await writer.transaction(() => runMigrations(connection.db, sqliteSpelling, start).then(() => {}));
  const store = { transaction: writer.transaction } as Store;
  const { user, session } = await aPerson(store);
  const other = await aPerson(store);
  const url = "https://id.example.test/jwks";
  await store.transaction(async (tx) => {
    for (const name of ["b", "a", "Z"]) {
      const group = aGroup({ name, permissions: { name } });
      await tx.groups.insert(group);
      for (const origin of ["manual", "default"]) {
        await tx.groups.addMember({ userId: user.id, groupId: group.id, origin, createdAt: start });
      }
    }
    await tx.metadata.save({ url, body: "{}", fetchedAt: start, freshUntil: at(1), staleUntil: at(2) });
    for (let index = 0; index < 1_005; index++) await tx.announcements.append("user", `${index}`, start);
  });

  const [hot, plain] = [hotReads(connection), readTables(connection.db)];
  const both = async <T>(read: (reads: typeof hot) => Promise<T>): Promise<T> => {
    const [first, second] = [await read(hot), await read(plain)];
    expect(first).toStrictEqual(second);
    return first;
  };
  expect(await both((reads) => reads.users.byId(user.id))).toEqual(user);
  expect(await both((reads) => reads.users.byId(other.session.id as never))).toBeUndefined();
  expect(await both((reads) => reads.sessions.byTokenHash(session.tokenHash))).toEqual(session);
  expect(await both((reads) => reads.sessions.byTokenHash("\ud800"))).toBeUndefined();
  expect(await both((reads) => reads.groups.ofUser(user.id))).toHaveLength(6);
  expect(await both((reads) => reads.groups.ofUser(other.user.id))).toEqual([]);
  expect(await both((reads) => reads.metadata.byUrl(url))).toMatchObject({ body: "{}" });
  expect(await both((reads) => reads.metadata.byUrl("\ud800"))).toBeUndefined();
  expect(await both((reads) => reads.announcements.after(0))).toHaveLength(1_000);
  expect(await both((reads) => reads.announcements.after(1_003))).toHaveLength(2);
  await writer.close();
});
