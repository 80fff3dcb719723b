/**
 * Composition root of `latchkey claims explain` (SI-19): what a set of claims leads to, by the decision that signs people
 * in, with the database opened read-only. Nobody is signed in, no request is made, and nothing is written.
 */
import { loadFacts } from "./accounts/load-facts.js";
import {
  decideSignIn,
  type InstallationRules,
  nothingUnknown,
  readPerson,
  type SignInDecision,
  type Told,
} from "./accounts/policy/decide-sign-in.js";
import { normaliseEmail } from "./accounts/policy/email.js";
import { type ClaimsWarning, type Explanation, explainPerson } from "./accounts/policy/explain.js";
import { isLoopbackUrl } from "./config/loopback.js";
import type { Config } from "./config/schema.js";
import { systemRandom } from "./crypto/random.js";
import { LatchkeyError } from "./kernel/errors.js";
import type { IdentityId } from "./kernel/ids.js";
import { isJsonObject, type JsonObject, type JsonValue, member } from "./kernel/json.js";
import { type Log, silentLog } from "./kernel/log.js";
import { systemClock, toInstant } from "./kernel/time.js";
import { createIssuerPins } from "./oauth/issuer-pins.js";
import { claimsOfDocuments } from "./oauth/person-documents.js";
import type { Provider } from "./providers/provider.js";
import { createProviderRegistry, type KnownIssuers } from "./providers/registry.js";
import { usual, vouched } from "./sign-in/collect-claims.js";
import { accountSettings, rulesOf } from "./sign-in/person-of.js";
import type { StoreReads } from "./store/contract.js";
import { lookAtStore } from "./store/open.js";
import type { IdentityRecord, UserRecord } from "./store/records.js";

type Warning =
  | ClaimsWarning
  /** There is no database yet: decided as for an empty installation. */
  | { readonly code: "no_database" }
  | { readonly code: "provider_disabled" }
  /** `iss` of the claims is not this provider's: a sign-in would refuse the ID token. */
  | { readonly code: "issuer_differs"; readonly expected: readonly string[] }
  /** A sign-in would refuse the ID token for this claim, which is not what the provider was asked for. */
  | { readonly code: "id_token_refused"; readonly claim: string }
  /** The claims do not say which tenant they are from. */
  | { readonly code: "issuer_assumed"; readonly issuer: string }
  /** The identity is known as another person than the one that was asked about. */
  | { readonly code: "identity_of_another"; readonly email: string };

/** The decision, and beside it what helps to read it. */
export type ClaimsExplanation = SignInDecision & {
  readonly provider: string;
  readonly issuer: string;
  /** Null where the claims name nobody. */
  readonly email: Explanation["email"] | null;
  /** The account that the decision is about, as it is now; null where there is none. */
  readonly user: Pick<UserRecord, "id" | "email" | "name" | "role"> | null;
  readonly warnings: readonly Warning[];
};

/** True when a sign-in with these claims would succeed. */
export const wouldSignIn = ({ kind, warnings }: ClaimsExplanation): boolean =>
  kind === "admit" && !warnings.some(({ code }) => keepsOut.has(code));

const keepsOut: ReadonlySet<Warning["code"]> = new Set(["provider_disabled", "issuer_differs", "id_token_refused"]);

type Reads = Pick<StoreReads, "users" | "identities" | "groups">;

export interface ExplainInput {
  /** The provider's id in the configuration. */
  readonly provider: string;
  /**
   * As the ID token and userinfo say them together. Of an `oauth2` provider: what its API answers, either userinfo alone or
   * all documents by name, `{ "userinfo": …, … }`.
   */
  readonly claims: JsonObject;
  /** Decide as if the identity were this person's: an e-mail address. @default whose it is */
  readonly user?: string | undefined;
}

/**
 * @throws LatchkeyError `signin.provider_unknown` · `account.not_found` · `signin.userinfo_invalid` ·
 *   `store.not_migrated` · `store.newer` · `store.unavailable`
 */
export async function explainClaims(
  config: Config,
  input: ExplainInput,
  { log }: { readonly log: Log },
): Promise<ClaimsExplanation> {
  if (!config.providers.some(({ id }) => id === input.provider)) {
    const known = config.providers.map(({ id }) => id).join(", ");
    throw new LatchkeyError("signin.provider_unknown", { data: { reason: `${input.provider} is not among ${known}` } });
  }
  const store = await lookAtStore(config.database, { clock: systemClock, random: systemRandom, log });
  try {
    const reads: Reads = store ?? nobody;
    const provider = createProviderRegistry(config, await pinned(config, store)).byId(input.provider);
    if (!provider) throw new LatchkeyError("signin.provider_unknown");
    const told = await explainWith({ reads, provider, config }, input);
    return store ? told : { ...told, warnings: [{ code: "no_database" as const }, ...told.warnings] };
  } finally {
    await store?.close();
  }
}

/**
 * The same over a store that is open, as a running server asks it.
 *
 * @throws LatchkeyError `account.not_found` · `signin.userinfo_invalid` · `store.*`
 */
export async function explainWith(
  { reads, provider, config }: { readonly reads: Reads; readonly provider: Provider; readonly config: Config },
  input: Pick<ExplainInput, "claims" | "user">,
): Promise<ClaimsExplanation> {
  const { told, warnings } = tellAs(provider, input.claims);
  const disabled: readonly Warning[] = provider.enabled ? [] : [{ code: "provider_disabled" }];
  const openToFirstPerson = isLoopbackUrl(config.baseUrl);
  const rules = rulesOf({ accounts: accountSettings(config), openToFirstPerson }, { setup: null });
  return explain(reads, { provider, told, rules, user: input.user, around: [...disabled, ...warnings] });
}

async function explain(
  reads: Reads,
  input: {
    readonly provider: Provider;
    readonly told: Told;
    readonly rules: InstallationRules;
    readonly user: string | undefined;
    readonly around: readonly Warning[];
  },
): Promise<ClaimsExplanation> {
  const { provider, told, rules, around } = input;
  const about = { provider: provider.id, issuer: told.issuer };
  const read = readPerson(provider, told, rules);
  if (!read.ok) return { kind: "unreadable", problem: read.error, ...about, email: null, user: null, warnings: around };

  const person = read.value;
  const asked = input.user === undefined ? undefined : await findUser(reads, input.user);
  const { issuer, subject } = person.identity;
  const known = await reads.identities.bySubject(issuer, subject);
  const other = asked && known && known.userId !== asked.id ? await reads.users.byId(known.userId) : undefined;
  const { accounts, known: facts } = await loadFacts(
    asked && known?.userId !== asked.id ? asIdentityOf(reads, asked, person.identity) : reads,
    person,
    provider,
    rules,
    { groups: true },
  );
  const user = accounts.bySubject ?? accounts.byEmail;
  const { email, warnings } = explainPerson(provider, told.claims, person);
  return {
    ...decideSignIn(provider, told, facts, rules),
    ...about,
    email,
    user: user ? { id: user.id, email: user.email, name: user.name, role: user.role } : null,
    warnings: [
      ...around,
      ...(other ? [{ code: "identity_of_another" as const, email: other.email }] : []),
      ...warnings,
    ],
  };
}

async function findUser(reads: Reads, text: string): Promise<UserRecord> {
  const email = normaliseEmail(text);
  const user = email.ok ? await reads.users.byEmail(email.value) : undefined;
  if (!user) throw new LatchkeyError("account.not_found", { data: { asked: text.slice(0, 100) } });
  return user;
}

/** The same reads, in which the identity is this person's. */
function asIdentityOf(
  reads: Reads,
  user: UserRecord,
  identity: { readonly issuer: string; readonly subject: string; readonly sub: string },
): Reads {
  const never = toInstant(0);
  const record: IdentityRecord = {
    id: "" as IdentityId,
    userId: user.id,
    provider: "",
    issuer: identity.issuer,
    subject: identity.subject,
    sub: identity.sub,
    email: null,
    emailVerified: false,
    claims: "",
    createdAt: never,
    lastUsedAt: never,
  };
  // Named one by one: a running server's store keeps what it answers in its prototype.
  const { users, groups, identities } = reads;
  const { ofUser, bySub } = identities;
  return { users, groups, identities: { ofUser, bySub, bySubject: async () => record } };
}

/** What the claims are to a sign-in: a preset's reading of them, and the issuer that the identity would have. */
function tellAs(provider: Provider, file: JsonObject): { readonly told: Told; readonly warnings: readonly Warning[] } {
  const told = (issuer: string, claims: JsonObject): Told => ({ issuer, claims, unknown: nothingUnknown });
  if (provider.kind === "oauth2") {
    const { person } = provider.quirks;
    const documents: Readonly<Record<string, JsonValue>> = isJsonObject(member(file, "userinfo"))
      ? (file as Readonly<Record<string, JsonValue>>)
      : { userinfo: file };
    if (Object.values(documents).some((document) => person?.refuses?.(document)))
      throw new LatchkeyError("signin.userinfo_invalid", { data: { provider: provider.id, reason: "error" } });
    return { told: told(provider.issuer, claimsOfDocuments(provider, documents, provider.issuer) ?? {}), warnings: [] };
  }
  const claims = vouched(provider, usual(provider, file));
  const said = member(claims, "iss");
  const { issuers } = provider;
  const refused = provider.quirks.idTokenRefusal?.(claims, provider.authorizeParams);
  const further: readonly Warning[] = refused === undefined ? [] : [{ code: "id_token_refused", claim: refused }];
  if (typeof said === "string" && (issuers.includes(said) || issuers.length === 0))
    return { told: told(said, claims), warnings: further };
  const issuer = issuers[0] ?? provider.issuer;
  if (said !== undefined)
    return { told: told(issuer, claims), warnings: [{ code: "issuer_differs", expected: issuers }, ...further] };
  const assumed: readonly Warning[] = issuers.length === 1 ? [] : [{ code: "issuer_assumed", issuer }];
  return { told: told(issuer, claims), warnings: [...assumed, ...further] };
}

/** The issuers that tenants under a name were found to have (SI-2). */
async function pinned(config: Config, store: StoreReads | undefined): Promise<KnownIssuers> {
  if (!store) return () => undefined;
  const transaction = () => Promise.reject(new Error("nothing is written here"));
  const pins = createIssuerPins({
    store: { settings: store.settings, transaction },
    clock: systemClock,
    log: silentLog,
  });
  for (const { unresolvedIssuer } of createProviderRegistry(config).all())
    if (unresolvedIssuer) await pins.load(unresolvedIssuer);
  return pins.known;
}

/** An installation that nobody has an account in. */
const nobody: Reads = {
  users: {
    byId: async () => undefined,
    byEmail: async () => undefined,
    none: async () => true,
    countEnabledAdmins: async () => 0,
    list: async () => ({ items: [], next: null }),
  },
  identities: { bySubject: async () => undefined, bySub: async () => [], ofUser: async () => [] },
  groups: { byName: async () => undefined, byNames: async () => [], ofUser: async () => [] },
};
