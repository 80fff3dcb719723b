/**
 * Token introspection (RFC 7662): asks a provider what one of its tokens is good for. One request, never repeated here.
 *
 * Not here: what the answer must say for us to believe in it (`presented-token-claims`).
 */
import { introspectionRequest } from "oauth4webapi";
import { bodyOf } from "../egress/as-fetch.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, parseJson } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { authenticateClient } from "./client-authentication.js";
import { asProviderFailure, isTransientStatus } from "./failures.js";
import { clientAuth, requestOptions, serverOf } from "./provider-request.js";
import type { AuthorizationServer } from "./types.js";

/**
 * @throws LatchkeyError `signin.provider_unavailable` · `signin.client_rejected` · `signin.provider_refused` ·
 *   `signin.provider_misconfigured`
 */
export async function introspectToken(
  deps: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource },
  input: { readonly as: AuthorizationServer; readonly provider: Provider; readonly token: string },
): Promise<JsonObject> {
  const { as, provider, token } = input;
  const { client } = provider;
  const about = { provider: provider.id, step: "introspection" };
  const made = await authenticateClient(deps, { client, as, now: deps.clock.now() });
  const answer = await introspectionRequest(serverOf(as), { client_id: client.clientId }, clientAuth(made), token, {
    ...requestOptions(deps.egress, "introspection", provider.timeout),
    additionalParameters: { token_type_hint: "access_token" },
  })
    .then(async (response) => ({
      status: response.status,
      text: new TextDecoder().decode(await bodyOf(response)),
    }))
    .catch((thrown: unknown) => {
      throw asProviderFailure(thrown, "signin.provider_refused", about);
    });
  const { status } = answer;
  if (isTransientStatus(status)) throw new LatchkeyError("signin.provider_unavailable", { data: { ...about, status } });
  if (status === 401) throw new LatchkeyError("signin.client_rejected", { data: { ...about, status } });
  const document = parseJson(answer.text);
  if (status !== 200 || !isJsonObject(document))
    throw new LatchkeyError("signin.provider_refused", { data: { ...about, status } });
  return document;
}
