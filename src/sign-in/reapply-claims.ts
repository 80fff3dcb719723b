/**
 * Claims of somebody who is signed in already, put to the decision that signs people in (AC-19): what a refresh brought,
 * or what userinfo says when it is asked. Roles and groups follow, and whom the rules turn away is signed out everywhere
 * (AC-12). Nobody is made, linked or signed in, and name, address and picture stay a sign-in's (AC-7).
 *
 * Answers may overtake each other: several sessions of one person are refreshed, and each brings claims. The ID token
 * that was issued later counts, and what is decided about is still there when it is written, or it is decided anew.
 */
import { applyGroups } from "../accounts/apply-groups.js";
import { applyRole } from "../accounts/apply-role.js";
import { loadFacts } from "../accounts/load-facts.js";
import { decideSignIn, type Person, type RoleChange, type Told } from "../accounts/policy/decide-sign-in.js";
import type { GroupStep } from "../accounts/policy/groups.js";
import { type AuditInput, auditEvent } from "../audit/audit-event.js";
import { claimsPlace } from "../crypto/sealed-places.js";
import type { ErrorCode } from "../kernel/error-catalog.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { type AuditEventId, newId } from "../kernel/ids.js";
import { isJsonObject, type JsonObject, member, parseJson } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";
import { prepareEndOfUser } from "../logout/end-sessions.js";
import type { IdTokenClaims } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import type { StoreReads, Transaction } from "../store/contract.js";
import type { GrantRecord, IdentityRecord } from "../store/records.js";
import { collectClaims, type UserinfoSaid, usedClaims } from "./collect-claims.js";
import { personOf, rulesOfKnown } from "./person-of.js";
import type { SignInPorts } from "./ports.js";
import { lastMayHold, unknownOfAddress, withoutItsRules } from "./unknown-address.js";

export type ReapplyPorts = Pick<
  SignInPorts,
  | "store"
  | "egress"
  | "keyring"
  | "metadata"
  | "providers"
  | "clock"
  | "random"
  | "log"
  | "accounts"
  | "openToFirstPerson"
>;

export interface Reapply {
  /** Whose claims, and of which provider. */
  readonly grant: Pick<GrantRecord, "id" | "userId" | "connection" | "issuer">;
  readonly accessToken: string;
  /** Verified. Null at a provider that has none. */
  readonly idToken: { readonly claims: IdTokenClaims; readonly isOld: boolean } | null;
  /** What brought them, for the audit trail. */
  readonly through: "refresh" | "user_sync";
  /** Userinfo is asked whatever the ID token holds. */
  readonly askAnyway: boolean;
  /** Decides and writes nothing. */
  readonly dryRun: boolean;
}

export type Reapplied =
  | {
      readonly kind: "applied";
      readonly role: { readonly from: string; readonly to: string; readonly rule: string } | null;
      readonly groups: Readonly<Record<"created" | "joined" | "left", readonly string[]>>;
      /** What could not be had, and so stays as it is. */
      readonly unknown: readonly ("roles" | "groups")[];
      /** Worth another try: userinfo failed. */
      readonly incomplete: boolean;
    }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly rule: string | null; readonly signedOut: boolean }
  /** Nothing to apply: why in one word. */
  | { readonly kind: "passed_over"; readonly reason: PassedOver };

type PassedOver =
  | "provider_disabled"
  /** No rule looks at claims: neither roles, nor groups, nor domains. */
  | "no_rule"
  /** The claims name nobody. */
  | "unreadable"
  | "identity_unknown"
  /** The identity is another person's. */
  | "identity_of_another"
  | "user_disabled"
  /** A later ID token has been applied. */
  | "overtaken";

class Overtaken extends Error {}
const mostRounds = 5;

/** @throws LatchkeyError `signin.provider_*` · `signin.userinfo_invalid` · `store.*`: what may be better later */
export async function reapplyClaims(ports: ReapplyPorts, input: Reapply): Promise<Reapplied> {
  const { grant } = input;
  const provider = ports.providers.byId(grant.connection.replace(/^provider:/, ""));
  if (!provider?.enabled || !provider.issuers.includes(grant.issuer)) return passedOver("provider_disabled");
  if (!isRuled(ports, provider)) return passedOver("no_rule");
  const now = ports.clock.now();
  const collected = await collectClaims(ports, {
    as: await ports.metadata.discover(provider),
    provider,
    idToken: input.idToken?.claims ?? null,
    idTokenIsOld: input.idToken?.isOld ?? false,
    accessToken: input.accessToken,
    // What only a page shows is not worth a request.
    names: { ...usedClaims(provider), name: provider.claims.email, picture: null },
    askAnyway: input.askAnyway,
    isKnown: true,
    now,
  });
  const told: Told = { issuer: collected.claims.iss, claims: collected.claims, unknown: collected.unknown };
  const { userinfo } = collected;
  const person = readable(ports, provider, told);
  if (!person) return passedOver("unreadable");
  for (let round = 1; ; round++) {
    try {
      return await applyOnce(ports, { ...input, provider, told, userinfo, person, now });
    } catch (thrown) {
      if (!(thrown instanceof Overtaken)) throw thrown;
      if (round === mostRounds) throw new LatchkeyError("store.busy", { cause: thrown });
    }
  }
}

const passedOver = (reason: PassedOver): Reapplied => ({ kind: "passed_over", reason });

/** Without any of these, claims change nothing for somebody who is known, and nothing need be asked. */
const isRuled = ({ accounts }: ReapplyPorts, { roles, groups }: Provider): boolean =>
  roles.fromClaims || groups.fromClaims || !accounts.allowedDomains.includes("*");

function readable(ports: ReapplyPorts, provider: Provider, told: Told): Person | undefined {
  try {
    return personOf(ports, provider, told, rulesOfKnown(ports));
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    ports.log.warn({ provider: provider.id, code: thrown.code }, "claims that a refresh brought cannot be read");
    return undefined;
  }
}

interface Applying extends Reapply {
  readonly provider: Provider;
  readonly told: Told;
  readonly userinfo: UserinfoSaid;
  readonly person: Person;
  readonly now: Instant;
}

async function applyOnce(ports: ReapplyPorts, input: Applying): Promise<Reapplied> {
  const { provider, told, person, grant, through, now } = input;
  const rules = rulesOfKnown(ports);
  const unknown = unknownOfAddress(person, told.claims, provider, input.userinfo);
  const actor = { kind: "provider", id: provider.id };
  const audit = { requestId: newId<AuditEventId>(now, ports.random), address: null };
  const target = { kind: "user", id: grant.userId };

  const guess = await look(ports.store);
  if ("over" in guess) return passedOver(guess.over);
  // Beside an old ID token, what userinfo says was told now if it names the address. Otherwise the address is as old as the token.
  const isNews = input.idToken?.isOld && input.userinfo === "address";
  const toldAt = isNews ? Math.floor(now / 1_000) : member(told.claims, "iat");
  if (isLater(lastClaims(ports, guess.identity), toldAt)) return passedOver("overtaken");
  if (input.dryRun) return inWords(guess, guess.decision.kind === "refuse" && guess.decision.signOutEverywhere);
  const { decision: guessed } = guess;
  const how = { actor, reason: "access_refused", audit, now } as const;
  const end =
    guessed.kind === "refuse" && guessed.signOutEverywhere
      ? await prepareEndOfUser(ports, grant.userId, how)
      : undefined;
  // Of claims that are no news in part, the last ones that were whole are worth more.
  const sealed = input.idToken?.isOld
    ? guess.identity.claims
    : ports.keyring.seal("claims", claimsPlace(guess.identity).context, JSON.stringify(told.claims));

  return ports.store.transaction(async (tx) => {
    const found = await look(tx);
    if ("over" in found) return passedOver(found.over);
    if (found.identity.claims !== guess.identity.claims) throw new Overtaken();
    const seen = unknown && lastMayHold(unknown, person, found.identity) ? {} : seenAs(person);
    await tx.identities.update({ ...found.identity, ...seen, claims: sealed });
    if (found.decision.kind === "refuse") {
      const { signOutEverywhere } = found.decision;
      if (signOutEverywhere && !end) throw new Overtaken();
      if (signOutEverywhere) await end?.(tx);
      await tell(tx, { type: "claims.refused", code: found.decision.reason, rule: found.decision.rule ?? through });
      return inWords(found, signOutEverywhere);
    }
    const { account, role, groups } = found.decision;
    if (account.role) {
      await applyRole(ports, tx, {
        user: found.user,
        role: account.role,
        provider: provider.id,
        actor,
        through,
        audit,
        now,
      });
    }
    const made = provider.groups;
    const applying = {
      steps: groups,
      userId: grant.userId,
      provider: provider.id,
      made,
      actor,
      rule: through,
      audit,
      now,
    };
    const regrouped = await applyGroups(ports, tx, applying);
    if (regrouped && !account.role) await tx.announcements.append("user", grant.userId, now);
    if (role.kind === "last_admin_kept") {
      await tell(tx, { type: "role.last_admin_kept", data: { kept: "admin", wanted: role.wanted, by: role.rule } });
    }
    return inWords(found, false);
  });

  /** What is there, and what the decision makes of it. */
  async function look(reads: Pick<StoreReads, "users" | "identities" | "groups">) {
    const { accounts, known } = await loadFacts(reads, person, provider, rules, { groups: true });
    const { identity, bySubject: user } = accounts;
    if (!identity || !user) return { over: "identity_unknown" } as const;
    // The grant says whose they are. Whatever the claims say, they can change nobody else.
    if (user.id !== grant.userId) return { over: "identity_of_another" } as const;
    if (user.disabledAt !== null) return { over: "user_disabled" } as const;
    const judged = unknown ? withoutItsRules(unknown, person, provider, rules, identity) : { provider, rules };
    const decision = decideSignIn(judged.provider, told, known, judged.rules);
    if (decision.kind === "unreadable") return { over: "unreadable" } as const;
    return { identity, user, decision };
  }

  type Found = Exclude<Awaited<ReturnType<typeof look>>, { over: unknown }>;

  function inWords({ decision, user }: Found, signedOut: boolean): Reapplied {
    if (decision.kind === "refuse") return { kind: "refused", code: decision.reason, rule: decision.rule, signedOut };
    const { unknown } = told;
    return {
      kind: "applied",
      role: roleWords(user.role, decision.account.role),
      groups: groupWords(decision.groups),
      unknown: (["roles", "groups"] as const).filter(
        (claim) => provider[claim].fromClaims && decision.person[claim].result.kind === "unknown",
      ),
      incomplete: unknown.roles === "userinfo_failed" || unknown.groups === "userinfo_failed",
    };
  }

  function tell(tx: Transaction, event: Pick<AuditInput, "type" | "code" | "rule" | "data">): Promise<void> {
    const data = { ...event.data, through };
    return tx.audit.append(auditEvent(ports, now, audit, { ...event, data, actor, target, provider: provider.id }));
  }
}

const roleWords = (from: string, change: RoleChange | null) =>
  change === null || change.role === from ? null : { from, to: change.role, rule: change.rule };

function groupWords(steps: readonly GroupStep[]) {
  const names = (kind: GroupStep["kind"]) => steps.filter((step) => step.kind === kind).map(({ name }) => name);
  return { created: names("create"), joined: names("join"), left: names("leave") };
}

/** The address as the provider knows it now; one that was made up here is never written. */
const seenAs = ({ identity: { email, emailVerified, emailMadeUp } }: Person): Partial<IdentityRecord> =>
  emailMadeUp ? {} : { email, emailVerified };

function lastClaims({ keyring }: ReapplyPorts, identity: IdentityRecord): JsonObject | undefined {
  if (identity.claims === null) return undefined;
  const opened = keyring.open("claims", claimsPlace(identity).context, identity.claims);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  return isJsonObject(value) ? value : undefined;
}

/** Whether the claims that were applied last come from an ID token that was issued after this moment, in seconds. */
function isLater(last: JsonObject | undefined, moment: unknown): boolean {
  const before = last && member(last, "iat");
  return typeof before === "number" && typeof moment === "number" && before > moment;
}
