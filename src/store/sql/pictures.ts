/** People's pictures as rows. The bytes are read only where they are served. */
import type { UserId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { PictureSummary } from "../records.js";
import type { Db, PictureRow } from "./schema.js";

const summaryColumns = ["user_id", "content_type", "digest", "source_hash", "fetched_at"] as const;

const toSummary = (row: Omit<PictureRow, "bytes">): PictureSummary => ({
  userId: row.user_id as UserId,
  contentType: row.content_type,
  digest: row.digest,
  sourceHash: row.source_hash,
  fetchedAt: toInstant(row.fetched_at),
});

export const pictureReads = (db: Db): StoreReads["pictures"] => ({
  async ofUser(userId) {
    const row = await db.selectFrom("pictures").selectAll().where("user_id", "=", userId).executeTakeFirst();
    // Databases give a Buffer, which is one with more to it.
    return row && { ...toSummary(row), bytes: new Uint8Array(row.bytes) };
  },
  async summaryOf(userId) {
    const query = db.selectFrom("pictures").select(summaryColumns).where("user_id", "=", userId);
    const row = await query.executeTakeFirst();
    return row && toSummary(row);
  },
});

export const pictureWrites = (db: Db): StoreWrites["pictures"] => ({
  async save({ userId, contentType, bytes, digest, sourceHash, fetchedAt }) {
    const rest = {
      content_type: contentType,
      bytes: Buffer.from(bytes),
      digest,
      source_hash: sourceHash,
      fetched_at: fetchedAt,
    };
    const query = db.insertInto("pictures").values({ user_id: userId, ...rest });
    await query.onConflict((c) => c.column("user_id").doUpdateSet(rest)).execute();
  },
});
