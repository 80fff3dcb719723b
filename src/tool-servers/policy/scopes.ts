/** Which scopes are asked for (TS-12, TS-14). Pure. */

export interface ScopeFacts {
  /** The operator's. */
  readonly override: readonly string[] | null;
  /** The newest challenge for this person: what it names, and whether it said that there was too little. */
  readonly challenge: { readonly scopes: readonly string[] | null; readonly error: string | null } | null;
  /** `scopes_supported` of the resource metadata. */
  readonly supported: readonly string[] | null;
  /** `scopes_supported` of the authorization server. */
  readonly offered: readonly string[] | null;
  /** What the grant that there is was asked with. */
  readonly requested: readonly string[] | null;
  /** True when the operator chose a `prompt`. */
  readonly promptIsSet: boolean;
}

export interface ChosenScopes {
  /** Empty: none is named, and the server takes its default (RFC 6749 §3.3). */
  readonly scopes: readonly string[];
  /** With `offline_access` the person must be asked (OpenID Connect Core §11). */
  readonly prompt: "consent" | null;
}

const offline = "offline_access";

export function chooseScopes(facts: ScopeFacts): ChosenScopes {
  const base = isStepUp(facts.challenge)
    ? steppedUp(facts)
    : (facts.override ?? facts.challenge?.scopes ?? facts.supported ?? []);
  const scopes = unique(base);
  if (!facts.offered?.includes(offline)) return { scopes, prompt: null };
  return { scopes: unique([...scopes, offline]), prompt: facts.promptIsSet ? null : "consent" };
}

export const isStepUp = (challenge: ScopeFacts["challenge"]): boolean => challenge?.error === "insufficient_scope";

/** All that was asked for before and what is asked for now: consent to less would take away what the person has. */
function steppedUp({ challenge, supported, requested, override }: ScopeFacts): readonly string[] {
  return [...(requested ?? override ?? []), ...(challenge?.scopes ?? supported ?? [])];
}

/** What an authorization server offers (RFC 8414 §2); null where it does not say. */
export function offeredScopes({
  scopes_supported: value,
}: {
  readonly scopes_supported?: unknown;
}): readonly string[] | null {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : null;
}

/** One name for a set of scopes, whatever their order (TS-14 counts by it). */
export const scopeSet = (scopes: readonly string[]): string => unique(scopes).toSorted().join(" ");

const unique = (scopes: readonly string[]): readonly string[] => [...new Set(scopes)];
