/**
 * The reads on the path of every request, as SQL that is prepared once. Through kysely each would cost three times
 * as much, all of it in building the same text again. The rest of the reads stay as they are in `sql/`.
 */
import type { StoreReads } from "../contract.js";
import { announcementsAtOnce, toAnnouncement } from "../sql/announcements.js";
import { toGroup } from "../sql/groups.js";
import { toMetadata } from "../sql/metadata.js";
import type { GroupRow, MetadataRow, SessionRow, UserRow } from "../sql/schema.js";
import { toSession } from "../sql/sessions.js";
import { readTables } from "../sql/tables.js";
import { isWellFormed } from "../sql/text.js";
import { toUser } from "../sql/users.js";
import type { SqliteConnection } from "./connection.js";
import { translating } from "./failures.js";

const sessionByTokenHash = "select * from sessions where token_hash = ?";
const userById = "select * from users where id = ?";
const groupsOfUser = `select g.*, m.origin from memberships m join groups g on g.id = m.group_id
  where m.user_id = ? order by g.name, m.origin`;
const announcementsAfter = `select * from announcements where sequence > ? order by sequence limit ${announcementsAtOnce}`;
const metadataByUrl = "select * from metadata where url = ?";

/** All reads over this connection, the hot ones replaced. */
export function hotReads(connection: SqliteConnection): StoreReads {
  const one = <Row>(text: string, key: string): Row | undefined =>
    translating(() => connection.prepared(text).get(key) as Row | undefined);
  const many = <Row>(text: string, key: string | number): readonly Row[] =>
    translating(() => connection.prepared(text).all(key) as unknown as readonly Row[]);

  const reads = readTables(connection.db);
  return {
    ...reads,
    users: {
      ...reads.users,
      async byId(id) {
        const row = one<UserRow>(userById, id);
        return row && toUser(row);
      },
    },
    groups: {
      ...reads.groups,
      async ofUser(userId) {
        const rows = many<GroupRow & { origin: string }>(groupsOfUser, userId);
        return rows.map((row) => ({ group: toGroup(row), origin: row.origin }));
      },
    },
    sessions: {
      ...reads.sessions,
      async byTokenHash(tokenHash) {
        const row = isWellFormed(tokenHash) ? one<SessionRow>(sessionByTokenHash, tokenHash) : undefined;
        return row && toSession(row);
      },
    },
    announcements: {
      ...reads.announcements,
      async after(sequence) {
        return many<Parameters<typeof toAnnouncement>[0]>(announcementsAfter, sequence).map(toAnnouncement);
      },
    },
    metadata: {
      async byUrl(url) {
        const row = isWellFormed(url) ? one<MetadataRow>(metadataByUrl, url) : undefined;
        return row && toMetadata(row);
      },
    },
  };
}
