/** What tool servers promise that were added at run time. */
import { expect, test } from "vitest";
import { at, type TheStore, write } from "./samples.js";

const aServer = (id: string, sealed: string) => ({ id, sealed, removedAt: null, createdAt: at(1), updatedAt: at(2) });

export function storedToolServerTests(theStore: TheStore): void {
  test("TS-18 a tool server that was added comes back as it was saved, is replaced by its id, and goes", async () => {
    const [wiki, board] = [aServer("wiki", "one"), aServer("board", "two")];
    for (const one of [wiki, board]) await write(theStore(), (tx) => tx.toolServers.save(one));
    expect(await theStore().toolServers.all()).toStrictEqual([board, wiki]);
    const changed = { ...wiki, sealed: "three", updatedAt: at(3) };
    await write(theStore(), (tx) => tx.toolServers.save(changed));
    expect(await theStore().toolServers.byId("wiki")).toStrictEqual(changed);
    for (const id of ["", "Wiki", "wiki ", "\ud800"]) expect(await theStore().toolServers.byId(id)).toBeUndefined();
    expect(await theStore().sealed.page("tool_servers", 10)).toStrictEqual([
      { id: "board", userId: null, connection: null, sealed: "two" },
      { id: "wiki", userId: null, connection: null, sealed: "three" },
    ]);
    await write(theStore(), (tx) => tx.toolServers.save({ ...changed, removedAt: at(5) }));
    expect((await theStore().toolServers.byId("wiki"))?.removedAt).toBe(at(5));
    expect(await write(theStore(), (tx) => tx.toolServers.deleteRemoved(at(5)))).toBe(0);
    expect(await write(theStore(), (tx) => tx.toolServers.deleteRemoved(at(6)))).toBe(1);
    expect(await theStore().toolServers.all()).toStrictEqual([board]);
  });
}
