/**
 * What hangs on a provider's id, over four tables (VA-14). An operator asks when a provider goes, and in the doctor, so no index is
 * kept for it: one walk over a million people's rows takes about a second.
 */
import { type ExpressionBuilder, sql } from "kysely";
import type { UserId } from "../../kernel/ids.js";
import type { ProviderRoles, StoreReads } from "../contract.js";
import { connectionsIn } from "./connections.js";
import type { Db, Schema } from "./schema.js";

export const providerTraceReads = (db: Db): StoreReads["providerTraces"] => ({
  async ids(roles) {
    const sessions = await db.selectFrom("sessions").select("provider").distinct().execute();
    const connections = await connectionsIn(db);
    const origins = await db
      .selectFrom("memberships")
      .select("origin")
      .distinct()
      .where("origin", ">=", claims)
      .where("origin", "<", afterClaims)
      .execute();
    const roleOrigins =
      roles.length === 0
        ? []
        : await db
            .selectFrom("users")
            .select("role_origin as origin")
            .distinct()
            .where("role", "in", [...roles])
            .where("role_origin", ">=", claims)
            .where("role_origin", "<", afterClaims)
            .execute();
    const ids = new Set([
      ...sessions.map(({ provider }) => provider),
      ...connections.filter((name) => name.startsWith(granted)).map((name) => name.slice(granted.length)),
      ...[...origins, ...roleOrigins].map(({ origin }) => origin.slice(claims.length).split(" ")[0] ?? ""),
    ]);
    return [...ids].sort();
  },
  async people(of, limit, after = "" as UserId) {
    const query = db.selectFrom(peopleOf(db, of).as("people")).select("people.id");
    const rows = await query.where("people.id", ">", after).orderBy("people.id").limit(limit).execute();
    return rows.map(({ id }) => id as UserId);
  },
  async count(of) {
    const counted = async (rows: { executeTakeFirstOrThrow(): Promise<{ count: number }> }): Promise<number> =>
      Number((await rows.executeTakeFirstOrThrow()).count);
    const all = sql<number>`count(*)`.as("count");
    const { provider, own } = of;
    const grants = db.selectFrom("grants").select(all).where("connection", "=", `provider:${provider}`);
    const held = await counted(grants);
    const ofOwn = grants.where("issuer", "in", own?.issuers ?? []).where("client_id", "=", own?.clientId ?? "");
    return {
      people: await counted(db.selectFrom(peopleOf(db, of).as("people")).select(all)),
      sessions: await counted(db.selectFrom("sessions").select(all).where("provider", "=", provider)),
      grants: held,
      foreignGrants: own === undefined || own.issuers.length === 0 ? held : held - (await counted(ofOwn)),
      memberships: await counted(db.selectFrom("memberships").select(all).where(originIs(provider))),
      roles: await counted(db.selectFrom("users").select(all).where(hasRole(of))),
    };
  },
});

const granted = "provider:";
const claims = "claims:";
/** What follows whatever begins with it. */
const afterClaims = "claims;";

const peopleOf = (db: Db, of: ProviderRoles) =>
  db
    .selectFrom("sessions")
    .select("user_id as id")
    .where("provider", "=", of.provider)
    .union(db.selectFrom("grants").select("user_id as id").where("connection", "=", `provider:${of.provider}`))
    .union(db.selectFrom("memberships").select("user_id as id").where(originIs(of.provider)))
    .union(db.selectFrom("users").select("id").where(hasRole(of)));

/** `claims:<provider> <issuer>`, of any issuer; compared by length and not as a pattern, in which a name could mean more. */
function originIs(provider: string) {
  const prefix = `claims:${provider} `;
  return sql<boolean>`substr(origin, 1, ${sql.lit(prefix.length)}) = ${prefix}`;
}

const hasRole =
  ({ provider, roles }: ProviderRoles) =>
  (e: ExpressionBuilder<Schema, "users">) =>
    e.and([
      e("role_origin", "=", `claims:${provider}`),
      roles.length === 0 ? e.lit(false) : e("role", "in", [...roles]),
    ]);
