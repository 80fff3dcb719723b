/** Where an installation under the model keeps its rows, and a look at them by a connection of its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import pg from "pg";
import { createTestDatabase } from "../stores/postgres-database.js";

export interface ModelDatabase {
  /** What `database` of the configuration is to be. */
  readonly url: string;
  /** To be called once the tables are there. */
  open(): Promise<ModelRows>;
  drop(): Promise<void>;
}

export interface ModelRows {
  /** `?` stands for a parameter. */
  all<Row extends object>(sql: string, ...parameters: readonly unknown[]): Promise<readonly Row[]>;
  /** Request ids of sign-ins that were decided, in the order in which they were committed. */
  decided(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** @param server a Postgres to make a database of our own on; undefined: a SQLite file */
export const createModelDatabase = (server: string | undefined): Promise<ModelDatabase> | ModelDatabase =>
  server === undefined ? sqliteFile() : onPostgres(server);

const decided = "select request_id from audit_events where type in ('sign_in.succeeded', 'sign_in.refused') order by";
const requestIds = (rows: readonly { request_id: string }[]) => rows.map(({ request_id }) => request_id);

function sqliteFile(): ModelDatabase {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-model-"));
  const path = join(folder, "latchkey.db");
  return {
    url: `sqlite:${path}`,
    async open() {
      const connection = new Database(path);
      const rows: ModelRows = {
        async all(sql, ...parameters) {
          const statement = connection.prepare(sql);
          if (statement.reader) return statement.all(...parameters) as never;
          statement.run(...parameters);
          return [];
        },
        decided: async () => requestIds(await rows.all(`${decided} rowid`)),
        close: async () => void connection.close(),
      };
      return rows;
    },
    drop: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function onPostgres(server: string): Promise<ModelDatabase> {
  const made = await createTestDatabase(server);
  return {
    url: made.url,
    async open() {
      const client = new pg.Client({ connectionString: made.url });
      await client.connect();
      // Where a row lies says nothing of when it came: the database numbers them, in the transaction that writes them,
      // and write transactions run one after the other.
      await client.query("alter table audit_events add column came bigserial");
      const rows: ModelRows = {
        async all(sql, ...parameters) {
          let at = 0;
          return (
            await client.query(
              sql.replaceAll("?", () => `$${++at}`),
              [...parameters],
            )
          ).rows as never;
        },
        decided: async () => requestIds(await rows.all(`${decided} came`)),
        close: () => client.end(),
      };
      return rows;
    },
    drop: () => made.drop(),
  };
}
