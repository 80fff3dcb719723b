/**
 * The secret part of a grant (VA-1): access, refresh and ID token and the token type, sealed as one value that opens
 * only in its own row, for its own user and connection (VA-2). The readable part is the grant's record.
 */
import type { Keyring } from "../crypto/port.js";
import { grantPlace } from "../crypto/sealed-places.js";
import type { GrantId, UserId } from "../kernel/ids.js";
import { isJsonObject, type JsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import { type Instant, toInstant } from "../kernel/time.js";
import type { GrantRecord } from "../store/records.js";

export interface GrantSecrets {
  readonly accessToken: string;
  readonly tokenType: "Bearer" | "DPoP";
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  /** The private key that the tokens are bound to (RFC 9449), as JWK text. */
  readonly proofKey?: string;
  /** Of a tool server's grant: what was asked for, and where its tokens may go. */
  readonly asked?: AskedFor;
}

export interface AskedFor {
  /** The URL of the tool server it was made for; at another one it is worth nothing. */
  readonly server: string;
  readonly resource: string | null;
  readonly scopes: readonly string[];
  /**
   * Made by the vault itself: its tokens are got anew without anybody being asked, and without a refresh token (TS-15). The
   * way in which they are got; with another one it counts no more.
   */
  readonly withoutPerson?: string;
  /** Its token goes to that server alone, and is handed to nobody (TS-21). */
  readonly confined?: true;
}

interface GrantPlace {
  readonly id: GrantId;
  readonly userId: UserId;
  readonly connection: string;
}

/** A grant, and what is sealed in it. */
export interface OpenedGrant {
  readonly grant: GrantRecord;
  readonly secrets: GrantSecrets;
}

/** The end of a token that a row has not got yet (TS-15). */
export const neverHad = toInstant(0);

/** The end of a grant's access token, for people to read; null: unknown, or there is no token yet. */
export const endOfToken = ({ expiresAt }: Pick<GrantRecord, "expiresAt">): Instant | null =>
  expiresAt === neverHad ? null : expiresAt;

/** What every grant is when it is made: good, and never refreshed, held or used. */
export const newGrantState = (now: Instant) =>
  ({
    status: "active",
    statusReason: null,
    version: 1,
    lastRefreshAt: null,
    lastFailureCode: null,
    nextAttemptAt: null,
    leaseOwner: null,
    leaseEndsAt: null,
    lastUsedAt: null,
    createdAt: now,
    updatedAt: now,
  }) as const satisfies Partial<GrantRecord>;

export const sealGrant = (keyring: Keyring, grant: GrantPlace, secrets: GrantSecrets): string =>
  keyring.seal(
    "grant",
    grantPlace(grant).context,
    JSON.stringify({
      a: secrets.accessToken,
      t: secrets.tokenType,
      r: secrets.refreshToken,
      i: secrets.idToken,
      ...(secrets.proofKey === undefined ? {} : { k: secrets.proofKey }),
      ...(secrets.asked ? { q: secrets.asked } : {}),
    }),
  );

/** `undefined` when no key opens it: the row is kept and reported, never deleted (VA-4). */
export function openGrant(keyring: Keyring, grant: GrantPlace & Pick<GrantRecord, "sealed">): GrantSecrets | undefined {
  const opened = keyring.open("grant", grantPlace(grant).context, grant.sealed);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  if (!isJsonObject(value)) return undefined;
  const accessToken = stringMember(value, "a");
  if (accessToken === undefined) return undefined;
  return {
    accessToken,
    tokenType: stringMember(value, "t") === "DPoP" ? "DPoP" : "Bearer",
    refreshToken: stringMember(value, "r") ?? null,
    idToken: stringMember(value, "i") ?? null,
    ...proofKeyOf(value),
    ...askedOf(value),
  };
}

/** Also where they are under another key: a rotation passed by while a request was out (VA-4), and must not cost the answer. */
export function holdSameTokens(keyring: Keyring, row: GrantRecord, base: GrantRecord): boolean {
  if (row.sealed === base.sealed) return true;
  const [now, then] = [openGrant(keyring, row), openGrant(keyring, base)];
  return now !== undefined && JSON.stringify(now) === JSON.stringify(then);
}

function proofKeyOf(value: JsonObject): Pick<GrantSecrets, "proofKey"> {
  const proofKey = stringMember(value, "k");
  return proofKey === undefined ? {} : { proofKey };
}

/** What opens was sealed by us for this row; only its age may differ. */
function askedOf(value: JsonObject): { asked?: AskedFor } {
  const asked = member(value, "q");
  return isJsonObject(asked) ? { asked: asked as unknown as AskedFor } : {};
}
