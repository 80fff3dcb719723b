/** The migrations in order. A new one is a new file and a new last entry; one that was released is never changed. */
import { initial } from "./0001-initial.js";
import { pictures } from "./0002-pictures.js";
import { services } from "./0003-services.js";
import { signingKeys } from "./0004-signing-keys.js";
import { toolServers } from "./0006-tool-servers.js";
import { failingGrants } from "./0009-failing-grants.js";
import { storedToolServers } from "./0014-stored-tool-servers.js";
import type { Migration } from "./migration.js";

export const migrations: readonly Migration[] = [
  initial,
  pictures,
  services,
  signingKeys,
  toolServers,
  failingGrants,
  storedToolServers,
];

/** The schema's version in this code. */
export const codeVersion = migrations.at(-1)?.version ?? 0;
