/** A database with sealed rows of every kind, and a look at what each of them holds afterwards. */
import { createKeyring } from "../../src/crypto/keyring.js";
import type { Keyring } from "../../src/crypto/port.js";
import { randomToken, systemRandom } from "../../src/crypto/random.js";
import { claimsPlace, outboxPlace } from "../../src/crypto/sealed-places.js";
import { type Secret, secret } from "../../src/kernel/secret.js";
import type { Store } from "../../src/store/contract.js";
import type { SealedTable } from "../../src/store/records.js";
import { aGrant, anIdentity, anOutboxRow, at, aUser } from "../../src/testing/store-suite/samples.js";
import { openGrant, sealGrant } from "../../src/vault/sealed-grant.js";

export const aSecret = (): Secret => secret(randomToken(systemRandom));
export const aKeyring = (...secrets: readonly Secret[]): Keyring => createKeyring({ secrets, random: systemRandom });

export const tables = ["grants", "identities", "outbox", "signing_keys"] as const satisfies readonly SealedTable[];

/** Inserts `count` rows, eight of ten of them grants, each with a text of its own: `content of N`. */
export async function fill(store: Store, keyring: Keyring, count: number) {
  const user = aUser();
  const place = (row: { id: string }) => ({ id: row.id, userId: user.id });
  const filled: Record<SealedTable, Map<string, string>> = {
    grants: new Map(),
    identities: new Map(),
    outbox: new Map(),
    signing_keys: new Map(),
    registrations: new Map(),
    tool_servers: new Map(),
  };
  const rows = Array.from({ length: count }, (_, number) => {
    const content = `content of ${number}`;
    if (number % 10 === 0) {
      const identity = anIdentity(user);
      filled.identities.set(identity.id, content);
      const { purpose, context } = claimsPlace(place(identity));
      return { identity: { ...identity, claims: keyring.seal(purpose, context, content) } };
    }
    if (number % 10 === 5) {
      // Due in 2100: no server delivers them.
      const row = anOutboxRow({ nextAttemptAt: at(74 * 365 * 86_400_000), endsAt: at(75 * 365 * 86_400_000) });
      filled.outbox.set(row.id, content);
      const { purpose, context } = outboxPlace(row);
      return { row: { ...row, sealed: keyring.seal(purpose, context, content) } };
    }
    const grant = aGrant(user, null);
    filled.grants.set(grant.id, content);
    const tokens = {
      accessToken: content,
      tokenType: "Bearer",
      refreshToken: "canary-refresh",
      idToken: null,
    } as const;
    return { grant: { ...grant, sealed: sealGrant(keyring, grant, tokens) } };
  });
  await store.transaction((tx) => tx.users.insert(user));
  for (let from = 0; from < rows.length; from += 500) {
    await store.transaction(async (tx) => {
      for (const { grant, identity, row } of rows.slice(from, from + 500)) {
        if (grant) await tx.grants.insert(grant);
        if (identity) await tx.identities.insert(identity);
        if (row) await tx.outbox.insert(row);
      }
    });
  }
  return { user, ...filled };
}

/** Every sealed row of a table as it stands. */
export async function rowsOf(store: Pick<Store, "sealed">, table: SealedTable) {
  const rows = [];
  for (let after: string | undefined; ; ) {
    const page = await store.sealed.page(table, 500, after);
    if (page.length === 0) return rows;
    rows.push(...page);
    after = page.at(-1)?.id;
  }
}

/** What the rows of `fill` hold, by id, opened as the features open them; undefined for one that does not open. */
export async function contents(store: Pick<Store, "sealed">, keyring: Keyring, table: SealedTable) {
  const found = new Map<string, string | undefined>();
  for (const { id, userId, connection, sealed } of await rowsOf(store, table)) {
    if (table === "grants") {
      const place = { id, userId, connection, sealed } as Parameters<typeof openGrant>[1];
      found.set(id, openGrant(keyring, place)?.accessToken);
      continue;
    }
    const { purpose, context } = table === "outbox" ? outboxPlace({ id }) : claimsPlace({ id, userId: userId ?? "" });
    const opened = keyring.open(purpose, context, sealed);
    found.set(id, opened.ok ? opened.value : undefined);
  }
  return found;
}
