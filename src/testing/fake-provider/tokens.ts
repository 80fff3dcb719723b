/** What the fake provider hands out at its token endpoint: access, refresh and ID tokens (OpenID Connect Core §2). */
import { after, seconds } from "../../kernel/time.js";
import { leftHalfHash, signJwt } from "./keys.js";
import { type FakePerson, issueName, type ProviderState, type TokenFamily } from "./state.js";

/** Standard claims that the granted scopes open (OpenID Connect Core §5.4). */
export function claimsOf(person: FakePerson, scope: string): Record<string, unknown> {
  const scopes = scope.split(" ");
  const email = {
    email: person.email,
    email_verified: person.email === undefined ? undefined : (person.emailVerified ?? true),
  };
  const profile = { name: person.name, picture: person.picture };
  const all = {
    ...(scopes.includes("email") ? email : {}),
    ...(scopes.includes("profile") ? profile : {}),
    ...person.claims,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function idToken(state: ProviderState, family: TokenFamily, accessToken: string): Promise<string> {
  const { tweaks } = state;
  const key = tweaks.idTokenKey ?? state.keys[0];
  if (!key) throw new Error("the fake provider has no signing key");
  const now = Math.floor(state.clock.now() / 1_000);
  const honest: Record<string, unknown> = {
    iss: state.issuer,
    sub: family.person.sub,
    aud: family.clientId,
    exp: now + 3_600,
    iat: now,
    auth_time: Math.floor(family.authTime / 1_000),
    ...(family.nonce === undefined ? {} : { nonce: family.nonce }),
    sid: family.sid,
    at_hash: await leftHalfHash(accessToken, key.alg),
    ...(state.claimsInIdToken ? claimsOf(family.person, family.scope) : {}),
  };
  const claims = tweaks.idTokenClaims?.(honest) ?? honest;
  const header = { alg: key.alg, kid: key.kid, typ: "JWT" };
  const jwt = await signJwt(key, claims, tweaks.idTokenHeader?.(header) ?? header);
  return tweaks.idToken ? tweaks.idToken(jwt, claims) : jwt;
}

/** A logout token (Back-Channel Logout §2.4) for one client, two minutes long, with `claims` over it. */
export function logoutToken(
  state: ProviderState,
  clientId: string,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(state.clock.now() / 1_000);
  const honest: Record<string, unknown> = {
    iss: state.issuer,
    aud: clientId,
    iat: now,
    exp: now + 120,
    jti: issueName("logout"),
    events: { "http://schemas.openid.net/event/backchannel-logout": {} },
    ...claims,
  };
  const [key] = state.keys;
  if (!key) throw new Error("the fake provider has no signing key");
  const present = Object.fromEntries(Object.entries(honest).filter(([, value]) => value !== undefined));
  return signJwt(key, present, { typ: "logout+jwt", ...header });
}

/** A token answer for `family` (RFC 6749 §5.1), with a refresh token when it has one. */
export async function tokenAnswer(
  state: ProviderState,
  family: TokenFamily,
  refreshToken: string | undefined,
  scope: string = family.scope,
): Promise<Record<string, unknown>> {
  const accessToken = issueName("access");
  state.accessTokens.set(accessToken, {
    family,
    expiresAt: after(state.clock.now(), seconds(state.accessTokenLifetime)),
  });
  const openid = scope.split(" ").includes("openid");
  const honest: Record<string, unknown> = {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: state.accessTokenLifetime,
    scope,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(openid ? { id_token: await idToken(state, family, accessToken) } : {}),
  };
  return state.tweaks.tokenAnswer?.(honest) ?? honest;
}

/** A fresh refresh token of `family`, on record. */
export function issueRefreshToken(state: ProviderState, family: TokenFamily): string {
  const token = issueName("refresh");
  state.refreshTokens.set(token, { family, used: false });
  return token;
}

/** Ends a line of tokens: what RFC 7009 revocation, and reuse of a rotated token (RFC 9700 §4.14), both do. */
export function revokeFamily(state: ProviderState, family: TokenFamily): void {
  family.revoked = true;
  for (const [token, issued] of state.accessTokens) if (issued.family === family) state.accessTokens.delete(token);
}
