/** The endpoints that Latchkey itself calls: token, userinfo, revocation, introspection, pushed requests. */
import { type Answer, type RecordedRequest, withJson } from "./answers.js";
import { authenticateClient } from "./client-authentication.js";
import { s256, signJwt } from "./keys.js";
import { type FakeClient, issueName, type ProviderState, type TokenFamily } from "./state.js";
import { claimsOf, issueRefreshToken, revokeFamily, tokenAnswer } from "./tokens.js";

const noStore = { "Cache-Control": "no-store" };
const refuse = (error: string, error_description: string, status = 400): Answer => ({
  status,
  headers: noStore,
  json: { error, error_description },
});

async function exchangeCode(state: ProviderState, client: FakeClient, form: URLSearchParams): Promise<Answer> {
  const issued = state.codes.get(form.get("code") ?? "");
  if (!issued || issued.clientId !== client.clientId) return refuse("invalid_grant", "unknown code");
  if (issued.used) return refuse("invalid_grant", "the code was used before");
  // Marked before anything else is awaited: of two requests with one code, exactly one gets tokens.
  issued.used = true;
  if (issued.expiresAt <= state.clock.now()) return refuse("invalid_grant", "the code expired");
  if (issued.redirectUri !== form.get("redirect_uri")) return refuse("invalid_grant", "another redirect URI");
  if (issued.codeChallenge !== undefined && (await s256(form.get("code_verifier") ?? "")) !== issued.codeChallenge) {
    return refuse("invalid_grant", "the code verifier does not fit");
  }
  const { clientId, scope, person, sid, authTime, nonce } = issued;
  const family: TokenFamily = { clientId, scope, person, sid, authTime, nonce, revoked: false };
  const offline = scope.split(" ").includes("offline_access");
  const refreshToken = offline ? issueRefreshToken(state, family) : undefined;
  return { headers: noStore, json: await tokenAnswer(state, family, refreshToken) };
}

async function refresh(state: ProviderState, client: FakeClient, form: URLSearchParams): Promise<Answer> {
  const offered = form.get("refresh_token") ?? "";
  const issued = state.refreshTokens.get(offered);
  if (!issued || issued.family.clientId !== client.clientId) return refuse("invalid_grant", "unknown refresh token");
  const { family } = issued;
  if (issued.used) {
    if (!family.revoked) state.familyRevocations++;
    revokeFamily(state, family);
  }
  if (family.revoked) return refuse("invalid_grant", "the refresh token was revoked");
  const scope = form.get("scope") ?? family.scope;
  if (scope.split(" ").some((one) => !family.scope.split(" ").includes(one))) {
    return refuse("invalid_scope", "more than was granted");
  }
  if (state.rotation === "keep") return { headers: noStore, json: await tokenAnswer(state, family, undefined, scope) };
  issued.used = state.rotation === "rotate";
  return { headers: noStore, json: await tokenAnswer(state, family, issueRefreshToken(state, family), scope) };
}

export async function token(state: ProviderState, request: RecordedRequest): Promise<Answer> {
  if (request.method !== "POST") return refuse("invalid_request", "POST only", 405);
  const caller = await authenticateClient(state, request);
  if ("refusal" in caller) return caller.refusal;
  switch (request.form.get("grant_type")) {
    case "authorization_code":
      return exchangeCode(state, caller.client, request.form);
    case "refresh_token":
      return refresh(state, caller.client, request.form);
    default:
      return refuse("unsupported_grant_type", "authorization_code or refresh_token");
  }
}

export function userinfo(state: ProviderState, request: RecordedRequest): Answer {
  const bearer = /^Bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1] ?? "";
  const issued = state.accessTokens.get(bearer);
  if (!issued || issued.expiresAt <= state.clock.now()) {
    return { status: 401, headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' } };
  }
  const { person, scope } = issued.family;
  const honest = { sub: person.sub, ...claimsOf(person, scope) };
  return { headers: noStore, json: state.tweaks.userinfo?.(honest) ?? honest };
}

/** RFC 7009: 200 whether or not the token was known; another client's token is left alone. */
export async function revocation(state: ProviderState, request: RecordedRequest): Promise<Answer> {
  const caller = await authenticateClient(state, request);
  if ("refusal" in caller) return caller.refusal;
  const offered = request.form.get("token") ?? "";
  const issued = state.refreshTokens.get(offered) ?? state.accessTokens.get(offered);
  if (issued?.family.clientId === caller.client.clientId) revokeFamily(state, issued.family);
  return {};
}

/** RFC 7662. Of a refresh token it says everything but what kind of token it is, as oidc-provider does. */
export async function introspection(state: ProviderState, request: RecordedRequest): Promise<Answer> {
  const caller = await authenticateClient(state, request);
  if ("refusal" in caller) return caller.refusal;
  const token = request.form.get("token") ?? "";
  const access = state.accessTokens.get(token);
  const refresh = state.refreshTokens.get(token);
  const inactive: Answer = { headers: noStore, json: { active: false } };
  const issued =
    access && access.expiresAt > state.clock.now() ? access : refresh?.used === false ? refresh : undefined;
  if (!issued) return inactive;
  const { person, scope, clientId } = issued.family;
  const kind = issued === access ? { token_type: "Bearer" } : {};
  return withJson(inactive, { active: true, sub: person.sub, scope, client_id: clientId, iss: state.issuer, ...kind });
}

/** RFC 9126 §2. */
export async function pushedAuthorizationRequest(state: ProviderState, request: RecordedRequest): Promise<Answer> {
  const caller = await authenticateClient(state, request);
  if ("refusal" in caller) return caller.refusal;
  if (request.form.has("request_uri")) return refuse("invalid_request", "request_uri cannot be pushed");
  const requestUri = `urn:ietf:params:oauth:request_uri:${issueName("pushed")}`;
  const { clientId } = caller.client;
  const parameters = new URLSearchParams(request.form);
  for (const name of ["client_secret", "client_assertion", "client_assertion_type"]) parameters.delete(name);
  parameters.set("client_id", clientId);
  state.pushedRequests.set(requestUri, { clientId, parameters });
  return { status: 201, headers: noStore, json: { request_uri: requestUri, expires_in: 60 } };
}

/** Signs any claims with the provider's current key: logout tokens, signed userinfo, forgeries. */
export function signAs(
  state: ProviderState,
  claims: Record<string, unknown>,
  header?: Record<string, unknown>,
): Promise<string> {
  const key = state.tweaks.idTokenKey ?? state.keys[0];
  if (!key) throw new Error("the fake provider has no signing key");
  return signJwt(key, claims, header);
}
