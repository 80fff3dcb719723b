/** Fetched provider documents (discovery, key sets) as rows. */
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { MetadataRecord } from "../records.js";
import type { Db, MetadataRow } from "./schema.js";
import { isWellFormed, repaired } from "./text.js";

export const toMetadata = (row: MetadataRow): MetadataRecord => ({
  url: row.url,
  body: row.body,
  fetchedAt: toInstant(row.fetched_at),
  freshUntil: toInstant(row.fresh_until),
  staleUntil: toInstant(row.stale_until),
});

export const metadataReads = (db: Db): StoreReads["metadata"] => ({
  async byUrl(url) {
    if (!isWellFormed(url)) return undefined;
    const row = await db.selectFrom("metadata").selectAll().where("url", "=", url).executeTakeFirst();
    return row && toMetadata(row);
  },
});

export const metadataWrites = (db: Db): StoreWrites["metadata"] => ({
  async save(record) {
    const rest = {
      body: repaired(record.body),
      fetched_at: record.fetchedAt,
      fresh_until: record.freshUntil,
      stale_until: record.staleUntil,
    };
    const query = db.insertInto("metadata").values({ url: record.url, ...rest });
    await query.onConflict((c) => c.column("url").doUpdateSet(rest)).execute();
  },
});
