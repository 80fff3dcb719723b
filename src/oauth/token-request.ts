/**
 * Requests at the token endpoint: the exchange of a code (RFC 6749 §4.1.3, RFC 7636 §4.5) and the refresh (§6), over the
 * same client authentication and the same normalisation of the answer. Neither is ever repeated here: a second use of a
 * code ends the tokens of the first, and whether a refresh token may be sent once more is the vault's to say (VA-9).
 *
 * Not here: the ID token's checks (id-token), what becomes of the tokens (sign-in, vault).
 */
import { genericTokenEndpointRequest } from "oauth4webapi";
import type { Egress } from "../egress/port.js";
import type { ErrorCode } from "../kernel/error-catalog.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Result } from "../kernel/result.js";
import {
  after,
  type Clock,
  type Duration,
  type Instant,
  milliseconds,
  parseHttpDate,
  seconds,
} from "../kernel/time.js";
import type { ClientRegistration, Provider } from "../providers/provider.js";
import { authenticateClient, type ClientAuthentication } from "./client-authentication.js";
import { type Proofs, wantsNonce } from "./dpop.js";
import { asProviderFailure, providerText, tokenErrorCode } from "./failures.js";
import { bodyBytes, clientAuth, requestOptions, serverOf } from "./provider-request.js";
import { type NormalisedTokenAnswer, normaliseTokenAnswer, type TokenAnswerFailure } from "./token-answer.js";
import type { AuthorizationServer, TokenSet } from "./types.js";

type Deps = { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource };
type TokenQuirks = Pick<Provider["quirks"], "scopeSeparator" | "tokenErrors" | "tokenError">;

/** What the exchange needs of whoever it is made for: a provider, or a tool server. */
export interface CodeExchanger extends Pick<Provider, "id" | "client" | "redirectUri" | "scopes" | "timeout"> {
  readonly quirks: TokenQuirks & Pick<Provider["quirks"], "pkce">;
}

/** The key that the tokens are to be bound to, and what makes proofs of it (RFC 9449 §5). */
export interface BoundBy {
  readonly key: string;
  readonly proofs: Proofs;
}

/** Providers that were told of once: "unknown expiry" is a fact about a provider, not about a sign-in (SI-20). */
const unknownExpiryTold = new WeakSet<object>();

/**
 * Exchanges a code for tokens (SI-9 step 7).
 *
 * @throws LatchkeyError `signin.client_rejected` (invalid_client, unauthorized_client) · `signin.code_rejected`
 *   (invalid_grant) · `signin.provider_refused` (other OAuth errors) · `signin.provider_unavailable` (5xx, 429,
 *   time-out, network; `data.sent` as egress says) · `signin.token_answer_invalid` (nothing usable came back) ·
 *   `signin.provider_misconfigured` (no token endpoint, or one that we do not call)
 */
export async function exchangeCode(
  deps: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource; readonly log: Log },
  input: {
    readonly as: AuthorizationServer;
    readonly provider: CodeExchanger;
    readonly code: string;
    readonly codeVerifier: string;
    /** RFC 8707 §2.2, as in the authorization request. @default none */
    readonly resource?: string | null;
    /** @default tokens for whoever bears them */
    readonly boundBy?: BoundBy | null;
    /** False: an answer needs no ID token, whatever the scopes. @default true */
    readonly wantsIdToken?: boolean;
    /** What is remembered to have been told of. @default `provider` */
    readonly told?: object;
    readonly now: Instant;
  },
): Promise<TokenSet> {
  const { as, provider, now } = input;
  const { client } = provider;
  const about = { provider: provider.id };
  if (!as.token_endpoint) {
    throw new LatchkeyError("signin.provider_misconfigured", { data: { ...about, reason: "token_endpoint_missing" } });
  }
  const made = await authenticateClient(deps, { client, as, now });
  const parameters = {
    code: input.code,
    redirect_uri: provider.redirectUri,
    ...(provider.quirks.pkce ? { code_verifier: input.codeVerifier } : {}),
    ...(input.resource == null ? {} : { resource: input.resource }),
  };
  const { answer } = await requestTokens(deps, {
    as,
    client,
    made,
    grantType: "authorization_code",
    parameters: new URLSearchParams(parameters),
    timeout: provider.timeout,
    quirks: provider.quirks,
    boundBy: input.boundBy ?? null,
  }).catch((thrown: unknown) => {
    throw asProviderFailure(thrown, "signin.token_answer_invalid", about);
  });
  if (!answer.ok) throw tokenFailure(answer.error, about, sentValues(client, made, input.code, input.codeVerifier));
  return checkTokens(deps, input, answer.value);
}

/** Where a refresh token is sent, and as whom. */
export interface RefreshTarget {
  readonly as: AuthorizationServer;
  readonly client: ClientRegistration;
  /** The `scope` to ask for; null sends none, which means all that was granted (RFC 6749 §6). */
  readonly scopes: readonly string[] | null;
  /** `resource`, byte for byte as it was asked for at first (RFC 8707 §2.2). */
  readonly resource: readonly string[];
  readonly quirks: TokenQuirks;
  /** The key that the refresh token is bound to. @default none */
  readonly boundBy?: BoundBy | null;
}

/** What came back, as a value: what it means to a grant is the vault's to decide (VA-9). */
export type RefreshAnswer =
  | { readonly kind: "tokens"; readonly tokens: NormalisedTokenAnswer }
  /** `description` is one line, cut short, without anything that we sent. `retryAfter`: the header, where there is one. */
  | (Extract<TokenAnswerFailure, { kind: "oauth_error" }> & { readonly retryAfter: Duration | null })
  | (Extract<TokenAnswerFailure, { kind: "unavailable" }> & { readonly retryAfter: Duration | null })
  | Extract<TokenAnswerFailure, { kind: "status" | "unreadable" }>
  /** Nothing that could be read came back. `sent` is false when it is certain that nothing was written. */
  | { readonly kind: "no_answer"; readonly code: ErrorCode; readonly sent: boolean }
  /** Nothing was sent: there is no token endpoint, or our client cannot say who it is. */
  | { readonly kind: "not_possible"; readonly reason: string };

/**
 * Sends a refresh token once (RFC 6749 §6). Answers every outcome as a value; throws only for a defect.
 *
 * @param input.timeout from name lookup to the last byte
 */
export async function refreshTokens(
  deps: Deps,
  input: { readonly target: RefreshTarget; readonly refreshToken: string; readonly timeout: Duration },
): Promise<RefreshAnswer> {
  const { as, client, scopes, resource, quirks, boundBy = null } = input.target;
  if (!as.token_endpoint) return { kind: "not_possible", reason: "token_endpoint_missing" };
  const parameters = new URLSearchParams({ refresh_token: input.refreshToken });
  if (scopes) parameters.set("scope", scopes.join(" "));
  for (const one of resource) parameters.append("resource", one);
  try {
    const made = await authenticateClient(deps, { client, as, now: deps.clock.now() });
    const request = {
      as,
      client,
      made,
      grantType: "refresh_token",
      parameters,
      timeout: input.timeout,
      quirks,
      boundBy,
    };
    const { answer, retryAfter } = await requestTokens(deps, request);
    if (answer.ok) return { kind: "tokens", tokens: answer.value };
    const failure = answer.error;
    if (failure.kind === "unavailable") return { ...failure, retryAfter };
    if (failure.kind !== "oauth_error") return failure;
    const sent = sentValues(client, made, input.refreshToken);
    const description = failure.description === null ? null : providerText(failure.description, sent);
    return { ...failure, error: providerText(failure.error, sent), description, retryAfter };
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    if (thrown.code === "signin.provider_misconfigured") {
      return { kind: "not_possible", reason: String(thrown.data["reason"] ?? "client") };
    }
    if (!thrown.code.startsWith("egress.")) throw thrown;
    return { kind: "no_answer", code: thrown.code, sent: thrown.data["sent"] !== false };
  }
}

/** One request, and its answer in the words of the specification. @throws LatchkeyError `egress.*` */
async function requestTokens(
  deps: Deps,
  request: {
    readonly as: AuthorizationServer;
    readonly client: ClientRegistration;
    readonly made: ClientAuthentication;
    readonly grantType: string;
    readonly parameters: URLSearchParams;
    readonly timeout: Duration | null;
    readonly quirks: TokenQuirks;
    readonly boundBy: BoundBy | null;
  },
): Promise<{ answer: Result<NormalisedTokenAnswer, TokenAnswerFailure>; retryAfter: Duration | null }> {
  const { as, client, quirks } = request;
  const send = async (made: ClientAuthentication) => {
    const url = as.token_endpoint ?? "";
    const proof = await request.boundBy?.proofs.proof(request.boundBy.key, { method: "POST", url });
    const response = await genericTokenEndpointRequest(
      serverOf(as),
      { client_id: client.clientId },
      clientAuth(made),
      request.grantType,
      request.parameters,
      { ...requestOptions(deps.egress, "token", request.timeout), headers: proof === undefined ? {} : { DPoP: proof } },
    );
    const body = await bodyBytes(response);
    const told = request.boundBy?.proofs.remember(url, response.headers) ?? false;
    return { response, body, again: told && wantsNonce(response.status, body) };
  };
  let sent = await send(request.made);
  // RFC 9449 §8: nothing has been judged yet but the proof. A client assertion is made anew too, as it is good for once.
  if (sent.again) sent = await send(await authenticateClient(deps, { client, as, now: deps.clock.now() }));
  const { response, body } = sent;
  const contentType = response.headers.get("content-type");
  const raw = { status: response.status, contentType, body };
  const answer = normaliseTokenAnswer(raw, quirks);
  const retryAfter = readRetryAfter(response.headers.get("retry-after"), deps.clock.now());
  return {
    answer: answer.ok ? answer : { ok: false, error: inStandardWords(answer.error, quirks.tokenErrors) },
    retryAfter,
  };
}

/** Seconds or a date (RFC 9110 §10.2.3); null for anything else. */
function readRetryAfter(text: string | null, now: Instant): Duration | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return seconds(Number(text));
  const at = parseHttpDate(text);
  return at === undefined ? null : milliseconds(Math.max(0, at - now));
}

/** What a server's text must not repeat into our log. */
const sentValues = (client: ClientRegistration, made: ClientAuthentication, ...values: string[]): readonly string[] =>
  [...values, client.clientSecret?.reveal() ?? "", ...Object.values(made.body)].filter(
    (value) => value !== client.clientId,
  );

/** A provider's own word for an error of RFC 6749 §5.2 is taken for that error; its description stays as it is. */
function inStandardWords(failure: TokenAnswerFailure, words: Provider["quirks"]["tokenErrors"]): TokenAnswerFailure {
  if (failure.kind !== "oauth_error" || !Object.hasOwn(words, failure.error)) return failure;
  return { ...failure, error: words[failure.error] ?? failure.error };
}

/** A normalised failure as the error a step throws. `sent`: values that the provider's text must not repeat. */
export function tokenFailure(
  failure: TokenAnswerFailure,
  about: Readonly<Record<string, JsonValue>>,
  sent: readonly string[],
): LatchkeyError {
  const data = { ...about, status: failure.status };
  switch (failure.kind) {
    case "oauth_error":
      return new LatchkeyError(tokenErrorCode(failure.error), {
        data: {
          ...data,
          error: providerText(failure.error, sent),
          description: failure.description === null ? undefined : providerText(failure.description, sent),
        },
      });
    case "unavailable":
      return new LatchkeyError("signin.provider_unavailable", { data: { ...data, reason: "status", sent: true } });
    case "status":
      // A 401 without a body that we can read still says who is at fault (RFC 6749 §5.2).
      return new LatchkeyError(failure.status === 401 ? "signin.client_rejected" : "signin.token_answer_invalid", {
        data: { ...data, reason: "status" },
      });
    case "unreadable":
      return new LatchkeyError("signin.token_answer_invalid", { data: { ...data, reason: failure.reason } });
  }
}

function checkTokens(
  deps: { readonly log: Log },
  { provider, now, wantsIdToken = true, told = provider }: Parameters<typeof exchangeCode>[1],
  answer: NormalisedTokenAnswer,
): TokenSet {
  if (wantsIdToken && answer.idToken === null && provider.scopes.includes("openid")) {
    throw new LatchkeyError("signin.token_answer_invalid", {
      data: { provider: provider.id, reason: "id_token_missing" },
    });
  }
  const expiresAt = answer.expiresAt ?? (answer.expiresIn === null ? null : after(now, answer.expiresIn));
  if (expiresAt === null && !unknownExpiryTold.has(told)) {
    unknownExpiryTold.add(told);
    deps.log.info({ provider: provider.id }, "the provider does not say when its access tokens expire");
  }
  return {
    accessToken: answer.accessToken,
    tokenType: answer.tokenType,
    refreshToken: answer.refreshToken,
    idToken: answer.idToken,
    scopes: answer.scopes ?? provider.scopes,
    issuedAt: now,
    expiresAt,
  };
}
