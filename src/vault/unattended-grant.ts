/**
 * The row of a connection that needs nobody to connect it (TS-15): made at its first use, for one person, without a token.
 * From there on it is a grant like any other; its first token is got as every later one is, by the one process that has the
 * lease. A row that counts no more, of another server, issuer or client, gives way to it.
 */
import { type GrantId, newId, type UserId } from "../kernel/ids.js";
import type { GrantRecord } from "../store/records.js";
import { grantNews } from "./grant-cache.js";
import type { VaultPorts } from "./ports.js";
import { neverHad, newGrantState, openGrant, sealGrant } from "./sealed-grant.js";

/**
 * False where a person has to connect it.
 *
 * @throws LatchkeyError `connect.*` as `connections.unattended`
 */
export async function makeUnattended(ports: VaultPorts, userId: UserId, connection: string): Promise<boolean> {
  const made = await ports.connections.unattended(connection, userId);
  if (!made) return false;
  const now = ports.clock.now();
  const id = newId<GrantId>(now, ports.random);
  const { issuer, clientId, asked, mustBeThere } = made;
  const place = { id, userId, connection };
  const sealed = sealGrant(ports.keyring, place, {
    accessToken: "",
    tokenType: "Bearer",
    refreshToken: null,
    idToken: null,
    asked,
  });
  const row: GrantRecord = {
    ...place,
    sessionId: null,
    issuer,
    clientId,
    accountLabel: null,
    scopes: [],
    issuedAt: now,
    // Over by any clock, one that is behind ours as well: nobody is handed the token that it has not.
    expiresAt: neverHad,
    ...newGrantState(now),
    sealed,
  };
  await ports.store.transaction(async (tx) => {
    const rows = (await tx.grants.ofUser(userId)).filter((grant) => grant.connection === connection);
    // Another call, or another process, was first.
    if (rows.some((grant) => counts(ports, grant))) return;
    await mustBeThere(tx);
    for (const old of rows) await tx.grants.delete(old.id);
    await tx.grants.insert(row);
    await tx.announcements.append("grant", grantNews(row), now);
  });
  return true;
}

function counts(ports: VaultPorts, grant: GrantRecord): boolean {
  if (grant.status !== "active") return false;
  const secrets = openGrant(ports.keyring, grant);
  // What no key opens is reported where it is read, and never thrown away (VA-4).
  return secrets === undefined || ports.connections.foreign(grant, secrets) === null;
}
