/**
 * What an operator should know beside a decision (SI-19): why the address is trusted or not, and what in the claims or
 * around them is probably not what they meant. It looks at the same inputs and decides nothing.
 */
import type { JsonObject } from "../../kernel/json.js";
import type { Dropped } from "./claim-values.js";
import type { Person, ProviderRules } from "./decide-sign-in.js";
import { type EmailTrust, emailTrust } from "./identity.js";

type DecidingClaim = "roles" | "groups";

export type ClaimsWarning =
  /** Members of the claim that count for nothing. */
  | ({ readonly code: "values_dropped"; readonly claim: DecidingClaim; readonly name: string } & Dropped)
  /** Claims decide, and this one is not there, or is no list, text or number. */
  | { readonly code: "claim_absent"; readonly claim: DecidingClaim; readonly name: string }
  /** Claims decide, and this one is to be asked for elsewhere. */
  | {
      readonly code: "claim_unknown";
      readonly claim: DecidingClaim;
      readonly name: string;
      readonly reason: string;
    }
  /** The claim names something, and the configuration does not let it decide. */
  | { readonly code: "claim_unused"; readonly claim: DecidingClaim; readonly name: string }
  | { readonly code: "address_made_up"; readonly email: string };

export interface Explanation {
  readonly email: { readonly address: string; readonly trusted: boolean; readonly why: EmailTrust };
  readonly warnings: readonly ClaimsWarning[];
}

export function explainPerson(provider: ProviderRules, claims: JsonObject, person: Person): Explanation {
  const { email: address, emailVerified: trusted, emailMadeUp } = person.identity;
  const madeUp: readonly ClaimsWarning[] = emailMadeUp ? [{ code: "address_made_up", email: address }] : [];
  return {
    email: { address, trusted, why: emailTrust(claims, provider) },
    warnings: [...madeUp, ...aboutClaim(provider, person, "roles"), ...aboutClaim(provider, person, "groups")],
  };
}

function aboutClaim(provider: ProviderRules, person: Person, claim: DecidingClaim): readonly ClaimsWarning[] {
  const { result, dropped } = person[claim];
  const about = { claim, name: provider.claims[claim] };
  if (!provider[claim].fromClaims) return result.kind === "values" ? [{ code: "claim_unused", ...about }] : [];
  const lost = dropped.wrongType + dropped.tooLong + dropped.malformed > 0;
  return [
    ...(lost ? [{ code: "values_dropped" as const, ...about, ...dropped }] : []),
    ...(result.kind === "absent" ? [{ code: "claim_absent" as const, ...about }] : []),
    ...(result.kind === "unknown" ? [{ code: "claim_unknown" as const, ...about, reason: result.reason }] : []),
  ];
}
