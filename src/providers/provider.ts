/** A provider as the features see it: the operator's record with its preset applied, every default filled in. */

import type { Config } from "../config/schema.js";
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
  readonly roles: string;
  readonly groups: string;
  /** What separates values where the claim is a text; empty: it is one value. */
  readonly rolesSeparator: string;
  readonly groupsSeparator: string;
}

/** What claims of this provider may do to roles: the operator's keys over the global ones (AC-10 to AC-12). */
export type ProviderRoles = Omit<Config["roles"], "order" | "healLoneUser">;
/** What claims of this provider may do to groups (AC-14 to AC-21). */
export type ProviderGroups = Config["groups"];

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
  /** False where the provider cannot do it; PKCE stays (SI-5), but for the one exception that SI-5 states. */
  readonly nonce: boolean;
  /** False where the provider cannot do it; then the client has a secret, and the nonce stays but for that exception. */
  readonly pkce: boolean;
  /** What separates scopes in its token answers. */
  readonly scopeSeparator: " " | ",";
  /** Its own words for the errors of RFC 6749 §5.2. */
  readonly tokenErrors: Readonly<Record<string, string>>;
  /**
   * Its own way to say in a token answer that there is none, whatever else the answer holds: the word for it, which
   * `tokenErrors` may translate; undefined when it does not say so. Null: `error` says it (RFC 6749 §5.2).
   */
  readonly tokenError: ((answer: JsonObject) => string | undefined) | null;
  /** Whether one document vouches for the address in it; null: `email_verified` says so. */
  readonly emailVerified: ((document: JsonObject) => boolean) | null;
  /** `left_out`: known to say nothing of groups where a person is in none (AC-15). */
  readonly groupsWhenEmpty: "left_out" | "unknown";
  /** False where userinfo is known to tell neither roles nor groups: it is not asked for their sake (SI-11). */
  readonly rolesInUserinfo: boolean;
  /**
   * Members of metadata: of an `oauth2` provider beside its issuer and endpoints, of an `oidc` provider in place of what
   * its document says. Never the issuer.
   */
  readonly metadata: JsonObject;
  /** How an `oauth2` provider tells who somebody is; null for `oidc`. */
  readonly person: {
    /** Documents that are asked for beside userinfo, by a name of ours. */
    readonly further: (userinfoUrl: string) => Readonly<Record<string, string>>;
    /** True for a document that is an error although its status is 200. Left out: none is. */
    readonly refuses?: (document: JsonValue) => boolean;
    /** All of them (`userinfo` is the first) in the words of OpenID Connect; undefined when they name nobody. */
    readonly claims: (documents: Readonly<Record<string, JsonValue>>, names: ClaimNames) => JsonObject | undefined;
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
  /** `ignore`: a callback's `iss` is not compared; only for a custom `oauth2` provider whose operator says so (AC-1). */
  readonly callbackIss: "check" | "ignore";
  readonly clockTolerance: Duration;
  readonly claims: ClaimNames;
  readonly roles: ProviderRoles;
  readonly groups: ProviderGroups;
  readonly signUp: boolean;
  readonly emailVerified: "claim" | "always";
  readonly logout: "local" | "provider" | "ask";
  readonly revokeOnSignOut: "auto" | "always" | "never";
  /** A preset may say that revoking a refresh token ends this token alone (LO-5); unknown is false. */
  readonly revocationEndsOneToken: boolean;
}

/** The providers of this installation, in the order of the configuration. */
export interface ProviderRegistry {
  /** Enabled or not; undefined when the id is not configured. */
  byId(id: string): Provider | undefined;
  all(): readonly Provider[];
}
