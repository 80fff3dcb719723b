/**
 * Tool servers that an operator added while everything ran (TS-18): rows, each sealed whole, since credentials are among
 * what it says. One of the file hides a stored one of its id (SU-2).
 */
import type { ToolServerConfig } from "../config/schema.js";
import type { Keyring } from "../crypto/port.js";
import { toolServerPlace } from "../crypto/sealed-places.js";
import { isJsonObject, type JsonObject, parseJson } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Store } from "../store/contract.js";
import type { StoredToolServerRecord } from "../store/records.js";

/** Reads a record by the configuration's own schema; undefined where that does not take it. */
export type ReadToolServer = (input: JsonObject) => ToolServerConfig | undefined;

export function sealToolServer(keyring: Keyring, id: string, input: JsonObject): string {
  const { purpose, context } = toolServerPlace({ id });
  return keyring.seal(purpose, context, JSON.stringify(input));
}

/** What was added; undefined while no key opens it, or this version does not understand it: the row is kept (VA-4). */
export function openToolServer(
  keyring: Keyring,
  read: ReadToolServer,
  row: StoredToolServerRecord,
): ToolServerConfig | undefined {
  const { purpose, context } = toolServerPlace(row);
  const opened = keyring.open(purpose, context, row.sealed);
  const input = opened.ok ? parseJson(opened.value) : undefined;
  return isJsonObject(input) ? read(input) : undefined;
}

export interface StoredToolServer {
  readonly config: ToolServerConfig;
  readonly removed: boolean;
}

/** Those that can be used, or were until a moment ago. */
export async function loadToolServers(ports: {
  readonly store: Pick<Store, "toolServers">;
  readonly keyring: Keyring;
  readonly log: Log;
  readonly read: ReadToolServer;
}): Promise<readonly StoredToolServer[]> {
  const rows = await ports.store.toolServers.all();
  return rows.flatMap((row) => {
    const config = openToolServer(ports.keyring, ports.read, row);
    if (!config) ports.log.error({ toolServer: row.id }, "a stored tool server cannot be read, and is left out");
    return config ? [{ config, removed: row.removedAt !== null }] : [];
  });
}
