import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from "kysely";
import { expect, test } from "vitest";
import { compiledOnce } from "./compiled-once.js";

interface Rows {
  cats: { id: string; name: string | null; lives: number };
}
const db = new Kysely<Rows>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (one) => new PostgresIntrospector(one),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const update = ({ id, lives, name }: Rows["cats"]) =>
  db
    .updateTable("cats")
    .set({ name, lives })
    .where("id", "=", id)
    .where(sql<boolean>`set_config('lock_timeout', ${"5s"}, true) is not null`);

test("a query that is put together once has the text and the values of one that is put together each time", () => {
  let built = 0;
  const once = compiledOnce((row: Rows["cats"]) => {
    built++;
    return update(row);
  });
  for (const row of [
    { id: "a", name: "Tom", lives: 9 },
    { id: "b", name: null, lives: 0 },
    { lives: 1, name: "", id: "c" },
  ]) {
    const { sql: text, parameters } = update(row).compile();
    expect(once(row)).toMatchObject({ sql: text, parameters });
  }
  expect(built).toBe(1);
});

test("what was made for one call keeps its values when the next is made", () => {
  const once = compiledOnce(({ id }: { id: string }) => db.selectFrom("cats").selectAll().where("id", "=", id));
  const first = once({ id: "a" });
  once({ id: "b" });
  expect(first.parameters).toEqual(["a"]);
});
