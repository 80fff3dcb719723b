/** What announcements promise (LO-3). */
import { expect, test } from "vitest";
import { at, start, type TheStore, write } from "./samples.js";

export function announcementTests(theStore: TheStore): void {
  const append = (key: string, when = start) => write(theStore(), (tx) => tx.announcements.append("user", key, when));
  const keysAfter = async (sequence: number) =>
    (await theStore().announcements.after(sequence)).map((announcement) => announcement.key);

  test("LO-3 announcements come in the order of their commits, numbered upwards", async () => {
    expect(await theStore().announcements.latest()).toBe(0);
    expect(await theStore().announcements.after(0)).toEqual([]);
    const committed: string[] = [];
    const keys = Array.from({ length: 30 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => append(key).then(() => committed.push(key))));
    const all = await theStore().announcements.after(0);
    expect(all.map(({ key }) => key)).toEqual(committed);
    for (const [index, one] of all.entries()) expect(one.sequence).toBeGreaterThan(all[index - 1]?.sequence ?? 0);
    const latest = await theStore().announcements.latest();
    expect(latest).toBe(all.at(-1)?.sequence);
    expect(await theStore().announcements.after(latest)).toEqual([]);
    expect(await keysAfter(all[9]?.sequence ?? 0)).toEqual(committed.slice(10));
  });

  test("LO-3 an announcement comes back as it was appended", async () => {
    await write(theStore(), (tx) => tx.announcements.append("tool_server", "wiki", at(7)));
    const [announcement] = await theStore().announcements.after(0);
    expect(announcement).toStrictEqual({
      sequence: announcement?.sequence,
      kind: "tool_server",
      key: "wiki",
      at: at(7),
    });
  });

  test("LO-3 what a rolled back transaction announced was never said", async () => {
    await append("before");
    const failing = write(theStore(), async (tx) => {
      await tx.announcements.append("user", "never", start);
      expect(await tx.announcements.after(0)).toHaveLength(2);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await append("after");
    expect(await keysAfter(0)).toEqual(["before", "after"]);
  });

  test("LO-3 at most a thousand are read at once, and reading on finds the rest", async () => {
    await write(theStore(), async (tx) => {
      for (let index = 0; index < 1_005; index++) await tx.announcements.append("user", `${index}`, start);
    });
    const first = await theStore().announcements.after(0);
    expect(first).toHaveLength(1_000);
    expect(await keysAfter(first.at(-1)?.sequence ?? 0)).toEqual(["1000", "1001", "1002", "1003", "1004"]);
  });

  test("LO-3 old announcements are swept oldest first, and numbers never start again", async () => {
    for (const [index, key] of ["a", "b", "c", "d"].entries()) await append(key, at(index));
    const latest = await theStore().announcements.latest();
    const sweep = (before: number, limit: number) =>
      write(theStore(), (tx) => tx.announcements.deleteBefore(at(before), limit));
    expect(await sweep(2, 1)).toBe(1);
    expect(await keysAfter(0)).toEqual(["b", "c", "d"]);
    expect(await sweep(2, 10)).toBe(1);
    expect(await keysAfter(0)).toEqual(["c", "d"]);
    // Even when everything is old, the newest number must still be known.
    await sweep(1_000, 10);
    expect(await theStore().announcements.latest()).toBe(latest);
    await append("e");
    expect(await keysAfter(latest)).toEqual(["e"]);
  });
}
