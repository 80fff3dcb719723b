/** Reads protected resource metadata (RFC 9728 §2): pure, total, and typed afterwards. */
import { type JsonObject, member, stringMember } from "../../kernel/json.js";
import { err, ok, type Result } from "../../kernel/result.js";
import type { ResourceMetadata } from "../found.js";

/** More is not read: nobody needs it, and each may cost requests. */
const mostServers = 20;

/**
 * The document, or what is wrong with it. Whether its `resource` is the right one is `policy/resource`'s to say.
 *
 * Authorization servers that are no issuer identifiers (RFC 8414 §2: no query, no fragment) are passed over, but where
 * none is left of some, the document is refused: as if it named none it would send us to look elsewhere.
 */
export function readResourceMetadata(document: JsonObject, url: string): Result<ResourceMetadata, string> {
  const resource = stringMember(document, "resource");
  if (resource === undefined) return err("resource_missing");
  const named = texts(member(document, "authorization_servers"));
  const authorizationServers = (named ?? []).slice(0, mostServers).filter(isIssuerIdentifier);
  if (named !== null && named.length > 0 && authorizationServers.length === 0)
    return err("authorization_servers_unusable");
  return ok({
    url,
    resource,
    authorizationServers: [...new Set(authorizationServers)],
    scopesSupported: texts(member(document, "scopes_supported")),
    dpopAlgorithms: texts(member(document, "dpop_signing_alg_values_supported")),
    dpopRequired: member(document, "dpop_bound_access_tokens_required") === true,
  });
}

/** https, or http where egress lets it out; without query, fragment and user information. */
export function isIssuerIdentifier(text: string): boolean {
  if (text.length > 2_048 || /[?#]/.test(text) || !URL.canParse(text)) return false;
  const url = new URL(text);
  return (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "";
}

/** A list's texts; null where it is no list. */
const texts = (value: unknown): readonly string[] | null =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string" && item !== "") : null;
