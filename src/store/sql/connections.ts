/** The names of connections, found by the index on them: one look-up for each name, however many grants have it. */
import { sql } from "kysely";
import type { Db } from "./schema.js";

/** Each connection that there is a grant of, once, in order. */
export async function connectionsIn(db: Db): Promise<readonly string[]> {
  const { rows } = await sql<{ connection: string }>`
    with recursive names(connection) as (
      select min(connection) from grants
      union all
      select (select min(connection) from grants where connection > names.connection)
      from names where names.connection is not null
    )
    select connection from names where connection is not null order by connection`.execute(db);
  return rows.map(({ connection }) => connection);
}
