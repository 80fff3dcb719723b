/**
 * One request at a token endpoint, whatever it asks for: client authentication, a proof of possession where there is a key,
 * and the answer read by whoever asked. Nothing is repeated here but a request that was refused for its DPoP nonce.
 *
 * Not here: what is asked for (token-request, token-exchange), and what an answer means to anybody.
 */
import { genericTokenEndpointRequest } from "oauth4webapi";
import { bodyOf } from "../egress/as-fetch.js";
import type { Egress } from "../egress/port.js";
import type { ErrorCode } from "../kernel/error-catalog.js";
import { isLatchkeyError } from "../kernel/errors.js";
import type { RandomSource } from "../kernel/random.js";
import type { Result } from "../kernel/result.js";
import { type Clock, type Duration, type Instant, milliseconds, parseHttpDate, seconds } from "../kernel/time.js";
import type { ClientRegistration, Provider } from "../providers/provider.js";
import { authenticateClient, type ClientAuthentication } from "./client-authentication.js";
import { type Proofs, wantsNonce } from "./dpop.js";
import { providerText } from "./failures.js";
import { clientAuth, requestOptions, serverOf } from "./provider-request.js";
import {
  type NormalisedTokenAnswer,
  normaliseTokenAnswer,
  type RawTokenAnswer,
  type TokenAnswerFailure,
} from "./token-answer.js";
import type { AuthorizationServer } from "./types.js";

export type TokenEndpointDeps = { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource };
export type TokenQuirks = Pick<Provider["quirks"], "scopeSeparator" | "tokenErrors" | "tokenError">;

/** Of servers that do as RFC 6749 says. */
export const noTokenQuirks: TokenQuirks = { scopeSeparator: " ", tokenErrors: {}, tokenError: null };

/** The key that the tokens are to be bound to, and what makes proofs of it (RFC 9449 §5). */
export interface BoundBy {
  readonly key: string;
  readonly proofs: Proofs;
}

/** Where something is asked for, and as whom. */
export interface TokenTarget {
  readonly as: AuthorizationServer;
  readonly client: ClientRegistration;
  readonly quirks: TokenQuirks;
  /** The key that tokens are bound to. @default none */
  readonly boundBy?: BoundBy | null;
}

/** Whatever came instead of what was asked for. */
export type NotGranted =
  /** `description` is one line, cut short, without anything that we sent. `retryAfter`: the header, where there is one. */
  | (Extract<TokenAnswerFailure, { kind: "oauth_error" }> & { readonly retryAfter: Duration | null })
  | (Extract<TokenAnswerFailure, { kind: "unavailable" }> & { readonly retryAfter: Duration | null })
  | Extract<TokenAnswerFailure, { kind: "status" | "unreadable" }>
  /** Nothing that could be read came back. `sent` is false when it is certain that nothing was written. */
  | { readonly kind: "no_answer"; readonly code: ErrorCode; readonly sent: boolean }
  /** Nothing was sent: there is no token endpoint, or our client cannot say who it is. */
  | { readonly kind: "not_possible"; readonly reason: string };

export type GrantAnswer<T> = { readonly kind: "granted"; readonly value: T } | NotGranted;

/**
 * Asks once. Answers every outcome as a value; throws only for a defect.
 *
 * @param input.timeout from name lookup to the last byte
 * @param input.read makes of an answer what was asked for
 */
export async function requestGrant<T>(
  deps: TokenEndpointDeps,
  input: {
    readonly target: TokenTarget;
    readonly grantType: string;
    readonly parameters: URLSearchParams;
    readonly timeout: Duration | null;
    readonly read: (answer: RawTokenAnswer, quirks: TokenQuirks) => Result<T, TokenAnswerFailure>;
  },
): Promise<GrantAnswer<T>> {
  const { target, grantType, parameters, timeout, read } = input;
  const { as, client, quirks, boundBy = null } = target;
  if (!as.token_endpoint) return { kind: "not_possible", reason: "token_endpoint_missing" };
  try {
    const made = await authenticateClient(deps, { client, as, now: deps.clock.now() });
    const request = { as, client, made, grantType, parameters, timeout, quirks, boundBy };
    const { answer, retryAfter } = await askTokenEndpoint(deps, request, read);
    if (answer.ok) return { kind: "granted", value: answer.value };
    const failure = answer.error;
    if (failure.kind === "unavailable") return { ...failure, retryAfter };
    if (failure.kind !== "oauth_error") return failure;
    const sent = sentValues(client, made, ...secretsAmong(parameters));
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

/** What an answer of tokens is read with. */
export const readTokens = (
  answer: RawTokenAnswer,
  quirks: TokenQuirks,
): Result<NormalisedTokenAnswer, TokenAnswerFailure> => normaliseTokenAnswer(answer, quirks);

/** One request, and its answer in the words of the specification. @throws LatchkeyError `egress.*` */
export async function askTokenEndpoint<T>(
  deps: TokenEndpointDeps,
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
  read: (answer: RawTokenAnswer, quirks: TokenQuirks) => Result<T, TokenAnswerFailure>,
): Promise<{ readonly answer: Result<T, TokenAnswerFailure>; readonly retryAfter: Duration | null }> {
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
    const body = await bodyOf(response);
    const told = request.boundBy?.proofs.remember(url, response.headers) ?? false;
    return { response, body, again: told && wantsNonce(response.status, body) };
  };
  let sent = await send(request.made);
  // RFC 9449 §8: nothing has been judged yet but the proof. A client assertion is made anew too, as it is good for once.
  if (sent.again) sent = await send(await authenticateClient(deps, { client, as, now: deps.clock.now() }));
  const { response, body } = sent;
  const contentType = response.headers.get("content-type");
  const answer = read({ status: response.status, contentType, body }, quirks);
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

const secretNames = ["refresh_token", "assertion", "subject_token"];
const secretsAmong = (parameters: URLSearchParams): readonly string[] =>
  secretNames.flatMap((name) => parameters.getAll(name));

/** What a server's text must not repeat into our log. */
export const sentValues = (
  client: ClientRegistration,
  made: ClientAuthentication,
  ...values: string[]
): readonly string[] =>
  [...values, client.clientSecret?.reveal() ?? "", ...Object.values(made.body)].filter(
    (value) => value !== client.clientId,
  );

/** A provider's own word for an error of RFC 6749 §5.2 is taken for that error; its description stays as it is. */
function inStandardWords(failure: TokenAnswerFailure, words: Provider["quirks"]["tokenErrors"]): TokenAnswerFailure {
  if (failure.kind !== "oauth_error" || !Object.hasOwn(words, failure.error)) return failure;
  return { ...failure, error: words[failure.error] ?? failure.error };
}
