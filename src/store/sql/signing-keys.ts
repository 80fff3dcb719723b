/** The keys that we sign with, as rows. They are few: all of them are read at once. */
import type { JsonObject } from "../../kernel/json.js";
import { toInstant } from "../../kernel/time.js";
import type { StoreReads, StoreWrites } from "../contract.js";
import type { SigningKeyRecord } from "../records.js";
import type { Db, SigningKeyRow } from "./schema.js";

const toRecord = (row: SigningKeyRow): SigningKeyRecord => ({
  id: row.id,
  purpose: row.purpose as SigningKeyRecord["purpose"],
  alg: row.alg,
  publicKey: JSON.parse(row.public_key) as JsonObject,
  sealed: row.sealed,
  createdAt: toInstant(row.created_at),
  signsFrom: toInstant(row.signs_from),
  retiresAt: row.retires_at === null ? null : toInstant(row.retires_at),
});

export const signingKeyReads = (db: Db): StoreReads["signingKeys"] => ({
  async all(purpose) {
    const query = db.selectFrom("signing_keys").selectAll().where("purpose", "=", purpose);
    return (await query.orderBy("created_at").orderBy("id").execute()).map(toRecord);
  },
});

export const signingKeyWrites = (db: Db): StoreWrites["signingKeys"] => ({
  async insert(key) {
    const row = {
      id: key.id,
      purpose: key.purpose,
      alg: key.alg,
      public_key: JSON.stringify(key.publicKey),
      sealed: key.sealed,
      created_at: key.createdAt,
      signs_from: key.signsFrom,
      retires_at: key.retiresAt,
    };
    await db.insertInto("signing_keys").values(row).execute();
  },
  async retire(id, at) {
    const update = db.updateTable("signing_keys").set({ retires_at: at });
    await update.where("id", "=", id).where("retires_at", "is", null).execute();
  },
  async deleteRetired(now) {
    const result = await db.deleteFrom("signing_keys").where("retires_at", "<=", now).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
});
