/**
 * Any OAuth 2 provider without OpenID Connect: the operator names the endpoints and the issuer, and says by `claims`
 * what userinfo calls things. The answer of userinfo is the document, as it came.
 *
 * There is no ID token, so nothing here proves who somebody is but the access token that the code brought (SI-11).
 *
 * @see RFC 6749 §3 (the endpoints), §4.1 (the code flow), §3.3 (a server has a default scope)
 */
import { readClaim } from "../../kernel/claims.js";
import { isJsonObject, type JsonObject, type JsonValue } from "../../kernel/json.js";
import { noQuirks, type Preset } from "../preset.js";
import type { ClaimNames } from "../provider.js";

export const oauth2: Preset = {
  kind: "oauth2",
  displayName: null,
  // Nothing publishes it; it is the key of every identity, so the operator chooses it once (AC-1).
  issuer: { from: "operator" },
  endpoints: {},
  scopes: [],
  claims: {},
  // Unknown of an unknown provider.
  revocationEndsOneToken: false,
  quirks: {
    ...noQuirks,
    nonce: false,
    person: { further: () => ({}), claims: personOf },
  },
};

/** Only the claim that the operator named is the subject: a `sub` beside a configured `id` says nothing. */
function personOf({ userinfo }: Readonly<Record<string, JsonValue>>, names: ClaimNames): JsonObject | undefined {
  if (!isJsonObject(userinfo)) return undefined;
  return { ...userinfo, sub: readClaim(userinfo, names.subject) ?? null };
}
