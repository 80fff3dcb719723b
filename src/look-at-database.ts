/** What `latchkey doctor` sees of the database: wiring of what its checks are told, without writing anything. */
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { rolesAboveDefault } from "./accounts/policy/link.js";
import type { Config } from "./config/schema.js";
import { createKeyring } from "./crypto/keyring.js";
import { systemRandom } from "./crypto/random.js";
import type { DatabaseSeen, LeftProvider, RefusedGrants } from "./doctor/database.js";
import { isLatchkeyError } from "./kernel/errors.js";
import type { Log } from "./kernel/log.js";
import { systemClock } from "./kernel/time.js";
import { countKeys } from "./keys/count-keys.js";
import type { Ports } from "./options.js";
import type { Store } from "./store/contract.js";
import { openStore } from "./store/open.js";
import { leftToolServers } from "./tool-servers/left-servers.js";
import { readFailure } from "./vault/policy/hold.js";

/** Sealed rows that are opened to see which key holds them: a few seconds of work at most. */
const mostRows = 50_000;

/** Opens what is there, and migrates nothing. */
export async function lookAtDatabase(
  config: Config,
  { log, random = systemRandom }: Pick<Ports, "random"> & { readonly log: Log },
): Promise<DatabaseSeen> {
  const path = config.database.kind === "sqlite" ? config.database.path : ":memory:";
  if (path !== ":memory:" && !(await exists(path))) return { kind: "none", folder: await folderOf(path) };
  try {
    const store = await openStore(config.database, { clock: systemClock, random, log });
    try {
      const keyring = createKeyring({ secrets: config.secrets, random });
      const { database, code } = await store.schemaVersion();
      return {
        kind: "open",
        version: database,
        code,
        empty: await store.users.none(),
        dead: await store.outbox.countDead(),
        keys: await countKeys({ store, keyring }, { mostRows }),
        refused: await refusedGrants(store),
        leftProviders: await leftProviders(config, store),
        leftToolServers: await leftToolServers(
          { store, keyring },
          config.toolServers.map(({ id }) => id),
        ),
      };
    } finally {
      await store.close();
    }
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return { kind: "failed", error };
  }
}

/** More kinds of failure than that tell no more. */
const mostFailures = 50;

/** A client that changed since leaves its old failures behind under another fingerprint: they are counted together. */
async function refusedGrants(store: Pick<Store, "grants">): Promise<readonly RefusedGrants[]> {
  const found = new Map<string, RefusedGrants>();
  for (const { connection, failure, count } of await store.grants.failing(mostFailures)) {
    const { kind, reason = "" } = readFailure(failure) ?? {};
    if (kind !== "client_fault" && kind !== "configuration_fault") continue;
    const fault = kind === "client_fault" ? "client" : "request";
    const name = [connection, fault, reason].join(" ");
    found.set(name, { connection, fault, reason, grants: count + (found.get(name)?.grants ?? 0) });
  }
  return [...found.values()];
}

/** Counting walks through all rows, once for each: more than these are told without it. */
const mostCounted = 5;

/** What hangs on providers that are not in the configuration, by the rules of removing them (VA-14). */
async function leftProviders(config: Config, { providerTraces, users }: Pick<Store, "providerTraces" | "users">) {
  const known = new Set(config.providers.map(({ id }) => id));
  // The last admin keeps that role, whoever gave it (AC-12): removing the provider again would not change it.
  const lastAdmin = (await users.countEnabledAdmins()) <= 1;
  const roles = rolesAboveDefault(config.roles).filter((role) => role !== "admin" || !lastAdmin);
  const ids = (await providerTraces.ids(roles)).filter((id) => !known.has(id));
  const counted: LeftProvider[] = [];
  for (const provider of ids.slice(0, mostCounted))
    counted.push({ id: provider, traces: await providerTraces.count({ provider, roles, own: undefined }) });
  return { counted, more: ids.length - counted.length };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function folderOf(path: string): Promise<"writable" | "missing" | "read_only"> {
  const folder = dirname(path);
  if (!(await exists(folder))) return "missing";
  return access(folder, constants.W_OK).then(
    () => "writable",
    () => "read_only",
  );
}
