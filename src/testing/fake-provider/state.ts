/** What a fake provider knows: its people and clients, and what it has handed out so far. All of it in memory. */
import type { JWK } from "jose";
import type { Clock, Instant } from "../../kernel/time.js";
import type { SigningAlgorithm, SigningKey } from "./keys.js";

/** Somebody who can sign in at the fake provider. */
export interface FakePerson {
  readonly sub: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly name?: string;
  readonly picture?: string;
  /** Further claims, told as they are (`groups`, `roles`, …). */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** A client that the fake provider knows. */
export interface FakeClient {
  readonly clientId: string;
  readonly clientSecret?: string;
  /** Public keys for `private_key_jwt`. */
  readonly jwks?: readonly JWK[];
  /** Exact redirect URIs; left out: any is taken, as a test's app has a port of its own. */
  readonly redirectUris?: readonly string[];
  /** The only method that is accepted; left out: every method that proves itself. */
  readonly authMethod?: "client_secret_basic" | "client_secret_post" | "private_key_jwt" | "none";
}

/** Changes to honest answers that stay until they are taken away; each gets the honest value and answers its own. */
export interface FakeProviderTweaks {
  metadata?: ((metadata: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** The key set as served. */
  jwks?: ((keys: JWK[]) => JWK[]) | undefined;
  /** Parameters of the authorization response, success or error. */
  authorizationResponse?: ((parameters: Record<string, string>) => Record<string, string | undefined>) | undefined;
  /** The JSON of a successful token answer. */
  tokenAnswer?: ((answer: Record<string, unknown>) => Record<string, unknown>) | undefined;
  idTokenClaims?: ((claims: Record<string, unknown>) => Record<string, unknown>) | undefined;
  idTokenHeader?: ((header: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** Signs the ID token with another key than the one in the key set. */
  idTokenKey?: SigningKey | undefined;
  /** The ID token as text, after all else: cut it, swap its parts, answer another. */
  idToken?: ((jwt: string, claims: Record<string, unknown>) => string | Promise<string>) | undefined;
  userinfo?: ((claims: Record<string, unknown>) => Record<string, unknown>) | undefined;
}

export interface IssuedCode {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly scope: string;
  readonly nonce: string | undefined;
  readonly codeChallenge: string | undefined;
  readonly person: FakePerson;
  readonly sid: string;
  readonly authTime: Instant;
  readonly expiresAt: Instant;
  used: boolean;
}

/** One line of refresh tokens that descend from one sign-in. */
export interface TokenFamily {
  readonly clientId: string;
  readonly scope: string;
  readonly person: FakePerson;
  readonly sid: string;
  readonly authTime: Instant;
  readonly nonce: string | undefined;
  revoked: boolean;
}

export interface ProviderState {
  readonly clock: Clock;
  readonly alg: SigningAlgorithm;
  /** What a refresh does to the refresh token: a new one and the old one dead, a new one beside the old, or the same. */
  readonly rotation: "rotate" | "lenient" | "keep";
  readonly requirePkce: boolean;
  readonly accessTokenLifetime: number;
  readonly claimsInIdToken: boolean;
  issuer: string;
  /** The first signs; all are in the key set. */
  keys: SigningKey[];
  readonly people: Map<string, FakePerson>;
  readonly clients: Map<string, FakeClient>;
  /** Who sits at the provider's sign-in page; null refuses. */
  signedInAs: string | null;
  readonly tweaks: FakeProviderTweaks;
  readonly codes: Map<string, IssuedCode>;
  readonly accessTokens: Map<string, { readonly family: TokenFamily; readonly expiresAt: Instant }>;
  readonly refreshTokens: Map<string, { readonly family: TokenFamily; used: boolean }>;
  readonly pushedRequests: Map<string, { readonly clientId: string; readonly parameters: URLSearchParams }>;
  /** `sid` values of sessions that were signed out at `end_session`. */
  readonly endedSessions: Set<string>;
  /** How often reuse of a rotated refresh token ended its whole family. */
  familyRevocations: number;
}

/** An unguessable name for something handed out, e.g. `code-…`. */
export const issueName = (kind: string): string => `${kind}-${crypto.randomUUID().replaceAll("-", "")}`;
