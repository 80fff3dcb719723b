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
  /** Instead of a secret: what one is signed from, with `clientKey` (apple). */
  readonly signedSecret?: SignedSecret;
}

/** The claims of a client secret that is an ES256 JWT of ours: `iss`, `kid`, `aud`; `sub` is the client id. */
export interface SignedSecret {
  readonly teamId: string;
  readonly keyId: string;
  readonly audience: string;
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
  readonly introspection?: string | undefined;
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

/** A claim that a request asks for by a parameter, and that the person could take out of the URL. */
export type AskedClaim = "hd" | "org_id" | "org_name";

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
  readonly groupsWhenEmpty: GroupsWhenEmpty;
  /** False where userinfo is known to tell neither roles nor groups: it is not asked for their sake (SI-11). */
  readonly rolesInUserinfo: boolean;
  /**
   * Members of metadata: of a provider that is not discovered beside its issuer and endpoints, of an `oidc` provider in place of what
   * its document says. Never the issuer.
   */
  readonly metadata: JsonObject;
  /** True for an `oidc` provider whose metadata is the preset's data and is never asked for (apple). */
  readonly fixedMetadata: boolean;
  /** A verified ID token or a userinfo answer with its odd claims in a usual form; null: as it is. Never `iss` or `sub`. */
  readonly document: ((document: JsonObject, clientId: string) => JsonObject) | null;
  /** What a verified ID token must say besides OpenID Connect Core §3.1.3.7: the claim that does not; null: nothing. */
  readonly idTokenRefusal:
    | ((claims: JsonObject, asked: Readonly<Record<string, string>>) => AskedClaim | undefined)
    | null;
  /** The name in the `user` that comes beside the code in a form_post, as JSON text; null: it is not looked at. */
  readonly postedName: ((user: string) => string | undefined) | null;
  /** Where groups are when there are too many for a token; null: they are never elsewhere (SI-17). */
  readonly groupsOverage: GroupsOverage | null;
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

/**
 * What is known of the groups claim of a person who is in no group (AC-15): it is not there, or is an empty list; or the
 * provider has no such claim for anybody. `docs/providers` names where each is known from.
 */
export interface GroupsWhenEmpty {
  readonly is: "left_out" | "empty_list" | "no_claim" | "unknown";
  /** The claims it is known of, where an operator may read groups from others too. @default whichever the operator reads */
  readonly of?: readonly string[];
}

/** A list of groups that a token only points to. The pointer itself is not followed: it would choose who gets the token. */
export interface GroupsOverage {
  /** The claim that the list belongs into. */
  readonly claim: string;
  readonly isOver: (claims: JsonObject) => boolean;
  /** The first page, for the origin people sign in at; undefined where there is none that we know. */
  readonly url: (signInOrigin: string) => string | undefined;
  /** One page; undefined when it is not one. `next` is not checked yet. */
  readonly page: (
    document: JsonValue,
  ) => { readonly groups: readonly string[]; readonly next: string | null } | undefined;
}

/** Where a provider keeps people's pictures that no claim tells: the one place beside its API that gets its access token. */
export interface PictureHost {
  readonly url: string;
  /** Without this scope among the granted ones nothing is asked there. */
  readonly scope: string;
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
  /** Asked where there is no picture claim (SI-22); null for none. */
  readonly pictureHost: PictureHost | null;
  readonly signUp: boolean;
  readonly emailVerified: "claim" | "always";
  readonly logout: "local" | "provider" | "ask";
  readonly revokeOnSignOut: "auto" | "always" | "never";
  /** What was granted with `offline_access` outlives a session that the provider ends (LO-8). */
  readonly keepOfflineGrants: boolean;
  /** Whether its logout tokens may lack `exp`, as in the drafts of Back-Channel Logout before the eleventh. */
  readonly allowLogoutTokenWithoutExp: boolean;
  /** A preset may say that revoking a refresh token ends this token alone (LO-5); unknown is false. */
  readonly revocationEndsOneToken: boolean;
  /** Which `scope` a refresh asks for (VA-11). */
  readonly refreshScope: "omit" | "requested" | "granted";
  /** Whether its own access tokens may stand for people, and those of which clients (VA-15). */
  readonly tokenExchange: { readonly enabled: boolean; readonly clients: readonly string[] };
  /** Where `vault.fetch` may send an access token, besides userinfo (EG-2). */
  readonly apiOrigins: readonly string[];
}

/** The providers of this installation, in the order of the configuration. */
export interface ProviderRegistry {
  /** Enabled or not; undefined when the id is not configured. */
  byId(id: string): Provider | undefined;
  all(): readonly Provider[];
}
