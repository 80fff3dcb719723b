/**
 * What a sign-in is about to write, made and sealed before its transaction: the session's value, the grant and the claims,
 * bound to their user and rows (VA-2).
 */
import { sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import { claimsPlace } from "../crypto/sealed-places.js";
import { type GrantId, type IdentityId, newId, type SessionId, type UserId } from "../kernel/ids.js";
import { type JsonObject, stringMember } from "../kernel/json.js";
import { after, type Instant } from "../kernel/time.js";
import type { TokenSet } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import type { GrantRecord, IdentityRecord, SessionRecord } from "../store/records.js";
import { newGrantState, sealGrant } from "../vault/sealed-grant.js";
import type { CompleteInput, SignInPorts } from "./ports.js";

/** Of one sign-in, what its rows are made of. */
interface SignInFacts {
  readonly provider: Provider;
  readonly issuer: string;
  readonly tokens: TokenSet | null;
  readonly claims: JsonObject;
  readonly input: Pick<CompleteInput, "request">;
  readonly now: Instant;
}

export interface Sealed {
  readonly userId: UserId;
  readonly identityId: IdentityId;
  readonly claims: string;
  readonly sessionId: SessionId;
  /** The cookie's value: held here until the answer leaves, stored nowhere. */
  readonly value: string;
  readonly grant: GrantRecord | null;
}

export function sealFor(ports: SignInPorts, input: SignInFacts, userId: UserId, identityId: IdentityId): Sealed {
  const { claims, now } = input;
  const sessionId = newId<SessionId>(now, ports.random);
  return {
    userId,
    identityId,
    sessionId,
    value: randomToken(ports.random),
    claims: ports.keyring.seal("claims", claimsPlace({ id: identityId, userId }).context, JSON.stringify(claims)),
    grant: input.tokens && grantRecord(ports, { ...input, tokens: input.tokens }, userId, sessionId),
  };
}

function grantRecord(
  ports: SignInPorts,
  { provider, issuer, tokens, claims, now }: SignInFacts & { readonly tokens: TokenSet },
  userId: UserId,
  sessionId: SessionId,
): GrantRecord {
  const place = { id: newId<GrantId>(now, ports.random), userId, connection: `provider:${provider.id}` };
  return {
    ...place,
    sessionId,
    issuer,
    clientId: provider.client.clientId,
    accountLabel: stringMember(claims, "email") ?? null,
    scopes: tokens.scopes,
    issuedAt: tokens.issuedAt,
    expiresAt: tokens.expiresAt,
    ...newGrantState(now),
    sealed: sealGrant(ports.keyring, place, tokens),
  };
}

export function sessionRecord(
  ports: SignInPorts,
  { provider, issuer, claims, input, now }: SignInFacts,
  identity: IdentityRecord,
  sealed: Sealed,
  role: string,
): SessionRecord {
  return {
    id: sealed.sessionId,
    tokenHash: sha256Base64Url(sealed.value),
    userId: sealed.userId,
    identityId: identity.id,
    provider: provider.id,
    issuer,
    clientId: provider.client.clientId,
    sub: identity.sub,
    sid: sidOf(claims),
    createdAt: now,
    lastSeenAt: now,
    idleEndsAt: after(now, ports.session.idle),
    endsAt: after(now, ports.session.lifetime),
    address: input.request.address,
    userAgent: input.request.userAgent?.slice(0, 400) ?? null,
    roleAtIssue: role,
  };
}

/** The provider's session id, as far as a logout token could name it again. */
export function sidOf(claims: JsonObject): string | null {
  const sid = stringMember(claims, "sid");
  return sid !== undefined && sid.length <= 1_024 && sid.isWellFormed() ? sid : null;
}
