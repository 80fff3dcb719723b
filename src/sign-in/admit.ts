/**
 * The end of a sign-in: who is it, may they come in, and everything that follows, in one transaction (SI-9.10).
 *
 * Sealing binds a value to its user (VA-2), and whose user it is comes out of the decision, so the same decision runs
 * twice: before the transaction, to know whom to seal for, and inside it, where it counts. When somebody changed the
 * answer in between, nothing is written and the whole step is done again.
 */
import { applyDecision } from "../accounts/apply-decision.js";
import { type LoadedAccounts, loadKnownAccounts } from "../accounts/known-accounts.js";
import { type AccountDecision, type AccountRules, decideAccount } from "../accounts/policy/decide.js";
import { type IncomingIdentity, madeUpDomain, mapIdentity } from "../accounts/policy/identity.js";
import { auditEvent } from "../audit/audit-event.js";
import { sha256Base64Url, sha256Hex } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import type { Flow } from "../flows/flow.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type GrantId, type IdentityId, newId, type SessionId, type UserId } from "../kernel/ids.js";
import { type JsonObject, stringMember } from "../kernel/json.js";
import { after, type Instant } from "../kernel/time.js";
import { endInTransaction, type PreparedEnd, prepareEnd } from "../logout/end-sessions.js";
import type { TokenSet } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import { type Transaction, UniqueViolation } from "../store/contract.js";
import type { GrantRecord, IdentityRecord, SessionRecord } from "../store/records.js";
import { sealGrant } from "../vault/sealed-grant.js";
import type { CompleteInput, SignInPorts } from "./ports.js";
import { prepareSessionCap } from "./session-cap.js";

interface AdmitInput {
  readonly provider: Provider;
  /** The issuer that the identity, the session and the grant belong to: verified, or the preset's constant. */
  readonly issuer: string;
  readonly flow: Flow;
  readonly tokens: TokenSet;
  readonly claims: JsonObject;
  readonly input: CompleteInput;
  readonly now: Instant;
}

/** Thrown inside the transaction when the decision came out for another user than the one that was sealed for. */
class Overtaken extends Error {}

const mostRounds = 5;

export interface Admitted {
  readonly sessionValue: string;
  readonly userId: UserId;
  /** Where the picture of this person is to be had, as their account says now. */
  readonly picture: string | null;
}

export async function admit(ports: SignInPorts, input: AdmitInput): Promise<Admitted> {
  const incoming = identityOf(ports, input);
  for (let round = 1; ; round++) {
    try {
      return await admitOnce(ports, input, incoming);
    } catch (thrown) {
      // Two first sign-ins of one person met (AC-2): the second now finds what the first has written.
      const overtaken = thrown instanceof Overtaken || thrown instanceof UniqueViolation;
      if (!overtaken) throw thrown;
      if (round === mostRounds) throw new LatchkeyError("store.busy", { cause: thrown });
    }
  }
}

function identityOf(ports: SignInPorts, { provider, issuer, claims, tokens }: AdmitInput): IncomingIdentity {
  const mapped = mapIdentity(issuer, claims, {
    claims: provider.claims,
    emailVerified: provider.emailVerified,
    fallbackEmail: ports.accounts.emailFallback ? madeUpEmail : null,
  });
  if (!mapped.ok) throw new LatchkeyError(mapped.error, { data: { provider: provider.id } });
  return { ...mapped.value, picture: mapped.value.picture ?? ports.pictures.hostFor(provider, tokens) };
}

/** SI-18: a stable address under a domain that can never receive mail (RFC 2606 §2). */
const madeUpEmail = (issuer: string, subject: string): string =>
  `${sha256Hex(JSON.stringify([issuer, subject])).slice(0, 40)}@${madeUpDomain}`;

async function admitOnce(ports: SignInPorts, input: AdmitInput, incoming: IncomingIdentity) {
  const { provider, flow, now } = input;
  const rules: AccountRules = { ...ports.accounts, signUp: provider.signUp, firstPerson: firstPerson(ports, flow) };
  const newUserId = newId<UserId>(now, ports.random);
  const newIdentityId = newId<IdentityId>(now, ports.random);
  const guess = await loadKnownAccounts(ports.store, incoming);
  const guessed = decideAccount(incoming, guess.known, rules);
  // A refusal is only believed when the transaction says it too.
  const sealed = guessed.kind === "refuse" ? undefined : seal(guessed, guess);
  const replaced = await replacedSession(ports, input);
  const audit = input.input.request;
  const most = ports.session.maxPerUserAndProvider;
  const endBeyondCap =
    sealed && (await prepareSessionCap(ports, { userId: sealed.userId, provider, most, audit, now }));
  ports.faults.point(5);

  const outcome = await ports.store.transaction(async (tx) => {
    const loaded = await loadKnownAccounts(tx, incoming);
    const decision = decideAccount(incoming, loaded.known, rules);
    if (decision.kind === "refuse") {
      await auditRefusal(tx, decision);
      return { refused: decision };
    }
    const userId = decision.kind === "create" ? newUserId : decision.userId;
    if (!sealed || sealed.userId !== userId || sealed.identityId !== (loaded.identity?.id ?? newIdentityId)) {
      throw new Overtaken();
    }
    await useSetupLink(tx, decision);
    const { user, identity } = await applyDecision(ports, tx, {
      decision,
      loaded,
      incoming,
      provider: provider.id,
      newUserId,
      identityId: sealed.identityId,
      sealedClaims: sealed.claims,
      update: ports.accounts.update,
      audit: input.input.request,
      now,
    });
    ports.faults.point(6);
    if (replaced) await endReplaced(tx, replaced, userId);
    const session = sessionRecord(ports, input, identity, sealed, user.role);
    await tx.sessions.insert(session);
    await tx.grants.insert(sealed.grant);
    await endBeyondCap?.(tx, session.id);
    await auditSuccess(tx, user.id, session.id, decision);
    ports.faults.point(7);
    return { userId, picture: user.picture };
  });
  if (!("refused" in outcome)) return { ...outcome, sessionValue: sealed?.value ?? "" };
  throw new LatchkeyError(outcome.refused.reason, { data: { provider: provider.id, user: outcome.refused.userId } });

  function seal(decision: Exclude<AccountDecision, { kind: "refuse" }>, loaded: LoadedAccounts): Sealed {
    const userId = decision.kind === "create" ? newUserId : decision.userId;
    const identityId = loaded.identity?.id ?? newIdentityId;
    return sealFor(ports, input, userId, identityId);
  }

  async function useSetupLink(tx: Transaction, decision: AccountDecision): Promise<void> {
    const first = decision.kind === "create" && decision.role.origin === "first-user";
    if (!first || rules.firstPerson !== "has_link" || !flow.setup) return;
    if (await tx.consumedFlows.consume(flow.setup.hash, flow.setup.endsAt)) return;
    throw new LatchkeyError("signin.setup_required", { data: { reason: "link_used" } });
  }

  async function endReplaced(tx: Transaction, replaced: PreparedEnd, userId: UserId): Promise<void> {
    // Many providers end every token of this person and client at once: a revocation would hit those just issued (LO-5).
    const same = replaced.session.userId === userId && replaced.session.clientId === provider.client.clientId;
    const end = same ? { ...replaced, revocations: [] } : replaced;
    const actor = { kind: "user", id: end.session.userId };
    await endInTransaction(ports, tx, end, { actor, reason: "replaced", audit: input.input.request, now });
  }

  function auditSuccess(tx: Transaction, userId: UserId, sessionId: SessionId, decision: AccountDecision) {
    const actor = { kind: "user", id: userId };
    const data = { issuer: input.issuer, session: sessionId };
    const event = { type: "sign_in.succeeded", actor, target: actor, provider: provider.id } as const;
    return tx.audit.append(auditEvent(ports, now, input.input.request, { ...event, rule: decision.kind, data }));
  }

  function auditRefusal(tx: Transaction, refusal: Extract<AccountDecision, { kind: "refuse" }>) {
    const actor = { kind: "identity", id: null };
    const target = { kind: "user", id: refusal.userId };
    const data = { issuer: input.issuer, subject: incoming.subject };
    const event = { type: "sign_in.refused", actor, target, provider: provider.id, code: refusal.reason } as const;
    return tx.audit.append(auditEvent(ports, now, input.input.request, { ...event, data }));
  }
}

const firstPerson = (ports: SignInPorts, flow: Flow): AccountRules["firstPerson"] =>
  ports.openToFirstPerson ? "open" : flow.setup ? "has_link" : "needs_link";

/** SI-14: the session this browser came with ends when a new one begins, so that nobody can fix one (AT-23). */
async function replacedSession(ports: SignInPorts, { input, now }: AdmitInput): Promise<PreparedEnd | undefined> {
  const presented = ports.sessionCookie.read(new Headers(input.cookieHeader ? { cookie: input.cookieHeader } : {}));
  if (presented.kind !== "value") return undefined;
  const session = await ports.store.sessions.byTokenHash(sha256Base64Url(presented.value));
  return session && prepareEnd(ports, session, now);
}

interface Sealed {
  readonly userId: UserId;
  readonly identityId: IdentityId;
  readonly claims: string;
  readonly sessionId: SessionId;
  /** The cookie's value: held here until the answer leaves, stored nowhere. */
  readonly value: string;
  readonly grant: GrantRecord;
}

function sealFor(ports: SignInPorts, input: AdmitInput, userId: UserId, identityId: IdentityId): Sealed {
  const { provider, tokens, claims, now } = input;
  const sessionId = newId<SessionId>(now, ports.random);
  const place = { id: newId<GrantId>(now, ports.random), userId, connection: `provider:${provider.id}` };
  const claimsContext = { table: "identities", row: identityId, user: userId };
  return {
    userId,
    identityId,
    sessionId,
    value: randomToken(ports.random),
    claims: ports.keyring.seal("claims", claimsContext, JSON.stringify(claims)),
    grant: {
      ...place,
      sessionId,
      issuer: input.issuer,
      clientId: provider.client.clientId,
      accountLabel: stringMember(claims, "email") ?? null,
      scopes: tokens.scopes,
      issuedAt: tokens.issuedAt,
      expiresAt: tokens.expiresAt,
      status: "active",
      statusReason: null,
      version: 1,
      lastRefreshAt: null,
      lastFailureCode: null,
      nextAttemptAt: null,
      leaseOwner: null,
      leaseEndsAt: null,
      lastUsedAt: null,
      sealed: sealGrant(ports.keyring, place, tokens),
      createdAt: now,
      updatedAt: now,
    },
  };
}

function sessionRecord(
  ports: SignInPorts,
  { provider, issuer, claims, input, now }: AdmitInput,
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
function sidOf(claims: JsonObject): string | null {
  const sid = stringMember(claims, "sid");
  return sid !== undefined && sid.length <= 1_024 && sid.isWellFormed() ? sid : null;
}
