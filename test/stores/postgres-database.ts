/** A database of a test's own on the machine's Postgres, dropped at its end. */
import pg from "pg";

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

let count = 0;

export async function createTestDatabase(server: string): Promise<TestDatabase> {
  const name = `latchkey_test_${process.pid}_${Date.now().toString(36)}_${count++}`;
  await createDatabase(server, name);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => dropDatabase(server, name) };
}

export const createDatabase = (server: string, name: string): Promise<void> =>
  asServer(server, `create database ${name}`);
export const dropDatabase = (server: string, name: string): Promise<void> =>
  asServer(server, `drop database if exists ${name} with (force)`);

async function asServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
