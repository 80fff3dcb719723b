/** Brings together what the provider says of the person: the ID token, and userinfo only where it adds something. */

import { withoutPointer } from "../accounts/policy/claim-values.js";
import { nothingUnknown, type UnknownClaims } from "../accounts/policy/decide-sign-in.js";
import { readClaim } from "../kernel/claims.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { JsonObject } from "../kernel/json.js";
import type { Instant } from "../kernel/time.js";
import { type CollectedClaimNames, mergeClaims, userinfoNeeded } from "../oauth/collected-claims.js";
import { resolveGroupsOverage } from "../oauth/groups-overage.js";
import { fetchPerson } from "../oauth/person-documents.js";
import type { AuthorizationServer, IdTokenClaims } from "../oauth/types.js";
import { fetchUserinfo } from "../oauth/userinfo.js";
import type { Provider } from "../providers/provider.js";
import { withoutOldNews } from "./policy/without-old-news.js";
import type { SignInPorts } from "./ports.js";

/** The claims of one sign-in; `iss` is the issuer that the identity is keyed by. */
export interface CollectedClaims {
  readonly claims: JsonObject & { readonly iss: string };
  /** Of roles and groups, what should have come and could not be had (AC-12, AC-15). */
  readonly unknown: UnknownClaims;
  /** What userinfo, or whatever stands in for it at an `oauth2` provider, said of the address in this run. */
  readonly userinfo: UserinfoSaid;
}

/** `silent`: it was not asked, or failed. */
export type UserinfoSaid = "silent" | "no_address" | "address";

type CollectPorts = Pick<SignInPorts, "egress" | "metadata" | "clock" | "log">;

export async function collectClaims(
  ports: CollectPorts,
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Provider;
    /** Null at a provider that has none (`oauth2`). */
    readonly idToken: IdTokenClaims | null;
    readonly accessToken: string;
    readonly now: Instant;
    /** The claims that are worth a request. @default all that a sign-in uses */
    readonly names?: CollectedClaimNames;
    /** Asks userinfo, where there is one, whatever the ID token holds. @default false */
    readonly askAnyway?: boolean;
    /** The ID token is the one of an earlier answer: what it says of roles and groups is no news (AC-19). @default false */
    readonly idTokenIsOld?: boolean;
    /** Known by their identity: an ID token that says something of roles or groups is enough. @default false */
    readonly isKnown?: boolean;
  },
): Promise<CollectedClaims> {
  const { as, provider, accessToken, now } = input;
  if (input.idToken === null) {
    const claims = await fetchPerson(ports, { as, provider, accessToken });
    return { claims, unknown: nothingUnknown, userinfo: saidBy(provider, claims) };
  }
  const told = input.idTokenIsOld
    ? withoutOldNews(provider.claims, usual(provider, input.idToken))
    : { claims: input.idToken, untold: nothingUnknown };
  const withThem = await withGroups(ports, provider, told.claims, accessToken);
  const idToken = vouched(provider, input.idTokenIsOld ? withThem : usual(provider, withThem));
  const names = input.names ?? usedClaims(provider);
  const asks = userinfoNeeded({ as, names, idToken }) || (input.askAnyway && as.userinfo_endpoint !== undefined);
  if (!asks) return { claims: idToken, unknown: told.untold, userinfo: "silent" };
  try {
    const answer = await fetchUserinfo(ports, { as, provider, accessToken, expectedSub: idToken.sub, now });
    const userinfo = vouched(provider, usual(provider, answer));
    const claims = mergeClaims(idToken, userinfo, names);
    // `mergeClaims` promises this; it is the one promise that another person's account hangs on (AT-11).
    if (claims["sub"] !== idToken.sub || claims["iss"] !== idToken.iss) {
      throw new LatchkeyError("signin.userinfo_invalid", { data: { reason: "identity_overridden" } });
    }
    return { claims: { ...claims, iss: idToken.iss }, unknown: told.untold, userinfo: saidBy(provider, userinfo) };
  } catch (thrown) {
    // Who it is stands in the ID token. Asked only for roles and groups, a userinfo that fails leaves those unknown.
    const { subject } = names;
    const enough =
      input.isKnown && saysOfRules(provider, idToken)
        ? { email: subject, emailFlag: false, name: subject, picture: null }
        : {};
    const withoutThem = { ...names, ...enough, roles: null, groups: null };
    if (userinfoNeeded({ as, names: withoutThem, idToken }) || !isProviderFailure(thrown)) throw thrown;
    const { code, data } = thrown;
    const facts = { provider: provider.id, code, reason: data["reason"] };
    ports.log.warn(facts, "userinfo failed, so roles or groups are unknown");
    return { claims: idToken, unknown: { roles: "userinfo_failed", groups: "userinfo_failed" }, userinfo: "silent" };
  }
}

const saidBy = ({ claims }: Provider, document: JsonObject): UserinfoSaid =>
  (readClaim(document, claims.email) ?? null) === null ? "no_address" : "address";

const saysOfRules = (provider: Provider, idToken: IdTokenClaims): boolean =>
  (["roles", "groups"] as const).some(
    (rule) => provider[rule].fromClaims && readClaim(idToken, provider.claims[rule]) !== undefined,
  );

/** Another person's answer is no failure to be lived with: something is wrong with this sign-in (AT-11). */
const isProviderFailure = (thrown: unknown): thrown is LatchkeyError =>
  isLatchkeyError(thrown, "signin.userinfo_invalid", "signin.provider_unavailable", "signin.provider_misconfigured") &&
  thrown.data["reason"] !== "sub" &&
  thrown.data["reason"] !== "identity_overridden";

/**
 * SI-17: groups that did not fit into the token stand in their claim, as if they had, and nothing points elsewhere any
 * more: an empty list is an answer too. Where they cannot be had, all stays as the token says.
 */
async function withGroups(
  ports: CollectPorts,
  provider: Provider,
  idToken: IdTokenClaims,
  accessToken: string,
): Promise<IdTokenClaims> {
  const claim = provider.quirks.groupsOverage?.claim;
  // Roles may be read from that claim too. One that no rule reads is not worth a request.
  const isRead = (["groups", "roles"] as const).some(
    (rule) => provider[rule].fromClaims && provider.claims[rule] === claim,
  );
  if (claim === undefined || !isRead) return idToken;
  const groups = await resolveGroupsOverage(ports, { provider, claims: idToken, accessToken });
  return Array.isArray(groups) ? { ...withoutPointer(idToken, claim), [claim]: groups } : idToken;
}

/** What is odd about this provider's documents has gone when anything else looks at them. */
export const usual = <T extends JsonObject>({ quirks, client }: Provider, document: T): T =>
  quirks.document ? { ...document, ...quirks.document(document, client.clientId) } : document;

/** Whether a document vouches for its address is asked of each by itself, before one's address can meet the other's flag. */
export function vouched<T extends JsonObject>({ quirks }: Provider, document: T): T {
  return quirks.emailVerified ? { ...document, email_verified: quirks.emailVerified(document) } : document;
}

/** Only what is used is worth a request (SI-11): roles and groups only where claims decide them. */
export const usedClaims = ({ claims, roles, groups, quirks, emailVerified }: Provider): CollectedClaimNames => ({
  ...claims,
  emailFlag: emailVerified !== "always",
  roles: roles.fromClaims && quirks.rolesInUserinfo ? claims.roles : null,
  groups: groups.fromClaims && quirks.rolesInUserinfo ? claims.groups : null,
});
