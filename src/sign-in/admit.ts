/**
 * The end of a sign-in: who is it, may they come in, and everything that follows, in one transaction (SI-9.10).
 *
 * Sealing binds a value to its user (VA-2), and whose user it is comes out of the decision, so the same decision runs
 * twice: before the transaction, to know whom to seal for, and inside it, where it counts. When somebody changed the
 * answer in between, nothing is written and the whole step is done again.
 */
import { applyDecision } from "../accounts/apply-decision.js";
import { applyGroups } from "../accounts/apply-groups.js";
import type { LoadedAccounts } from "../accounts/known-accounts.js";
import { loadFacts } from "../accounts/load-facts.js";
import { readText } from "../accounts/policy/claim.js";
import {
  type Admission,
  decideSignIn,
  type Person,
  type SignInDecision,
  type Told,
  type UnknownClaims,
} from "../accounts/policy/decide-sign-in.js";
import { auditEvent } from "../audit/audit-event.js";
import { sha256Base64Url } from "../crypto/digest.js";
import type { Flow } from "../flows/flow.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type IdentityId, newId, type SessionId, type UserId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import { type Instant, toInstant } from "../kernel/time.js";
import { endInTransaction, type PreparedEnd, prepareEnd, prepareEndOfUser } from "../logout/end-sessions.js";
import { isEndedAtProvider } from "../logout/sign-ins-under-way.js";
import type { TokenSet } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import { type Transaction, UniqueViolation } from "../store/contract.js";
import { queueSignUp, sealSignUp } from "./announce-sign-up.js";
import { personOf, rulesOf } from "./person-of.js";
import type { CompleteInput, SignInPorts } from "./ports.js";
import { type Sealed, sealFor, sessionRecord, sidOf } from "./sealed-sign-in.js";
import { prepareSessionCap } from "./session-cap.js";

interface AdmitInput {
  readonly provider: Provider;
  /** The issuer that the identity, the session and the grant belong to: verified, or the preset's constant. */
  readonly issuer: string;
  readonly flow: Pick<Flow, "setup">;
  /** Null: nothing is kept of them, and there is no grant. */
  readonly tokens: TokenSet | null;
  /** Nobody but this user, who must be known by this identity; left out: whoever the rules let in. */
  readonly onlyUser?: UserId;
  readonly claims: JsonObject;
  readonly unknown: UnknownClaims;
  /** Beside the claims and never among them, so that no other setting can take it for an address or a role. */
  readonly postedName: string | undefined;
  readonly input: Pick<CompleteInput, "cookieHeader" | "request">;
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
  const person = completed(ports, input, personOf(ports, input.provider, toldBy(input), rulesOf(ports, input.flow)));
  for (let round = 1; ; round++) {
    try {
      return await admitOnce(ports, input, person);
    } catch (thrown) {
      // Two first sign-ins of one person met (AC-2): the second now finds what the first has written.
      const overtaken = thrown instanceof Overtaken || thrown instanceof UniqueViolation;
      if (!overtaken) throw thrown;
      if (round === mostRounds) throw new LatchkeyError("store.busy", { cause: thrown });
    }
  }
}

const toldBy = ({ issuer, claims, unknown }: AdmitInput): Told => ({ issuer, claims, unknown });

/** What came beside the claims stands in for what is not in them: a posted name, and the preset's own place for pictures. */
function completed(ports: SignInPorts, { provider, tokens, postedName }: AdmitInput, person: Person): Person {
  const { identity } = person;
  const name = identity.name ?? (postedName === undefined ? undefined : readText({ name: postedName }, "name"));
  return {
    ...person,
    identity: {
      ...identity,
      name,
      picture: identity.picture ?? (tokens ? ports.pictures.hostFor(provider, tokens) : undefined),
    },
  };
}

type Refusal = Extract<SignInDecision, { kind: "refuse" }>;
type Refused = Pick<Refusal, "rule" | "userId"> & { readonly reason: Refusal["reason"] | "signin.denied" };

async function admitOnce(ports: SignInPorts, input: AdmitInput, person: Person) {
  const { provider, flow, now } = input;
  const { identity: incoming } = person;
  const rules = rulesOf(ports, flow);
  const newUserId = newId<UserId>(now, ports.random);
  const newIdentityId = newId<IdentityId>(now, ports.random);
  const guess = await loadFacts(ports.store, person, provider, rules, { groups: false });
  const guessed = decideSignIn(provider, toldBy(input), guess.known, rules);
  // A refusal is only believed when the transaction says it too.
  const sealed = guessed.kind === "admit" ? seal(guessed.account, guess.accounts) : undefined;
  const endEverywhere = guessed.kind === "refuse" && guessed.signOutEverywhere ? await prepareOut(guessed) : undefined;
  const signUp = sealSignUp(ports, guessed, { incoming, id: newUserId, provider: provider.id, now });
  const replaced = await replacedSession(ports, input);
  const audit = input.input.request;
  const most = ports.session.maxPerUserAndProvider;
  const endBeyondCap =
    sealed && (await prepareSessionCap(ports, { userId: sealed.userId, provider, most, audit, now }));
  ports.faults.point(5);

  const outcome = await ports.store.transaction(async (tx) => {
    const loaded = await loadFacts(tx, person, provider, rules, { groups: true });
    const decision = decideSignIn(provider, toldBy(input), loaded.known, rules);
    if (decision.kind === "unreadable") throw new LatchkeyError(decision.problem, { data: { provider: provider.id } });
    if (decision.kind === "refuse") {
      if (decision.signOutEverywhere) await signOutEverywhere(tx, decision);
      await auditRefusal(tx, decision);
      return { refused: decision };
    }
    const { account } = decision;
    if (await isOvertaken(tx)) {
      const userId = account.kind === "create" ? null : account.userId;
      const refused: Refused = { reason: "signin.denied", rule: "logged_out", userId };
      await auditRefusal(tx, refused);
      return { refused };
    }
    const userId = account.kind === "create" ? newUserId : account.userId;
    if (input.onlyUser !== undefined && (account.kind !== "update" || userId !== input.onlyUser))
      throw new LatchkeyError("account.sign_up_closed", { data: { provider: provider.id, reason: "known_only" } });
    if (!sealed || sealed.userId !== userId || sealed.identityId !== (loaded.accounts.identity?.id ?? newIdentityId)) {
      throw new Overtaken();
    }
    await useSetupLink(tx, account);
    const { user, identity, announced, emailKept } = await applyDecision(ports, tx, {
      decision: account,
      loaded: loaded.accounts,
      incoming,
      provider: provider.id,
      newUserId,
      identityId: sealed.identityId,
      sealedClaims: sealed.claims,
      update: ports.accounts.update,
      audit: input.input.request,
      now,
    });
    const regrouped = await applyGroups(ports, tx, {
      steps: decision.groups,
      userId,
      provider: provider.id,
      made: provider.groups,
      audit: input.input.request,
      now,
    });
    if (regrouped && !announced) await tx.announcements.append("user", userId, now);
    if (decision.role.kind === "last_admin_kept") await auditLastAdmin(tx, userId, decision.role);
    if (account.kind === "create" && !(await queueSignUp(tx, signUp, user, provider.id))) throw new Overtaken();
    ports.faults.point(6);
    if (replaced) await endReplaced(tx, replaced, userId);
    const session = sessionRecord(ports, input, identity, sealed, user.role);
    await tx.sessions.insert(session);
    if (sealed.grant) await tx.grants.insert(sealed.grant);
    await endBeyondCap?.(tx, session.id);
    await auditSuccess(tx, user.id, session.id, account);
    ports.faults.point(7);
    return { userId, picture: user.picture, created: account.kind === "create", emailKept };
  });
  if (!("refused" in outcome)) {
    if (outcome.created) ports.webhooks.onQueued();
    if (outcome.emailKept)
      ports.log.warn(
        { provider: provider.id, user: outcome.userId },
        "a new address is another user's, so the old one stays",
      );
    return { sessionValue: sealed?.value ?? "", userId: outcome.userId, picture: outcome.picture };
  }
  const { reason, rule, userId } = outcome.refused;
  throw new LatchkeyError(reason, { data: { provider: provider.id, user: userId, rule } });

  /** AC-12: whom the rules turn away is out everywhere, in the transaction that says so. */
  async function prepareOut({ userId }: Refusal) {
    if (userId === null) return undefined;
    const by = { kind: "provider", id: provider.id };
    const how = { actor: by, reason: "access_refused", audit: input.input.request, now } as const;
    return { userId, end: await prepareEndOfUser(ports, userId, how) };
  }

  /** LO-8: the provider ended this session while it was being begun, and will not end it again. */
  async function isOvertaken(tx: Transaction): Promise<boolean> {
    const { issuer, claims } = input;
    const { iat } = claims;
    if (provider.kind !== "oidc" || typeof iat !== "number") return false;
    const of = { issuer, clientId: provider.client.clientId, sub: incoming.sub, sid: sidOf(claims) };
    return isEndedAtProvider(tx, { ...of, issuedAt: toInstant(Math.floor(iat) * 1_000) });
  }

  async function signOutEverywhere(tx: Transaction, { userId }: Refusal): Promise<void> {
    if (endEverywhere?.userId !== userId) throw new Overtaken();
    await endEverywhere?.end(tx);
  }

  function seal(decision: Admission, loaded: LoadedAccounts): Sealed {
    const userId = decision.kind === "create" ? newUserId : decision.userId;
    const identityId = loaded.identity?.id ?? newIdentityId;
    return sealFor(ports, input, userId, identityId);
  }

  async function useSetupLink(tx: Transaction, decision: Admission): Promise<void> {
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

  function auditSuccess(tx: Transaction, userId: UserId, sessionId: SessionId, decision: Admission) {
    const actor = { kind: "user", id: userId };
    const data = { issuer: input.issuer, session: sessionId };
    const event = { type: "sign_in.succeeded", actor, target: actor, provider: provider.id } as const;
    return tx.audit.append(auditEvent(ports, now, input.input.request, { ...event, rule: decision.kind, data }));
  }

  function auditLastAdmin(tx: Transaction, userId: UserId, kept: { readonly wanted: string; readonly rule: string }) {
    const target = { kind: "user", id: userId };
    const data = { kept: "admin", wanted: kept.wanted, by: kept.rule };
    const event = { type: "role.last_admin_kept", actor: target, target, provider: provider.id, data } as const;
    return tx.audit.append(auditEvent(ports, now, input.input.request, event));
  }

  function auditRefusal(tx: Transaction, refusal: Refused) {
    const actor = { kind: "identity", id: null };
    const target = { kind: "user", id: refusal.userId };
    const data = { issuer: input.issuer, subject: incoming.subject };
    const event = { type: "sign_in.refused", actor, target, provider: provider.id, code: refusal.reason } as const;
    const rule = refusal.rule === null ? {} : { rule: refusal.rule };
    return tx.audit.append(auditEvent(ports, now, input.input.request, { ...event, ...rule, data }));
  }
}

/** SI-14: the session this browser came with ends when a new one begins, so that nobody can fix one (AT-23). */
async function replacedSession(ports: SignInPorts, { input, now }: AdmitInput): Promise<PreparedEnd | undefined> {
  const presented = ports.sessionCookie.read(new Headers(input.cookieHeader ? { cookie: input.cookieHeader } : {}));
  if (presented.kind !== "value") return undefined;
  const session = await ports.store.sessions.byTokenHash(sha256Base64Url(presented.value));
  return session && prepareEnd(ports, session, now);
}
