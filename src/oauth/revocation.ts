/**
 * Token revocation (RFC 7009): tells a provider that a token is not needed any more. One attempt; whether and when
 * to try again is the outbox's business, and `entry.retryable` of the error tells it.
 */
import { revocationRequest } from "oauth4webapi";
import { bodyOf } from "../egress/as-fetch.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Duration } from "../kernel/time.js";
import type { ClientRegistration } from "../providers/provider.js";
import { authenticateClient } from "./client-authentication.js";
import { asProviderFailure, isTransientStatus, tokenErrorCode } from "./failures.js";
import { clientAuth, requestOptions, serverOf } from "./provider-request.js";
import { oauthErrorOf } from "./token-answer.js";
import type { AuthorizationServer } from "./types.js";

/**
 * Revokes one token. Resolves when nothing is left to do: revoked, unknown to the server (both are 200, §2.2), or of a
 * type the server does not revoke (`unsupported_token_type`, §2.2.1).
 *
 * @throws LatchkeyError `signin.provider_unavailable` (retryable) · `signin.client_rejected` ·
 *   `signin.provider_refused` · `signin.provider_misconfigured` (no endpoint, or one that we do not call)
 */
export async function revokeToken(
  deps: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource },
  input: {
    readonly as: AuthorizationServer;
    readonly client: ClientRegistration;
    readonly token: string;
    readonly hint: "access_token" | "refresh_token";
    readonly timeout?: Duration | null | undefined;
  },
): Promise<void> {
  const { as, client } = input;
  const about = { issuer: as.issuer, step: "revocation" };
  if (!as.revocation_endpoint) {
    throw new LatchkeyError("signin.provider_misconfigured", {
      data: { ...about, reason: "revocation_endpoint_missing" },
    });
  }
  const made = await authenticateClient(deps, { client, as, now: deps.clock.now() });
  const answer = await revocationRequest(serverOf(as), { client_id: client.clientId }, clientAuth(made), input.token, {
    ...requestOptions(deps.egress, "revocation", input.timeout),
    additionalParameters: { token_type_hint: input.hint },
  })
    .then(async (response) => ({
      status: response.status,
      contentType: response.headers.get("content-type"),
      body: await bodyOf(response),
    }))
    .catch((thrown: unknown) => {
      throw asProviderFailure(thrown, "signin.provider_refused", about);
    });
  const { status } = answer;
  if (status >= 200 && status < 300) return;
  if (isTransientStatus(status)) {
    throw new LatchkeyError("signin.provider_unavailable", { data: { ...about, status, sent: true } });
  }
  const error = oauthErrorOf(answer);
  if (error === "unsupported_token_type") return;
  const code = status === 401 ? "signin.client_rejected" : tokenErrorCode(error ?? "");
  throw new LatchkeyError(code, { data: { ...about, status, error } });
}
