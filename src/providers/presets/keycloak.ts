/**
 * Keycloak: OpenID Connect with discovery, one issuer per realm (`https://host/realms/name`), and roles inside objects.
 *
 * @see https://www.keycloak.org/securing-apps/oidc-layers
 * @see https://www.keycloak.org/docs/latest/server_admin/index.html#_client_scopes
 */
import { readClaim } from "../../kernel/claims.js";
import { isJsonObject, type JsonObject, member } from "../../kernel/json.js";
import { noQuirks, type Preset } from "../preset.js";

export const keycloak: Preset = {
  kind: "oidc",
  displayName: "Keycloak",
  issuer: { from: "operator" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  // Token claim names of the mappers in the client scope `roles`: realm roles. Those of one client are in
  // `resource_access.<client id>.roles`, for operators who mean these. `groups` is what its own example calls the mapper's claim.
  claims: { roles: "realm_access.roles", groups: "groups" },
  // A refresh token stands for the client's session and, where there is one, the consent; revoking ends both.
  revocationEndsOneToken: false,
  // Since release 22 its mapper writes no claim where it wrote an empty list, and that is to stay:
  // https://github.com/keycloak/keycloak/issues/22340
  quirks: { ...noQuirks, groupsWhenEmpty: { is: "left_out" }, document: withDottedClient },
};

/**
 * A claim is found by a dotted path, in which a client id with dots is several steps. Our own client's roles are put
 * under the whole name as well, which is read first; a claim that is already called so stays what it is.
 */
function withDottedClient(document: JsonObject, clientId: string): JsonObject {
  const name = `resource_access.${clientId}.roles`;
  if (!clientId.includes(".") || readClaim(document, name) !== undefined) return document;
  const all = member(document, "resource_access");
  const own = isJsonObject(all) ? member(all, clientId) : undefined;
  const roles = isJsonObject(own) ? member(own, "roles") : undefined;
  return roles === undefined ? document : { ...document, [name]: roles };
}
