/** A provider as the features see it: the operator's record with its preset applied, every default filled in. */

import type { JsonObject, JsonValue } from "../kernel/json.js";
import type { Secret } from "../kernel/secret.js";
import type { Duration } from "../kernel/time.js";

export type ClientAuthenticationMethod = "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none";

/** Who we are to one authorization server (glossary: client registration). */
export interface ClientRegistration {
  readonly clientId: string;
  readonly clientSecret: Secret | null;
  /** PEM (PKCS #8) or a private JWK as JSON text, for `private_key_jwt`. */
  readonly clientKey: Secret | null;
  /** `auto`: from metadata, basic first (SI-4). */
  readonly tokenEndpointAuthMethod: ClientAuthenticationMethod | "auto";
  readonly clientAssertionAudience: "issuer" | "token-endpoint";
  /** Also send `client_id` in the body where the secret goes in the header. */
  readonly clientIdInBody: boolean;
}

export interface ClaimNames {
  readonly subject: string;
  readonly email: string;
  readonly name: string;
  readonly picture: string | null;
}

export interface Endpoints {
  readonly authorization?: string | undefined;
  readonly token?: string | undefined;
  readonly userinfo?: string | undefined;
  readonly jwks?: string | undefined;
  readonly revocation?: string | undefined;
  readonly endSession?: string | undefined;
}

/** `oidc`: discovery and ID tokens. `oauth2`: fixed endpoints, and who the person is from userinfo alone. */
export type ProviderKind = "oidc" | "oauth2";

/** One provider that speaks as an issuer per tenant (SI-2). */
export interface TenantIssuers {
  /** The issuer of every tenant, `{tenantid}` in the place of its id. */
  readonly template: string;
  /**
   * `one`: a tenant with a known id. `named`: one whose id discovery tells, once. `many`: what metadata calls its issuer
   * is the template, and each ID token names its own.
   */
  readonly kind: "one" | "named" | "many";
}

/** How a provider differs from the specifications: data, and pure functions. Each is asked at one place. */
export interface ProviderQuirks {
  /** False where the provider cannot do it; PKCE stays (SI-5). */
  readonly nonce: boolean;
  /** What separates scopes in its token answers. */
  readonly scopeSeparator: " " | ",";
  /** Its own words for the errors of RFC 6749 §5.2. */
  readonly tokenErrors: Readonly<Record<string, string>>;
  /** Whether one document vouches for the address in it; null: `email_verified` says so. */
  readonly emailVerified: ((document: JsonObject) => boolean) | null;
  /** Members of the metadata of an `oauth2` provider beside its issuer and endpoints. */
  readonly metadata: JsonObject;
  /** How an `oauth2` provider tells who somebody is; null for `oidc`. */
  readonly person: {
    /** Documents that are asked for beside userinfo, by a name of ours. */
    readonly further: (userinfoUrl: string) => Readonly<Record<string, string>>;
    /** All of them (`userinfo` is the first) in the words of OpenID Connect; undefined when they name nobody. */
    readonly claims: (documents: Readonly<Record<string, JsonValue>>) => JsonObject | undefined;
  } | null;
}

export interface Provider {
  readonly id: string;
  readonly kind: ProviderKind;
  readonly preset: string;
  readonly displayName: string;
  /** A path or data URL on our own origin, or null. */
  readonly icon: string | null;
  readonly enabled: boolean;
  /** What the metadata calls its issuer: for `many` tenants the template, for a tenant under a name its id's issuer. */
  readonly issuer: string;
  /**
   * Every issuer that identities, sessions and grants of this provider can have: `issuer` alone, or one for each allowed
   * tenant. Empty while the id of a tenant under a name is not known yet.
   */
  readonly issuers: readonly string[];
  readonly tenants: TenantIssuers | null;
  /** For a tenant under a name: what stands for it until its id is known, and is the key under which that is kept. */
  readonly unresolvedIssuer?: string;
  readonly quirks: ProviderQuirks;
  readonly discoveryUrl: string | null;
  /** Overrides of what discovery says. */
  readonly endpoints: Endpoints;
  readonly timeout: Duration | null;
  readonly client: ClientRegistration;
  readonly scopes: readonly string[];
  /** Global and own parameters merged; reserved names were refused by config (SI-6). */
  readonly authorizeParams: Readonly<Record<string, string>>;
  /** Absolute. `{baseUrl}{basePath}/providers/{id}/callback` unless the operator overrode it (SI-5, SI-26). */
  readonly redirectUri: string;
  readonly par: "auto" | "always" | "never";
  readonly responseMode: "query" | "form_post";
  readonly clockTolerance: Duration;
  readonly claims: ClaimNames;
  readonly signUp: boolean;
  readonly emailVerified: "claim" | "always";
  readonly logout: "local" | "provider" | "ask";
  readonly revokeOnSignOut: "auto" | "always" | "never";
  /** A preset may say that revoking a refresh token ends this token alone (LO-5); unknown is false. */
  readonly revocationEndsOneToken: boolean;
  /** Which `scope` a refresh asks for (VA-11). */
  readonly refreshScope: "omit" | "requested" | "granted";
  /** Where `vault.fetch` may send an access token, besides userinfo (EG-2). */
  readonly apiOrigins: readonly string[];
}

/** The providers of this installation, in the order of the configuration. */
export interface ProviderRegistry {
  /** Enabled or not; undefined when the id is not configured. */
  byId(id: string): Provider | undefined;
  all(): readonly Provider[];
}
