/**
 * Microsoft Entra ID and personal Microsoft accounts: OpenID Connect where one address speaks for many issuers.
 *
 * Two things make it dangerous. Behind `common` and `organizations` anybody who has made a tenant can sign in, so a
 * tenant counts only when the operator listed it. And the address of a person is whatever their tenant's administrator
 * wrote there (nOAuth, AT-6), so it proves nothing unless `xms_edov` says that its domain is the tenant's own.
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/v2-protocols-oidc
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/access-tokens#validate-the-issuer
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/userinfo
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/migrate-off-email-claim-authorization
 */
import type { JsonObject } from "../../kernel/json.js";
import { member } from "../../kernel/json.js";
import { microsoftGroupsOverage } from "../groups-overage.js";
import { noQuirks, type Preset, type TenantChoice, type TenantRecord } from "../preset.js";
import { microsoftIcon } from "./icons.js";

/** The tenant of all personal accounts (id-token-claims-reference, `tid`). */
const personalAccounts = "9188040d-6c67-4c5b-b112-36a304b66dad";
const tenantId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export const microsoft: Preset = {
  kind: "oidc",
  displayName: "Microsoft",
  icon: microsoftIcon,
  issuer: { from: "tenant", resolve: resolveTenant },
  endpoints: {},
  scopes: ["openid", "email", "profile"],
  // https://learn.microsoft.com/en-us/graph/api/profilephoto-get
  pictureHost: { url: "https://graph.microsoft.com/v1.0/me/photo/$value", scope: "User.Read" },
  // The picture is behind Microsoft Graph and its token; asking userinfo for it would only replace the ID token's
  // address by one that nothing vouches for.
  claims: { picture: null },
  // Entra documents no revocation endpoint.
  revocationEndsOneToken: false,
  // Left out, Entra may answer with a token for another resource than the one that was asked for at first.
  refreshScope: "requested",
  // Entra's userinfo tells a fixed few claims (userinfo page): roles and groups are in the ID token or nowhere, and
  // asking for them would put an unproven address in the place of the ID token's.
  quirks: {
    ...noQuirks,
    emailVerified: domainOwnerVerified,
    rolesInUserinfo: false,
    groupsWhenEmpty: { is: "left_out" },
    groupsOverage: microsoftGroupsOverage,
  },
};

/** The authority's last part: a tenant's id or one of its domain names, or a group of tenants (v2-protocols-oidc). */
function resolveTenant({ tenant, allowedTenants, loginBaseUrl }: TenantRecord): TenantChoice {
  const name = (tenant ?? "").toLowerCase();
  return {
    template: `${loginBaseUrl}/{tenantid}/v2.0`,
    discoveryUrl: `${loginBaseUrl}/${name}/v2.0/.well-known/openid-configuration`,
    tenant: tenantOf(name, allowedTenants),
  };
}

function tenantOf(name: string, allowed: readonly string[]): TenantChoice["tenant"] {
  if (name === "common" || name === "organizations") {
    return { kind: "many", ids: allowed.map((id) => id.toLowerCase()) };
  }
  if (name === "consumers") return { kind: "one", id: personalAccounts };
  return tenantId.test(name) ? { kind: "one", id: name } : { kind: "named", name };
}

/**
 * `xms_edov` ("e-mail domain owner verified", an optional claim) is the only word of Entra's that vouches for `email`;
 * it has been seen as a boolean, as 1 and as "1". An `email_verified` is not Entra's to say, and not listened to.
 */
function domainOwnerVerified(document: JsonObject): boolean {
  const edov = member(document, "xms_edov");
  return edov === true || edov === 1 || edov === "1";
}
