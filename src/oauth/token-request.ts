/**
 * The token request of the code flow (RFC 6749 §4.1.3, RFC 7636 §4.5): the code leaves once, and what comes back is
 * normalised, then checked. It is never repeated here: a second use of a code ends the tokens of the first.
 *
 * Not here: the ID token's checks (id-token), what becomes of the tokens (sign-in, vault).
 */
import { genericTokenEndpointRequest } from "oauth4webapi";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import { after, type Clock, type Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { authenticateClient } from "./client-authentication.js";
import { asProviderFailure, providerText, tokenErrorCode } from "./failures.js";
import { bodyBytes, clientAuth, requestOptions, serverOf } from "./provider-request.js";
import { type NormalisedTokenAnswer, normaliseTokenAnswer, type TokenAnswerFailure } from "./token-answer.js";
import type { AuthorizationServer, TokenSet } from "./types.js";

/** Providers that were told of once: "unknown expiry" is a fact about a provider, not about a sign-in (SI-20). */
const unknownExpiryTold = new WeakSet<Provider>();

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
    readonly provider: Provider;
    readonly code: string;
    readonly codeVerifier: string;
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
  };
  const answer = await genericTokenEndpointRequest(
    serverOf(as),
    { client_id: client.clientId },
    clientAuth(made),
    "authorization_code",
    parameters,
    requestOptions(deps.egress, "token", provider.timeout),
  )
    .then(async (response) =>
      normaliseTokenAnswer(
        {
          status: response.status,
          contentType: response.headers.get("content-type"),
          body: await bodyBytes(response),
        },
        provider.quirks,
      ),
    )
    .catch((thrown: unknown) => {
      throw asProviderFailure(thrown, "signin.token_answer_invalid", about);
    });
  if (!answer.ok) {
    const sent = [input.code, input.codeVerifier, client.clientSecret?.reveal() ?? "", ...Object.values(made.body)];
    throw tokenFailure(
      inStandardWords(answer.error, provider.quirks.tokenErrors),
      about,
      sent.filter((value) => value !== client.clientId),
    );
  }
  return checkTokens(deps, provider, answer.value, now);
}

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
  provider: Provider,
  answer: NormalisedTokenAnswer,
  now: Instant,
): TokenSet {
  if (answer.idToken === null && provider.scopes.includes("openid")) {
    throw new LatchkeyError("signin.token_answer_invalid", {
      data: { provider: provider.id, reason: "id_token_missing" },
    });
  }
  const expiresAt = answer.expiresAt ?? (answer.expiresIn === null ? null : after(now, answer.expiresIn));
  if (expiresAt === null && !unknownExpiryTold.has(provider)) {
    unknownExpiryTold.add(provider);
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
