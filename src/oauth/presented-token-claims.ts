/**
 * What must be known of a provider's access token before it may stand for a person (VA-15). Pure. That a token is genuine
 * says nothing of whom it was issued to: any client of the provider has genuine tokens, and each could be somebody who
 * wants to be its people here (AT-29).
 */
import { type JsonObject, member, stringMember } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { Duration, Instant } from "../kernel/time.js";
import { audienceList, instant, subjectText } from "./id-token-claims.js";

export interface ExpectedToken {
  /** The issuer that the token, or the answer about it, must name. */
  readonly issuer: string;
  /** Clients whose tokens are taken. */
  readonly clients: readonly string[];
  readonly now: Instant;
  readonly clockTolerance: Duration;
}

export type PresentedRefusal =
  | "inactive"
  /** An ID token, a refresh token, a logout token: genuine, and made for something else. */
  | "not_an_access_token"
  /** Bound to a key (RFC 9449, RFC 8705) that whoever shows it here cannot be asked for. */
  | "sender_constrained"
  | "iss"
  | "sub"
  | "client"
  | "exp"
  | "nbf";

/** The answer of an introspection endpoint (RFC 7662 §2.2). */
export function checkIntrospection(document: JsonObject, expected: ExpectedToken): Result<string, PresentedRefusal> {
  if (member(document, "active") !== true) return err("inactive");
  if (isOtherKind(document)) return err("not_an_access_token");
  const iss = member(document, "iss");
  if (iss !== undefined && iss !== expected.issuer) return err("iss");
  if (member(document, "exp") !== undefined && !isCurrent(document, expected)) return err("exp");
  // `client_id` alone: an audience is who may read the token, and not who asked for it.
  const client = member(document, "client_id");
  if (typeof client !== "string" || !expected.clients.includes(client)) return err("client");
  return checkCommon(document, expected);
}

/**
 * Whether anything says what kind of token it is: a member of the answer, or the token's own header where it is a JWT. RFC 7662
 * leaves `token_type` out as it likes, and a refresh token is as active as an access token.
 */
export const saysItsKind = (document: JsonObject, header: JsonObject | undefined): boolean =>
  kindNames.some((name) => member(document, name) !== undefined) ||
  (header !== undefined && typeOf(header) === "at+jwt");

const kindNames = ["token_type", "typ", "token_use"] as const;

/** The payload of a JWT access token whose signature fits (RFC 9068, and what was there before it). */
export function checkAccessTokenJwt(
  jwt: { readonly header: JsonObject; readonly payload: JsonObject },
  expected: ExpectedToken,
): Result<string, PresentedRefusal> {
  const { payload } = jwt;
  if (isOtherJwt(jwt) || !saysAccessToken(jwt)) return err("not_an_access_token");
  if (member(payload, "iss") !== expected.issuer) return err("iss");
  if (!isCurrent(payload, expected)) return err("exp");
  if (!isIssuedToOneOf(payload, expected.clients)) return err("client");
  return checkCommon(payload, expected);
}

function checkCommon(claims: JsonObject, { now, clockTolerance }: ExpectedToken): Result<string, PresentedRefusal> {
  const nbf = member(claims, "nbf");
  if (nbf !== undefined && (instant(nbf) ?? Number.POSITIVE_INFINITY) * 1_000 > now + clockTolerance) return err("nbf");
  if (member(claims, "cnf") !== undefined) return err("sender_constrained");
  const sub = subjectText(member(claims, "sub"));
  return sub === undefined ? err("sub") : ok(sub);
}

const isCurrent = (claims: JsonObject, { now, clockTolerance }: ExpectedToken): boolean =>
  (instant(member(claims, "exp")) ?? 0) * 1_000 + clockTolerance > now;

/** Who asked for it: each claim that says so must name a listed client; where none does, every audience must be one. */
function isIssuedToOneOf(payload: JsonObject, clients: readonly string[]): boolean {
  const said = ["azp", "client_id"].map((name) => member(payload, name)).filter((value) => value !== undefined);
  const named = said.length > 0 ? said : audienceList(member(payload, "aud"));
  return (
    named !== undefined && named.length > 0 && named.every((one) => typeof one === "string" && clients.includes(one))
  );
}

/** Certain signs of another kind of token, seen before anybody is asked about it. */
export function isOtherJwt({
  header,
  payload,
}: {
  readonly header: JsonObject;
  readonly payload: JsonObject;
}): boolean {
  const typ = typeOf(header);
  if (typ !== "" && typ !== "jwt" && typ !== "at+jwt") return true;
  // What only an ID token has (OpenID Connect Core §2, §3.3.2.11), and only a logout token.
  if (["nonce", "at_hash", "c_hash", "s_hash", "events"].some((name) => member(payload, name) !== undefined))
    return true;
  return isOtherKind(payload);
}

/** In the words that servers use where the specifications have none: keycloak's `typ`, cognito's and hydra's `token_use`. */
function isOtherKind(claims: JsonObject): boolean {
  const says = (name: (typeof kindNames)[number], those: readonly string[]): boolean => {
    const value = member(claims, name);
    return value !== undefined && !(typeof value === "string" && those.includes(value.toLowerCase()));
  };
  return (
    says("token_type", ["bearer", "dpop", "access_token"]) ||
    says("typ", ["bearer", "dpop", "at+jwt", "jwt"]) ||
    says("token_use", ["access", "access_token"])
  );
}

/** An ID token without any of the above looks like an access token that says nothing: so one has to say that it is one. */
function saysAccessToken({ header, payload }: { readonly header: JsonObject; readonly payload: JsonObject }): boolean {
  return (
    typeOf(header) === "at+jwt" ||
    ["bearer", "dpop"].includes((stringMember(payload, "typ") ?? "").toLowerCase()) ||
    ["scope", "scp", "client_id", "token_use"].some((name) => member(payload, name) !== undefined)
  );
}

const typeOf = (header: JsonObject): string =>
  (stringMember(header, "typ") ?? "").toLowerCase().replace(/^application\//, "");
