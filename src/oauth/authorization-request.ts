/**
 * The authorization request: what a browser takes to the provider, in its URL or, with PAR, by reference.
 *
 * Not here: where state, nonce and verifier come from and are kept (flows); cookies; the redirect itself.
 */
import { processPushedAuthorizationResponse, pushedAuthorizationRequest, ResponseBodyError } from "oauth4webapi";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { maxAgeSeconds } from "../kernel/max-age.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { authenticateClient } from "./client-authentication.js";
import { asProviderFailure, isTransientStatus, providerText, tokenErrorCode } from "./failures.js";
import { clientAuth, requestOptions, serverOf } from "./provider-request.js";
import type { AuthorizationServer } from "./types.js";
import { browserUrl } from "./urls.js";

/**
 * The parameters of a code flow with PKCE (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1). Pure.
 *
 * Ours are written last: configuration refuses reserved names (SI-6), and if one came through it would lose here.
 * With `offline_access` the provider must ask for consent (OpenID Connect Core §11), hence `prompt=consent` unless
 * the operator chose a prompt.
 */
export function authorizationParameters(input: {
  readonly provider: Provider;
  readonly state: string;
  readonly nonce: string;
  readonly codeChallenge: string;
}): Record<string, string> {
  const { provider } = input;
  return {
    ...(provider.scopes.includes("offline_access") ? { prompt: "consent" } : {}),
    ...provider.authorizeParams,
    client_id: provider.client.clientId,
    redirect_uri: provider.redirectUri,
    response_type: "code",
    // Without a scope the server takes its default (RFC 6749 §3.3); an empty one would be a malformed list.
    ...(provider.scopes.length === 0 ? {} : { scope: provider.scopes.join(" ") }),
    state: input.state,
    ...(provider.quirks.nonce ? { nonce: input.nonce } : {}),
    ...(provider.quirks.pkce ? { code_challenge: input.codeChallenge, code_challenge_method: "S256" } : {}),
    ...(provider.responseMode === "form_post" ? { response_mode: "form_post" } : {}),
  };
}

/** The `max_age` the operator asks for, in seconds (also 0); the ID token must then carry `auth_time` (SI-6). */
export function requestedMaxAge(provider: Pick<Provider, "authorizeParams">): number | undefined {
  const text = Object.hasOwn(provider.authorizeParams, "max_age") ? provider.authorizeParams["max_age"] : undefined;
  return text === undefined ? undefined : maxAgeSeconds(text);
}

/**
 * The URL to send the browser to, the endpoint's own query kept. With PAR (the operator's `par: always`, or metadata
 * that requires it) the parameters are pushed first and the URL carries `client_id` and `request_uri` alone.
 *
 * @see RFC 9126 §2, §4, §5
 * @throws LatchkeyError `signin.provider_misconfigured` · `signin.provider_unavailable` · `signin.client_rejected` ·
 *   `signin.provider_refused`
 */
export async function authorizationUrl(
  deps: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource; readonly log: Log },
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Pick<Provider, "id" | "client" | "par" | "timeout">;
    readonly parameters: Readonly<Record<string, string>>;
    readonly now: Instant;
  },
): Promise<URL> {
  const { as, provider } = input;
  const url = browserUrl(as.authorization_endpoint);
  if (!url) throw misconfigured(provider, "authorization_endpoint");
  url.hash = "";
  const pushed =
    provider.par === "always" || (provider.par === "auto" && as.require_pushed_authorization_requests === true);
  const parameters = pushed
    ? { client_id: provider.client.clientId, request_uri: await pushParameters(deps, input) }
    : input.parameters;
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

async function pushParameters(
  deps: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource },
  input: Parameters<typeof authorizationUrl>[1],
): Promise<string> {
  const { as, provider } = input;
  const about = { provider: provider.id, step: "par" };
  if (!as.pushed_authorization_request_endpoint) throw misconfigured(provider, "par_endpoint_missing");
  const made = await authenticateClient(deps, { client: provider.client, as, now: input.now });
  const server = serverOf(as);
  const client = { client_id: provider.client.clientId };
  try {
    const response = await pushedAuthorizationRequest(
      server,
      client,
      clientAuth(made),
      { ...input.parameters },
      requestOptions(deps.egress, "par", provider.timeout),
    );
    if (isTransientStatus(response.status)) {
      throw new LatchkeyError("signin.provider_unavailable", { data: { ...about, status: response.status } });
    }
    if (response.status === 401) {
      throw new LatchkeyError("signin.client_rejected", { data: { ...about, status: response.status } });
    }
    return (await processPushedAuthorizationResponse(server, client, response)).request_uri;
  } catch (thrown) {
    if (thrown instanceof ResponseBodyError) {
      const { state = "", nonce = "" } = input.parameters;
      const { client_id: _, ...secrets } = made.body;
      const sent = [provider.client.clientSecret?.reveal() ?? "", ...Object.values(secrets), state, nonce];
      throw new LatchkeyError(tokenErrorCode(thrown.error), {
        data: {
          ...about,
          status: thrown.status,
          error: providerText(thrown.error, sent),
          description: providerText(thrown.error_description ?? "", sent),
        },
      });
    }
    if (thrown instanceof LatchkeyError) throw asProviderFailure(thrown, "signin.provider_refused", about);
    // What oauth4webapi throws holds the whole answer; only its sentence goes on.
    const reason = thrown instanceof Error ? thrown.message : "unreadable";
    throw new LatchkeyError("signin.provider_refused", { data: { ...about, reason } });
  }
}

const misconfigured = (provider: Pick<Provider, "id">, reason: string): LatchkeyError =>
  new LatchkeyError("signin.provider_misconfigured", { data: { provider: provider.id, reason } });
