/** The names of connections, found by the index on them: one look-up for each name, however many rows have it. */
import { sql } from "kysely";
import type { Db } from "./schema.js";

/** Each connection that the table has a row of, once, in order. */
export async function connectionsIn(db: Db, table: "grants"): Promise<readonly string[]> {
  const rows = sql.table(table);
  const { rows: found } = await sql<{ connection: string }>`
    with recursive names(connection) as (
      select min(connection) from ${rows}
      union all
      select (select min(connection) from ${rows} where connection > names.connection)
      from names where names.connection is not null
    )
    select connection from names where connection is not null order by connection`.execute(db);
  return found.map(({ connection }) => connection);
}
