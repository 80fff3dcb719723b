/**
 * Announcements as rows: append-only, numbered by the database. The number follows the order of commits where
 * writers are serialised (SQLite); a database that hands numbers out earlier needs the reader's overlap (LO-3).
 */
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { Announcement, AnnouncementKind } from "../records.js";
import type { Db } from "./schema.js";

/** At most this many are read at once. */
export const announcementsAtOnce = 1_000;

export const toAnnouncement = (row: { sequence: number; kind: string; key: string; at: number }): Announcement => ({
  sequence: Number(row.sequence),
  kind: row.kind as AnnouncementKind,
  key: row.key,
  at: toInstant(row.at),
});

export const announcementReads = (db: Db): StoreReads["announcements"] => ({
  async after(sequence) {
    const query = db.selectFrom("announcements").selectAll().where("sequence", ">", sequence).orderBy("sequence");
    return (await query.limit(announcementsAtOnce).execute()).map(toAnnouncement);
  },
  async latest() {
    const query = db.selectFrom("announcements").select("sequence").orderBy("sequence", "desc").limit(1);
    return Number((await query.executeTakeFirst())?.sequence ?? 0);
  },
});

export const announcementWrites = (db: Db): StoreWrites["announcements"] => ({
  async append(kind, key, at) {
    await db.insertInto("announcements").values({ kind, key, at }).execute();
  },
  async deleteBefore(at, limit) {
    // The newest row stays whatever its age, or `latest` would fall back to 0 once everything is old.
    const newest = db.selectFrom("announcements").select((e) => e.fn.max("sequence").as("sequence"));
    const old = db
      .selectFrom("announcements")
      .select("sequence")
      .where("at", "<", at)
      .where("sequence", "<", newest)
      .orderBy("sequence")
      .limit(limit);
    return Number(
      (await db.deleteFrom("announcements").where("sequence", "in", old).executeTakeFirst()).numDeletedRows,
    );
  },
});
