/** Finding the grants whose last refresh failed without a look at all of them: they are few (VA-9). */
import type { Migration } from "./migration.js";

export const failingGrants: Migration = {
  version: 9,
  name: "failing-grants",
  // An index that older code does not know does not disturb it.
  runsFrom: 1,
  async up(db) {
    await db.schema
      .createIndex("grants_failing")
      .on("grants")
      .columns(["connection", "last_failure_code"])
      .where("last_failure_code", "is not", null)
      .execute();
  },
};
