/**
 * The sealed column of every table that has one, seen alone: to count what each key holds and to put a value that was
 * sealed anew in the place of the old one (VA-4). What the column holds is nobody's business here.
 */
import { type RawBuilder, sql } from "kysely";
import type { SealedSwap, StoreReads, StoreWrites } from "../contract.js";
import type { SealedRow, SealedTable } from "../records.js";
import type { Db } from "./schema.js";

const nothing = sql<null>`null`;
/** Where the value is, and where what its place is made of. */
const columns: Readonly<Record<SealedTable, { sealed: string; user: RawBuilder<unknown>; to: RawBuilder<unknown> }>> = {
  grants: { sealed: "sealed", user: sql.ref("user_id"), to: sql.ref("connection") },
  identities: { sealed: "claims", user: sql.ref("user_id"), to: nothing },
  outbox: { sealed: "sealed", user: nothing, to: nothing },
  registrations: { sealed: "sealed", user: nothing, to: nothing },
  tool_servers: { sealed: "sealed", user: nothing, to: nothing },
  signing_keys: { sealed: "sealed", user: nothing, to: nothing },
};

/** Rows that one statement changes; each has three parameters, and databases have a limit for those. */
const swapsAtOnce = 100;

export const sealedReads = (db: Db): StoreReads["sealed"] => ({
  async page(table, limit, after = "") {
    const { sealed, user, to } = columns[table];
    const { rows } = await sql<SealedRow>`
      select id, ${user} as "userId", ${to} as connection, ${sql.ref(sealed)} as sealed from ${sql.table(table)}
      where ${sql.ref(sealed)} is not null and id > ${after} order by id limit ${limit}`.execute(db);
    return rows;
  },
  async count(table) {
    const { rows } = await sql<{ rows: number | string }>`
      select count(${sql.ref(columns[table].sealed)}) as rows from ${sql.table(table)}`.execute(db);
    return Number(rows[0]?.rows);
  },
});

export const sealedWrites = (db: Db): StoreWrites["sealed"] => ({
  async swap(table, swaps) {
    let changed = 0;
    for (let from = 0; from < swaps.length; from += swapsAtOnce)
      changed += await swapSome(db, table, swaps.slice(from, from + swapsAtOnce));
    return changed;
  },
});

async function swapSome(db: Db, table: SealedTable, swaps: readonly SealedSwap[]): Promise<number> {
  const column = columns[table].sealed;
  const values = sql.join(swaps.map(({ id, expected, next }) => sql`(${id}, ${expected}, ${next})`));
  const { numAffectedRows } = await sql`
    with swaps (id, expected, next) as (values ${values})
    update ${sql.table(table)} set ${sql.ref(column)} = swaps.next from swaps
    where ${sql.ref(`${table}.id`)} = swaps.id and ${sql.ref(`${table}.${column}`)} = swaps.expected`.execute(db);
  return Number(numAffectedRows);
}
