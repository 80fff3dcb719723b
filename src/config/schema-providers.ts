/** The keys of one provider. What a preset fills in is in providers/presets; here `null` means "as the preset says". */
import { z } from "zod";
import { milliseconds, minutes } from "../kernel/time.js";
import { presets } from "./later.js";
import { picture } from "./schema-branding.js";
import { providerGroupsSchema, providerRolesSchema } from "./schema-claims.js";
import { claimNames } from "./schema-sign-in.js";
import { allowing, authorizeParameters, duration, flag, oneOf, origin, secretText, text, webUrl } from "./values.js";

const presetName = () =>
  allowing(
    z.string().transform((value, ctx) => {
      const name = presets.find((preset) => preset === value);
      if (name !== undefined) return name;
      ctx.addIssue({ code: "custom", message: "is no preset" });
      return z.NEVER;
    }),
    presets.join(" · "),
  );

const scope = () =>
  allowing(
    z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/),
    "a scope: printable ASCII without spaces, quotes and backslashes",
  );

const endpoint = (what: string) => webUrl().optional().describe(`Overrides the ${what} endpoint that discovery tells.`);

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const tenantId = () => allowing(z.string().regex(guid), "a tenant's id: a GUID");
// It becomes a part of a path: nothing that could leave its place.
const tenant = () =>
  allowing(
    z.string().regex(/^(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/),
    "null, a tenant's id or domain name, common, organizations or consumers",
  );
const loginBaseUrl = () =>
  allowing(
    webUrl({ bare: true }).refine((value) => URL.canParse(value) && new URL(value).origin === value, "is no origin"),
    "an origin such as https://login.microsoftonline.us",
  );

const appleId = (what: string) => allowing(z.string().regex(/^[A-Z0-9]{10}$/), `null, or a ${what}: 10 of A-Z and 0-9`);

export const providerSchema = z.strictObject({
  id: allowing(z.string().regex(/^[a-z0-9-]{1,32}$/), "1 to 32 of a-z, 0-9 and -").describe(
    "Name of the provider in URLs, logs and records. People's identities do not depend on it.",
  ),
  preset: presetName()
    .prefault("oidc")
    .describe("Which kind of provider it is: docs/providers has a page on each. `oidc` is any with OpenID discovery."),
  displayName: text(100).nullable().default(null).describe("Name on the button; null shows the id."),
  icon: picture()
    .nullable()
    .default(null)
    .describe(
      "Picture on the button; null shows that of the preset, else the initial. Never loaded from another origin.",
    ),
  enabled: flag()
    .default(true)
    .describe("Whether people can sign in with it. Switched off, it stays known, and its identities stay."),
  issuer: webUrl({ bare: true })
    .optional()
    .describe(
      "The provider's issuer, byte for byte as its metadata spells it. `oidc` needs it; `gitlab` takes another than https://gitlab.com; `oauth2` needs it as the key of its identities; `github`, `discord` and `feishu` need one where `endpoints` are another server's; other presets have it.",
    ),
  tenant: tenant()
    .nullable()
    .default(null)
    .describe(
      "microsoft: the tenant's id or one of its domain names, or `common`, `organizations` (with `allowedTenants`), `consumers`.",
    ),
  allowedTenants: z
    .array(tenantId())
    .max(1_000)
    .default([])
    .describe("microsoft: ids of the tenants whose people may sign in through `common` or `organizations`."),
  loginBaseUrl: loginBaseUrl()
    .default("https://login.microsoftonline.com")
    .describe("microsoft: the sign-in host of a national cloud, such as https://login.microsoftonline.us."),
  pictureUrl: webUrl()
    .nullable()
    .default(null)
    .describe(
      "microsoft: where Graph has pictures in a national cloud, such as https://graph.microsoft.us/v1.0/me/photo/$value. It is sent the access token.",
    ),
  discoveryUrl: webUrl()
    .nullable()
    .default(null)
    .describe(
      "Where the metadata is, when it is not at the issuer's well-known place. Its issuer is checked all the same.",
    ),
  endpoints: z
    .strictObject({
      authorization: endpoint("authorization"),
      token: endpoint("token"),
      userinfo: endpoint("userinfo"),
      jwks: endpoint("JWKS"),
      revocation: endpoint("revocation"),
      introspection: endpoint("introspection"),
      endSession: endpoint("end-session"),
    })
    .prefault({})
    .describe(
      "Endpoints that differ from what discovery or the preset tells. Another server than the preset's has an `issuer` of its own. `oauth2` needs `authorization`, `token` and `userinfo`.",
    ),
  timeout: duration({ min: milliseconds(100), max: minutes(5) })
    .nullable()
    .default(null)
    .describe("Longest time for one request to this provider; null is `egress.timeout`."),
  clientId: text(1_000).describe("The client id that the provider gave."),
  clientSecret: secretText()
    .nullable()
    .default(null)
    .describe("The client secret that the provider gave; null for a public client or a key."),
  clientKey: secretText("a private key: PEM (PKCS #8) or a JWK as JSON text, best as ${file:/run/secrets/name}")
    .nullable()
    .default(null)
    .describe("Private key for `private_key_jwt`; apple: the key file that its secrets are signed with."),
  teamId: appleId("Team ID").nullable().default(null).describe("apple: the Team ID of the developer account."),
  keyId: appleId("Key ID").nullable().default(null).describe("apple: the Key ID of `clientKey`."),
  tokenEndpointAuthMethod: oneOf("auto", "client_secret_basic", "client_secret_post", "private_key_jwt", "none")
    .default("auto")
    .describe("How we authenticate at the token endpoint. `auto` follows the provider's metadata, basic first."),
  scopes: z
    .array(scope())
    .min(1)
    .nullable()
    .default(null)
    .describe(
      "Scopes to ask for; null is the preset's: `openid`, `email` and `profile` for most. `offline_access` brings a refresh token.",
    ),
  authorizeParams: authorizeParameters()
    .prefault({})
    .describe("Extra parameters of the authorization request, over those of `signIn.authorizeParams`."),
  redirectUri: webUrl({ bare: true })
    .nullable()
    .default(null)
    .describe(
      "Overrides `{baseUrl}{basePath}/providers/{id}/callback`. On our own origin it is routed here; elsewhere something must pass it on.",
    ),
  par: oneOf("auto", "always", "never")
    .default("auto")
    .describe("Pushed authorization requests (RFC 9126). `auto` pushes when the metadata requires it."),
  callbackIss: oneOf("check", "ignore")
    .default("check")
    .describe(
      "oauth2: what is done with the `iss` of a callback (RFC 9207). `check` refuses one that is not `issuer`; `ignore` is for a provider whose `iss` is another text.",
    ),
  responseMode: oneOf("query", "form_post")
    .default("query")
    .describe("How the provider sends its answer. apple: always `form_post`."),
  clientIdInBody: flag()
    .default(false)
    .describe("Also send `client_id` in the body where the secret goes in the header."),
  refreshScope: oneOf("omit", "requested", "granted")
    .nullable()
    .default(null)
    .describe(
      "Which `scope` a refresh asks for: none, the configured scopes, or those that were granted. null is the preset's, else `omit`.",
    ),
  apiOrigins: z
    .array(origin())
    .max(100)
    .default([])
    .describe(
      "Origins that `vault.fetch` may send this provider's access token to. Its userinfo endpoint needs no entry.",
    ),
  signUp: flag()
    .nullable()
    .default(null)
    .describe("Whether strangers get an account through this provider; null is `signIn.signUp`."),
  emailVerified: oneOf("claim", "always")
    .default("claim")
    .describe("`always`: the operator vouches that every address this provider tells is verified."),
  logout: oneOf("local", "provider", "ask")
    .default("provider")
    .describe("What signing out ends: the session here, also the one at the provider, or what the person chooses."),
  revokeOnSignOut: oneOf("auto", "always", "never")
    .default("auto")
    .describe("Whether tokens are revoked at sign-out. `auto` only where that ends nobody else's."),
  allowLogoutTokenWithoutExp: flag()
    .default(false)
    .describe(
      "Takes logout tokens that tell no `exp`, of a provider that follows a draft of Back-Channel Logout (glewlwyd). They end after five minutes all the same, by their `iat`.",
    ),
  keepOfflineGrants: flag()
    .default(false)
    .describe("Keep tokens that were granted with `offline_access` when the provider ends the session (LO-8)."),
  clientAssertionAudience: oneOf("issuer", "token-endpoint")
    .default("issuer")
    .describe("Audience of our client assertions. `token-endpoint` only for a provider that takes nothing else."),
  claims: z
    .strictObject({
      subject: claimNames.subject.optional(),
      email: claimNames.email.optional(),
      name: claimNames.name.optional(),
      picture: claimNames.picture.optional(),
      roles: claimNames.roles.optional(),
      groups: claimNames.groups.optional(),
      rolesSeparator: claimNames.rolesSeparator.optional(),
      groupsSeparator: claimNames.groupsSeparator.optional(),
    })
    .prefault({})
    .describe("Claim names of this provider, key by key over `signIn.claims`."),
  tokenExchange: z
    .strictObject({
      enabled: flag()
        .default(false)
        .describe("Whether services may show this provider's own access tokens at `/token` (VA-15)."),
      clients: z
        .array(text(1_000))
        .max(100)
        .default([])
        .describe(
          "Client ids whose tokens are taken, ours among them only where it is listed. A token issued to any other client is refused.",
        ),
    })
    .prefault({})
    .describe("Access tokens of this provider as proof of who somebody is."),
  roles: providerRolesSchema,
  groups: providerGroupsSchema,
});
