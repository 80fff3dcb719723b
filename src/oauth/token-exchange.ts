/**
 * Token exchange (RFC 8693) for somebody who signed in here: an identity assertion for another authorization server
 * (Identity Assertion JWT Authorization Grant, "ID-JAG"), or an access token for another resource. What comes back must be
 * what was asked for by its own word: an answer that names no type, or another one, is none.
 */
import { decodeJwt } from "jose";
import { member } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { Duration } from "../kernel/time.js";
import {
  isToken,
  type NormalisedTokenAnswer,
  normaliseTokenAnswer,
  type RawTokenAnswer,
  readSuccess,
  type TokenAnswerFailure,
} from "./token-answer.js";
import {
  type GrantAnswer,
  requestGrant,
  type TokenEndpointDeps,
  type TokenQuirks,
  type TokenTarget,
} from "./token-endpoint.js";
import { withScopes } from "./token-request.js";

export const tokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange";
/** RFC 7523 §2.1. */
export const jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/** RFC 8693 §3, and the type of the ID-JAG. */
const types = {
  accessToken: "urn:ietf:params:oauth:token-type:access_token",
  idToken: "urn:ietf:params:oauth:token-type:id_token",
  idJag: "urn:ietf:params:oauth:token-type:id-jag",
} as const;

interface Exchange {
  readonly target: TokenTarget;
  readonly scopes: readonly string[] | null;
  readonly resource: readonly string[];
  readonly timeout: Duration | null;
}

/**
 * An assertion about the person of this ID token, for one authorization server. It is good for one request there, and is
 * not kept.
 *
 * @param input.audience the issuer of the authorization server that it is for
 */
export function exchangeForIdJag(
  deps: TokenEndpointDeps,
  input: Exchange & { readonly idToken: string; readonly audience: string },
): Promise<GrantAnswer<string>> {
  const { target, timeout, audience } = input;
  const parameters = new URLSearchParams({
    requested_token_type: types.idJag,
    audience,
    subject_token: input.idToken,
    subject_token_type: types.idToken,
  });
  return requestGrant(deps, {
    target,
    timeout,
    grantType: tokenExchange,
    parameters: withScopes(parameters, input),
    read: (answer) => readIdJag(answer, audience),
  });
}

/** An access token for another resource, by one for whom this client was given it. */
export function exchangeForAccessToken(
  deps: TokenEndpointDeps,
  input: Exchange & { readonly accessToken: string },
): Promise<GrantAnswer<NormalisedTokenAnswer>> {
  const { target, timeout } = input;
  const parameters = new URLSearchParams({
    requested_token_type: types.accessToken,
    subject_token: input.accessToken,
    subject_token_type: types.accessToken,
  });
  return requestGrant(deps, {
    target,
    timeout,
    grantType: tokenExchange,
    parameters: withScopes(parameters, input),
    read: readAccessToken,
  });
}

/** `access_token` is where RFC 8693 §2.2.1 puts whatever was issued; `N_A` says that it opens nothing by itself. */
function readIdJag(answer: RawTokenAnswer, audience: string): Result<string, TokenAnswerFailure> {
  const success = readSuccess(answer);
  if (!success.ok) return success;
  const unreadable = (reason: Extract<TokenAnswerFailure, { kind: "unreadable" }>["reason"]) =>
    err({ kind: "unreadable", reason, status: answer.status } as const);
  const { value: body } = success;
  if (member(body, "issued_token_type") !== types.idJag) return unreadable("issued_token_type");
  const type = member(body, "token_type");
  if (typeof type !== "string" || type.toLowerCase() !== "n_a") return unreadable("token_type");
  const assertion = member(body, "access_token");
  if (typeof assertion !== "string" || !isToken(assertion)) return unreadable("access_token");
  // One that is meant for another server could be used there by whoever is shown it here.
  return isFor(assertion, audience) ? ok(assertion) : unreadable("audience");
}

/** Of a JWT whose signature is for its audience to check: only whom it is for. */
function isFor(assertion: string, audience: string): boolean {
  try {
    const { aud } = decodeJwt(assertion);
    return aud === audience || (Array.isArray(aud) && aud.length === 1 && aud[0] === audience);
  } catch {
    return false;
  }
}

function readAccessToken(
  answer: RawTokenAnswer,
  quirks: TokenQuirks,
): Result<NormalisedTokenAnswer, TokenAnswerFailure> {
  const success = readSuccess(answer, quirks);
  if (!success.ok) return success;
  // An ID token or a refresh token in its place would go to somebody whom it is not for.
  if (member(success.value, "issued_token_type") === types.accessToken) return normaliseTokenAnswer(answer, quirks);
  return err({ kind: "unreadable", reason: "issued_token_type", status: answer.status });
}
