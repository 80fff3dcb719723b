/**
 * Requests at the token endpoint: the exchange of a code (RFC 6749 §4.1.3, RFC 7636 §4.5) and the refresh (§6), over the
 * same client authentication and the same normalisation of the answer. Neither is ever repeated here: a second use of a
 * code ends the tokens of the first, and whether a refresh token may be sent once more is the vault's to say (VA-9).
 *
 * Not here: the ID token's checks (id-token), what becomes of the tokens (sign-in, vault).
 */
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import { after, type Clock, type Duration, type Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { authenticateClient } from "./client-authentication.js";
import { asProviderFailure, providerText, tokenErrorCode } from "./failures.js";
import type { NormalisedTokenAnswer, TokenAnswerFailure } from "./token-answer.js";
import {
  askTokenEndpoint,
  type BoundBy,
  type NotGranted,
  readTokens,
  requestGrant,
  sentValues,
  type TokenEndpointDeps,
  type TokenQuirks,
  type TokenTarget,
} from "./token-endpoint.js";
import type { AuthorizationServer, TokenSet } from "./types.js";

/** What the exchange needs of whoever it is made for: a provider, or a tool server. */
export interface CodeExchanger extends Pick<Provider, "id" | "client" | "redirectUri" | "scopes" | "timeout"> {
  readonly quirks: TokenQuirks & Pick<Provider["quirks"], "pkce">;
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
  const request = {
    as,
    client,
    made,
    grantType: "authorization_code",
    parameters: new URLSearchParams(parameters),
    timeout: provider.timeout,
    quirks: provider.quirks,
    boundBy: input.boundBy ?? null,
  };
  const { answer } = await askTokenEndpoint(deps, request, readTokens).catch((thrown: unknown) => {
    throw asProviderFailure(thrown, "signin.token_answer_invalid", about);
  });
  if (!answer.ok) throw tokenFailure(answer.error, about, sentValues(client, made, input.code, input.codeVerifier));
  return checkTokens(deps, input, answer.value);
}

/** Where a refresh token is sent, and as whom. */
export interface RefreshTarget extends TokenTarget {
  /** The `scope` to ask for; null sends none, which means all that was granted (RFC 6749 §6). */
  readonly scopes: readonly string[] | null;
  /** `resource`, byte for byte as it was asked for at first (RFC 8707 §2.2). */
  readonly resource: readonly string[];
}

/** What came back, as a value: what it means to a grant is the vault's to decide (VA-9). */
export type RefreshAnswer = { readonly kind: "tokens"; readonly tokens: NormalisedTokenAnswer } | NotGranted;

/**
 * Sends a refresh token once (RFC 6749 §6). Answers every outcome as a value; throws only for a defect.
 *
 * @param input.timeout from name lookup to the last byte
 */
export async function refreshTokens(
  deps: TokenEndpointDeps,
  input: { readonly target: RefreshTarget; readonly refreshToken: string; readonly timeout: Duration },
): Promise<RefreshAnswer> {
  const { target, timeout } = input;
  const parameters = withScopes(new URLSearchParams({ refresh_token: input.refreshToken }), target);
  const answer = await requestGrant(deps, {
    target,
    grantType: "refresh_token",
    parameters,
    timeout,
    read: readTokens,
  });
  return answer.kind === "granted" ? { kind: "tokens", tokens: answer.value } : answer;
}

/** The parameters, with the scopes and the resource that are asked for. */
export function withScopes(
  parameters: URLSearchParams,
  { scopes, resource }: Pick<RefreshTarget, "scopes" | "resource">,
): URLSearchParams {
  if (scopes) parameters.set("scope", scopes.join(" "));
  for (const one of resource) parameters.append("resource", one);
  return parameters;
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
