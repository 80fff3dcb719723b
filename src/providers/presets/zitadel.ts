/**
 * ZITADEL: OpenID Connect with discovery, one issuer per instance, and roles as an object whose names are the roles.
 *
 * Its ID tokens are for all clients of the project and the project itself, so they have several audiences and an `azp`;
 * that is checked as for everybody (OpenID Connect Core §3.1.3.7).
 *
 * @see https://zitadel.com/docs/apis/openidoauth/endpoints
 * @see https://zitadel.com/docs/apis/openidoauth/claims
 * @see https://zitadel.com/docs/guides/integrate/retrieve-user-roles
 */
import { isJsonObject, type JsonObject, type JsonValue } from "../../kernel/json.js";
import { noGroupsClaim, noQuirks, type Preset } from "../preset.js";

export const zitadel: Preset = {
  kind: "oidc",
  displayName: "ZITADEL",
  issuer: { from: "operator" },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  // There is no claim of groups.
  claims: { roles: "urn:zitadel:iam:org:project:roles" },
  // Not documented.
  revocationEndsOneToken: false,
  quirks: { ...noQuirks, groupsWhenEmpty: noGroupsClaim, document: rolesAsList },
};

/** Of the client's project, and of one that is named by its id (claims, "Reserved Claims"). */
const rolesClaim = /^urn:zitadel:iam:org:project:(?:[^:]+:)?roles$/;

function rolesAsList(document: JsonObject): JsonObject {
  const changed = Object.entries(document).flatMap(([name, value]) => {
    const roles = rolesClaim.test(name) ? roleNames(value) : undefined;
    return roles ? [[name, roles] as const] : [];
  });
  return changed.length === 0 ? document : { ...document, ...Object.fromEntries(changed) };
}

/**
 * `{"admin": {"orgId": "acme.ch"}}` is the role admin, held in an organization; the reference writes the same within a
 * list. A role that no organization is named for is held nowhere. Anything else is left as it is, and so is no role.
 */
function roleNames(value: JsonValue | undefined): readonly string[] | undefined {
  const objects = Array.isArray(value) ? value : [value];
  if (!objects.every(isJsonObject)) return undefined;
  const held = objects.flatMap((roles) => Object.entries(roles));
  const names = held.filter(([, where]) => isJsonObject(where) && Object.keys(where).length > 0).map(([role]) => role);
  return [...new Set(names)];
}
