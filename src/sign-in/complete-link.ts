/**
 * The end of linking: the identity becomes one of the account that the flow belongs to, or of none (AC-4), and what its
 * provider's claims give of roles and groups holds at once. No session is made, and the one there is, its cookie included, stays as it is.
 *
 * No grant is kept: a provider grant belongs to a session that was begun at that provider (SI-20), and there is none. The
 * tokens are revoked where that ends these tokens alone, else forgotten.
 */

import { applyGroups } from "../accounts/apply-groups.js";
import { applyRole } from "../accounts/apply-role.js";
import { loadFacts } from "../accounts/load-facts.js";
import { decideSignIn, type Person, type SignInDecision, type Told } from "../accounts/policy/decide-sign-in.js";
import type { IncomingIdentity } from "../accounts/policy/identity.js";
import { type LinkRefusal, refuseLink } from "../accounts/policy/link.js";
import { auditEvent } from "../audit/audit-event.js";
import type { FlowOwner } from "../flows/flow.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type IdentityId, newId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import type { TokenSet } from "../oauth/types.js";
import { revocationRow } from "../outbox/revocation.js";
import type { Provider } from "../providers/provider.js";
import { type Transaction, UniqueViolation } from "../store/contract.js";
import type { IdentityRecord, OutboxRecord, UserRecord } from "../store/records.js";
import { type Callback, redeemCode } from "./callback-steps.js";
import { personOf, rulesOf } from "./person-of.js";
import type { CompleteInput, SignInPorts } from "./ports.js";

export async function completeLink(
  ports: SignInPorts,
  input: CompleteInput,
  callback: Callback & { readonly link: FlowOwner },
) {
  const { provider, link, flow, parameters } = callback;
  const { tokens, claims, unknown } = await redeemCode(ports, callback);
  const told = { issuer: claims.iss, claims, unknown };
  const person = personOf(ports, provider, told, rulesOf(ports, flow));
  const { identity: incoming } = person;
  const now = ports.clock.now();
  const id = newId<IdentityId>(now, ports.random);
  const context = { table: "identities", row: id, user: link.userId };
  const prepared: Prepared = {
    link,
    provider,
    told,
    person,
    incoming,
    identity: {
      id,
      userId: link.userId,
      provider: provider.id,
      issuer: incoming.issuer,
      subject: incoming.subject,
      sub: incoming.sub,
      email: incoming.emailMadeUp ? null : incoming.email,
      emailVerified: incoming.emailVerified,
      claims: ports.keyring.seal("claims", context, JSON.stringify(claims)),
      createdAt: now,
      lastUsedAt: now,
    },
    revocation: revocationOf(ports, provider, incoming.issuer, tokens, now),
    request: input.request,
    now,
  };
  ports.faults.point(5);
  const refused = await decideAndWrite(ports, prepared);
  if (refused) throw new LatchkeyError(refused, { data: { provider: provider.id, user: link.userId } });
  ports.faults.point(8);
  const fields = { provider: provider.id, user: link.userId, requestId: input.request.requestId };
  ports.log.info(fields, "a sign-in method was added");
  return {
    location: flow.returnTo,
    setCookies: [
      ...ports.flowCookies.clear(input.cookieHeader, parameters.state ?? null),
      ...ports.postedNames.clear(input.cookieHeader),
    ],
  };
}

interface Prepared {
  readonly link: FlowOwner;
  readonly provider: Provider;
  readonly told: Told;
  readonly person: Person;
  readonly incoming: IncomingIdentity;
  readonly identity: IdentityRecord;
  readonly revocation: OutboxRecord | undefined;
  readonly request: CompleteInput["request"];
  readonly now: Instant;
}

async function decideAndWrite(ports: SignInPorts, prepared: Prepared): Promise<LinkRefusal | undefined> {
  const write = () => ports.store.transaction((tx) => linkIn(ports, tx, prepared));
  try {
    return await write();
  } catch (thrown) {
    // Somebody's first sign-in with this identity met us: now it is there to be seen.
    if (thrown instanceof UniqueViolation) return write();
    throw thrown;
  }
}

async function linkIn(ports: SignInPorts, tx: Transaction, prepared: Prepared): Promise<LinkRefusal | undefined> {
  const { link, incoming, identity, revocation, now } = prepared;
  if (revocation) await tx.outbox.insert(revocation);
  const user = await tx.users.byId(link.userId);
  const session = await tx.sessions.byId(link.sessionId);
  const known = await tx.identities.bySubject(incoming.issuer, incoming.subject);
  const own = await tx.identities.ofUser(link.userId);
  const facts = {
    user: user && { id: user.id, disabled: user.disabledAt !== null, role: user.role },
    sessionLives: session?.userId === link.userId && session.idleEndsAt > now && session.endsAt > now,
    takenBy: known?.userId,
    issuers: own.map(({ issuer }) => issuer),
  };
  const ruled = user && known === undefined ? await askRules(ports, tx, prepared) : undefined;
  const refused = refuseLink(incoming, facts, ports.accounts) ?? ruled?.refused;
  if (refused) {
    const data = { issuer: incoming.issuer, subject: incoming.subject, owner: known?.userId ?? null };
    await audit({ type: "identity.link_refused", code: refused, data });
    return refused;
  }
  await tx.identities.insert(identity);
  if (user && ruled?.decision) await applyRules(ports, tx, prepared, user, ruled.decision);
  ports.faults.point(6);
  await audit({
    type: "identity.linked",
    rule: "account-page",
    data: { identity: identity.id, issuer: identity.issuer },
  });
  ports.faults.point(7);
  return undefined;

  function audit(event: Pick<Parameters<typeof auditEvent>[3], "type" | "rule" | "code" | "data">): Promise<void> {
    const actor = { kind: "user", id: link.userId };
    const about = { ...event, actor, target: actor, provider: prepared.provider.id };
    return tx.audit.append(auditEvent(ports, now, prepared.request, about));
  }
}

type Admitted = Extract<SignInDecision, { kind: "admit" }>;

/**
 * What a sign-in with this identity would come to (AC-11, AC-15): the rules that will hold for it from then on hold at
 * once, and one that they would turn away is no way in. Nobody is signed out for having tried.
 */
async function askRules(
  ports: SignInPorts,
  tx: Transaction,
  { provider, told, person, identity }: Prepared,
): Promise<{ readonly refused?: LinkRefusal; readonly decision?: Admitted }> {
  const rules = rulesOf(ports, { setup: null });
  const linked = { ...tx, identities: { ...tx.identities, bySubject: async () => identity } };
  const { known } = await loadFacts(linked, person, provider, rules, { groups: true });
  const decision = decideSignIn(provider, told, known, rules);
  if (decision.kind === "admit") return { decision };
  // The account's own state, and the domain, are `refuseLink`'s to judge.
  const { kind } = decision;
  const byRules = kind === "refuse" && isRuleRefusal(decision.reason) ? { refused: decision.reason } : {};
  return byRules;
}

const ruleRefusals = [
  "account.role_refused",
  "account.roles_absent",
  "account.roles_unknown",
  "account.groups_too_many",
] as const;
const isRuleRefusal = (reason: string): reason is (typeof ruleRefusals)[number] =>
  ruleRefusals.some((one) => one === reason);

async function applyRules(
  ports: SignInPorts,
  tx: Transaction,
  { provider, request: audit, now }: Prepared,
  user: UserRecord,
  { account, role, groups }: Admitted,
): Promise<void> {
  const actor = { kind: "user", id: user.id };
  const through = "link";
  if (account.role) {
    await applyRole(ports, tx, { user, role: account.role, provider: provider.id, actor, through, audit, now });
  }
  const applying = { steps: groups, userId: user.id, provider: provider.id, made: provider.groups, rule: through };
  const regrouped = await applyGroups(ports, tx, { ...applying, audit, now });
  if (regrouped && !account.role) await tx.announcements.append("user", user.id, now);
  if (role.kind === "last_admin_kept") {
    const data = { kept: "admin", wanted: role.wanted, by: role.rule, through };
    const event = { type: "role.last_admin_kept", actor, target: actor, provider: provider.id, data } as const;
    await tx.audit.append(auditEvent(ports, now, audit, event));
  }
}

/** Elsewhere a revocation would end the person's other tokens of this client with them (LO-5). */
function revocationOf(ports: SignInPorts, provider: Provider, issuer: string, tokens: TokenSet, now: Instant) {
  if (!provider.revocationEndsOneToken) return undefined;
  const { accessToken, refreshToken } = tokens;
  const { clientId } = provider.client;
  return revocationRow(ports, { provider: provider.id, issuer, clientId, refreshToken, accessToken }, now);
}
