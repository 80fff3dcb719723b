/**
 * Who somebody is at an `oauth2` provider: no ID token, so nothing but what its API answers to the access token that the
 * code brought (SI-11). The preset's pure quirk turns the answers into the claims of OpenID Connect.
 *
 * There is no second source to compare them with. What makes them this person's is that the token came from this
 * provider's token endpoint for this browser's code: state, PKCE and the constant issuer carry that.
 */
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { type JsonObject, type JsonValue, member, parseJson } from "../kernel/json.js";
import type { Provider } from "../providers/provider.js";
import { asProviderFailure, isTransientStatus } from "./failures.js";
import { subjectText } from "./id-token-claims.js";
import type { AuthorizationServer } from "./types.js";

/**
 * The claims of the person whom the access token stands for, with `iss` and `sub`.
 *
 * @throws LatchkeyError `signin.userinfo_invalid` with `data.reason` and `data.document` ·
 *   `signin.provider_unavailable` · `signin.provider_misconfigured`
 */
export async function fetchPerson(
  deps: { readonly egress: Egress },
  input: { readonly as: AuthorizationServer; readonly provider: Provider; readonly accessToken: string },
): Promise<JsonObject & { readonly iss: string; readonly sub: string }> {
  const { as, provider } = input;
  const { person } = provider.quirks;
  const userinfo = as.userinfo_endpoint;
  if (!person || !userinfo) {
    const data = { provider: provider.id, reason: "userinfo_endpoint_missing" };
    throw new LatchkeyError("signin.provider_misconfigured", { data });
  }
  const documents: Record<string, JsonValue> = {};
  for (const [name, url] of Object.entries({ userinfo, ...person.further(userinfo) })) {
    const document = await fetchDocument(deps, { ...input, name, url });
    if (person.refuses?.(document)) {
      const data = { provider: provider.id, step: "userinfo", document: name, reason: "error" };
      throw new LatchkeyError("signin.userinfo_invalid", { data });
    }
    documents[name] = document;
  }
  const claims = claimsOfDocuments(provider, documents, as.issuer);
  if (!claims) throw new LatchkeyError("signin.subject_invalid", { data: { provider: provider.id } });
  return claims;
}

/** What the preset makes of the answers; undefined when they name nobody. */
export function claimsOfDocuments(
  provider: Provider,
  documents: Readonly<Record<string, JsonValue>>,
  issuer: string,
): (JsonObject & { readonly iss: string; readonly sub: string }) | undefined {
  const claims = provider.quirks.person?.claims(documents, provider.claims);
  const sub = claims && subjectText(member(claims, "sub"));
  // Whatever the API calls `iss`, the key of an identity is the preset's own constant (AC-1).
  return claims && sub !== undefined ? { ...claims, iss: issuer, sub } : undefined;
}

async function fetchDocument(
  deps: { readonly egress: Egress },
  input: { readonly provider: Provider; readonly accessToken: string; readonly name: string; readonly url: string },
): Promise<JsonValue> {
  const about = { provider: input.provider.id, step: "userinfo", document: input.name };
  const answer = await deps.egress
    .request({
      purpose: "userinfo",
      url: input.url,
      headers: { accept: "application/json", authorization: `Bearer ${input.accessToken}` },
      timeout: input.provider.timeout ?? undefined,
    })
    .catch((thrown: unknown) => {
      throw asProviderFailure(thrown, "signin.userinfo_invalid", about);
    });
  const { status } = answer;
  if (isTransientStatus(status)) {
    throw new LatchkeyError("signin.provider_unavailable", { data: { ...about, status } });
  }
  const value = status === 200 ? parseJson(new TextDecoder().decode(answer.body)) : undefined;
  if (value !== undefined) return value;
  const reason = status === 200 ? "not_json" : "status";
  throw new LatchkeyError("signin.userinfo_invalid", { data: { ...about, reason, status } });
}
