/**
 * Where a world keeps its rows: SQLite in memory, or, with `LATCHKEY_TEST_WORLD_DATABASE` naming a Postgres database, a
 * schema of the world's own in it. So the same tests run on both.
 */
import { randomBytes } from "node:crypto";

export interface WorldDatabase {
  /** What `database` and `busPrefix` of the configuration are to be. */
  readonly config: { readonly database: string; readonly busPrefix?: string };
  drop(): Promise<void>;
}

export async function openWorldDatabase(
  server: string | undefined = process.env["LATCHKEY_TEST_WORLD_DATABASE"],
): Promise<WorldDatabase> {
  if (server === undefined || server === "") return { config: { database: "sqlite::memory:" }, drop: async () => {} };
  const name = `world_${randomBytes(8).toString("hex")}`;
  await query(server, `create schema ${name}`);
  const url = new URL(server);
  url.searchParams.set("options", `-c search_path=${name}`);
  return {
    config: { database: url.href, busPrefix: name },
    drop: () => query(server, `drop schema if exists ${name} cascade`),
  };
}

async function query(server: string, statement: string): Promise<void> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
