/** A provider as the features see it: the operator's record with its preset applied, every default filled in. */

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

export interface Provider {
  readonly id: string;
  readonly preset: string;
  readonly displayName: string;
  /** A path or data URL on our own origin, or null. */
  readonly icon: string | null;
  readonly enabled: boolean;
  readonly issuer: string;
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
}

/** The providers of this installation, in the order of the configuration. */
export interface ProviderRegistry {
  /** Enabled or not; undefined when the id is not configured. */
  byId(id: string): Provider | undefined;
  all(): readonly Provider[];
}
