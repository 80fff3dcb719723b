/** The checks on where rows are kept. What was seen comes in; the judgements are pure. */
import type { LatchkeyError } from "../kernel/errors.js";
import type { KeyStatus } from "../keys/count-keys.js";
import type { ProviderTraces } from "../store/contract.js";
import type { LeftToolServer } from "../tool-servers/left-servers.js";
import { check, type Finding } from "./finding.js";

/** Grants whose last refresh was refused for a reason that only the operator can mend (VA-9). */
export interface RefusedGrants {
  readonly connection: string;
  /** Of the client: who we are there. Of the request: what we ask for. */
  readonly fault: "client" | "request";
  /** What the provider said. */
  readonly reason: string;
  readonly grants: number;
}

/** A provider that is not in the configuration, and what hangs on it (VA-14). */
export interface LeftProvider {
  readonly id: string;
  readonly traces: ProviderTraces;
}

export type DatabaseSeen =
  /** Opened as it is. */
  | {
      readonly kind: "open";
      readonly version: number;
      readonly code: number;
      readonly empty: boolean;
      readonly dead: number;
      readonly keys: KeyStatus;
      readonly refused: readonly RefusedGrants[];
      /** `more`: how many there are besides, of which nothing was counted. */
      readonly leftProviders: { readonly counted: readonly LeftProvider[]; readonly more: number };
      readonly leftToolServers: readonly LeftToolServer[];
    }
  /** There is no file yet, and whether one can be made. */
  | { readonly kind: "none"; readonly folder: "writable" | "missing" | "read_only" }
  | { readonly kind: "failed"; readonly error: LatchkeyError };

const database = check("database", "People, sessions and tokens are kept there; serve does not start without it.");
const place = check(
  "database-place",
  "SQLite's locks do not hold on a network file system: two processes can destroy the file.",
);
const firstPerson = check("first-person", "While nobody has an account, the first person to sign in becomes admin.");

export function judgeDatabase(where: string, seen: DatabaseSeen): Finding {
  if (seen.kind === "open")
    return database.ok(`${where}, version ${seen.version}, as this version of Latchkey needs it.`);
  if (seen.kind === "none") {
    if (seen.folder === "writable") return database.ok(`${where} does not exist yet; serve makes it.`);
    return database.fail(
      seen.folder === "missing"
        ? `${where} is in a folder that does not exist.`
        : `${where} does not exist, and its folder may not be written to.`,
      "Make the folder, owned by the account that Latchkey runs as, or change `database`.",
    );
  }
  const { error } = seen;
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  switch (error.code) {
    case "store.not_migrated":
      if (error.data["database"] === 0)
        return database.ok(`${where} is there, and empty; serve makes its tables when it starts.`);
      return database.warn(
        `${where} is older than this version of Latchkey.`,
        "serve brings it up to date when it starts; so does latchkey migrate.",
      );
    case "store.newer":
      return database.fail(
        `${where} was migrated by a newer version of Latchkey.`,
        "Start that version, or restore a copy from before.",
      );
    case "store.busy":
      return database.warn(`${where} stayed locked for 5 seconds.`, "Find the process that holds a transaction open.");
    case "store.driver_missing":
      return database.fail(`${where} needs a package that is not installed.`, "npm install pg");
    default:
      return database.fail(
        `${where} cannot be opened${cause}.`,
        "Check that it is a database of Latchkey, and who may read and write it.",
      );
  }
}

/** @param fileSystem the network file system it lies on; undefined for none */
export const judgePlace = (where: string, fileSystem: string | undefined): Finding =>
  fileSystem === undefined
    ? place.ok(`${where} is on no network file system that is known.`)
    : place.warn(`${where} lies on ${fileSystem}.`, "Move it to a local disk.");

export function judgeFirstPerson(
  seen: DatabaseSeen,
  config: { readonly loopback: boolean; readonly bootstrapAdmins: number },
): Finding {
  if (config.bootstrapAdmins > 0) return firstPerson.ok("signIn.bootstrapAdmins names who becomes admin.");
  if (seen.kind === "open" && !seen.empty) return firstPerson.ok("Somebody has an account.");
  if (seen.kind === "failed") return firstPerson.skip("The database cannot be asked.");
  return firstPerson.warn(
    config.loopback
      ? "Nobody has an account: whoever signs in first becomes admin."
      : "Nobody has an account: whoever opens the link that serve prints becomes admin.",
    "Sign in now, or name yourself in signIn.bootstrapAdmins.",
  );
}
