/**
 * Issuers of providers that speak as one issuer per tenant (SI-2, Microsoft's `{tenantid}`): pure comparisons of text.
 * Which tenants may come in is the operator's list, and has become `provider.issuers` before anything here is asked.
 */
import { type JsonObject, member, stringMember } from "../kernel/json.js";
import type { Provider, TenantIssuers } from "../providers/provider.js";

const placeholder = "{tenantid}";
const tenantId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A template, or a key's `issuer`, with the tenant's id put in. */
const fill = (template: string, id: string): string => template.replace(placeholder, () => id);

/** The tenant's id in an issuer that is the template filled; undefined for any other text. */
function tenantIn(template: string, issuer: string): string | undefined {
  const [before = "", after = ""] = template.split(placeholder);
  const id = issuer.slice(before.length, issuer.length - after.length);
  return tenantId.test(id) && fill(template, id) === issuer ? id : undefined;
}

/**
 * The issuer that a metadata document has to name: the configured one, byte for byte. Of a tenant under a name only the
 * shape is known, and the document tells which tenant it is; whether it may is checked by the one who keeps it.
 */
export function metadataIssuer(provider: Pick<Provider, "issuer" | "tenants">, document: JsonObject): string {
  const said = stringMember(document, "issuer");
  if (provider.tenants?.kind !== "named" || said === undefined) return provider.issuer;
  return tenantIn(provider.tenants.template, said) === undefined ? provider.issuer : said;
}

/**
 * The issuer that an ID token has to name. Where one address speaks for many tenants it is the template filled with the
 * token's own `tid`, and only if that tenant is allowed; undefined when it is not, or the token names none.
 */
export function idTokenIssuer(
  provider: Pick<Provider, "issuers" | "tenants">,
  metadataIssuer: string,
  payload: JsonObject,
): string | undefined {
  if (provider.tenants === null) return metadataIssuer;
  const tid = member(payload, "tid");
  if (provider.tenants.kind !== "many") {
    // One tenant: the issuer says which, and a `tid` that contradicts it is nobody's.
    if (tid === undefined) return metadataIssuer;
    return typeof tid === "string" && fill(provider.tenants.template, tid) === metadataIssuer
      ? metadataIssuer
      : undefined;
  }
  const filled = typeof tid === "string" ? fill(provider.tenants.template, tid) : undefined;
  return filled !== undefined && provider.issuers.includes(filled) ? filled : undefined;
}

/**
 * Whether a published key may sign for the issuer that a JWT names. A key with an `issuer` of its own signs for that
 * issuer alone; the key set of `common` holds the keys of personal accounts beside those of all organizations.
 */
export function keySpeaksFor(tenants: TenantIssuers | null, key: JsonObject, payload: JsonObject): boolean {
  const own = member(key, "issuer");
  if (tenants === null || own === undefined) return true;
  const iss = stringMember(payload, "iss");
  const tenant = iss === undefined ? undefined : tenantIn(tenants.template, iss);
  return typeof own === "string" && tenant !== undefined && fill(own, tenant) === iss;
}
