/**
 * The new token set over the old one, field by field (VA-8). Pure. A member that the answer leaves out, or has empty, is
 * kept: a refresh token overwritten by nothing is a grant lost at the next refresh (AT-31).
 */
import { after, type Instant } from "../../kernel/time.js";
import type { NormalisedTokenAnswer } from "../../oauth/token-answer.js";
import type { GrantSecrets } from "../sealed-grant.js";

export interface HeldTokens {
  readonly secrets: GrantSecrets;
  readonly scopes: readonly string[];
}
export interface MergedTokens extends HeldTokens {
  readonly issuedAt: Instant;
  readonly expiresAt: Instant | null;
}

/**
 * @param idToken the answer's ID token once it was verified; null keeps the old one
 * @param askedAt when the request was made: an end counted from there is never too late
 */
export function mergeTokens(
  held: HeldTokens,
  answer: NormalisedTokenAnswer,
  idToken: string | null,
  askedAt: Instant,
  /** The key that was asked with (RFC 9449), which the tokens are bound to where they say so. */
  boundTo: string | undefined,
): MergedTokens {
  return {
    secrets: {
      accessToken: answer.accessToken,
      tokenType: answer.tokenType,
      refreshToken: answer.refreshToken ?? held.secrets.refreshToken,
      idToken: idToken ?? held.secrets.idToken,
      ...(boundTo === undefined ? {} : { proofKey: boundTo }),
      ...(held.secrets.asked ? { asked: held.secrets.asked } : {}),
    },
    scopes: answer.scopes ?? held.scopes,
    issuedAt: askedAt,
    expiresAt: answer.expiresAt ?? (answer.expiresIn === null ? null : after(askedAt, answer.expiresIn)),
  };
}
