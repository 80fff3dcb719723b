/** The row that holds what was found of a tool server (TS-6), for all nodes and for whoever asks nobody. */
import { isJsonObject, member, parseJson } from "../kernel/json.js";
import { after, hours, type Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { MetadataRecord } from "../store/records.js";
import type { FoundToolServer } from "./found.js";

export const staleFor = hours(24);

/** What was found, and with which settings. */
export interface KeptCopy {
  readonly settings: string;
  readonly found: FoundToolServer;
}

const rowKey = (id: string): string => `tool-server:${id}`;

/** Fresh or not; with whatever settings it was found. */
export async function keptCopy(store: Pick<Store, "metadata">, id: string): Promise<KeptCopy | undefined> {
  const record = await store.metadata.byUrl(rowKey(id));
  const value = record && parseJson(record.body);
  if (!isJsonObject(value)) return undefined;
  const settings = member(value, "settings");
  const found = member(value, "found");
  if (typeof settings !== "string" || !isJsonObject(found)) return undefined;
  return { settings, found: found as unknown as FoundToolServer };
}

export const rowOfCopy = (id: string, copy: KeptCopy): MetadataRecord => ({
  url: rowKey(id),
  body: JSON.stringify(copy),
  fetchedAt: copy.found.foundAt,
  freshUntil: copy.found.freshUntil,
  staleUntil: after(copy.found.freshUntil, staleFor),
});

/** In place of a copy, for a server that is to be found anew whatever was found under its name before. */
export const foundNothing = (id: string, now: Instant): MetadataRecord => ({
  url: rowKey(id),
  body: "{}",
  fetchedAt: now,
  freshUntil: now,
  staleUntil: now,
});
