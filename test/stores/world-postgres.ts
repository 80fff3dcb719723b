/** One database for all worlds of a run on Postgres: made before the first test, dropped after the last. */
import { postgresUrl } from "../services.js";
import { createDatabase, dropDatabase } from "./postgres-database.js";

const name = `latchkey_worlds_${process.pid}`;

/** Its URL, before there is one. */
export function worldDatabase(server: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function setup(): Promise<() => Promise<void>> {
  const server = await postgresUrl();
  if (server === undefined) throw new Error("no Postgres answers");
  await createDatabase(server, name);
  return () => dropDatabase(server, name);
}
