/**
 * Userinfo (OpenID Connect Core §5.3, SI-11): a second document about the same person, believed only when it says so.
 * Not here: which of two values wins (collected-claims).
 */
import { userInfoRequest } from "oauth4webapi";
import { bodyOf } from "../egress/as-fetch.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, member, parseJson } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import { asProviderFailure, isTransientStatus } from "./failures.js";
import { audienceList, instant, subjectText } from "./id-token-claims.js";
import type { Metadata } from "./metadata.js";
import { requestOptions, serverOf } from "./provider-request.js";
import { signingAlgorithms, verifySignature } from "./signature.js";
import type { AuthorizationServer } from "./types.js";

interface UserinfoRequest {
  readonly as: AuthorizationServer;
  readonly provider: Provider;
  readonly accessToken: string;
  /** The ID token's `sub`: another one is another person (§5.3.2, AT-11). */
  readonly expectedSub: string;
  readonly now: Instant;
}

/**
 * Asks for the claims of the person the access token stands for.
 *
 * A signed answer is verified with the issuer's keys; where a signed one is configured
 * (`userinfo_signed_response_alg`), a plain one is refused.
 *
 * @throws LatchkeyError `signin.userinfo_invalid` with `data.reason` · `signin.provider_unavailable` ·
 *   `signin.provider_misconfigured`
 */
export async function fetchUserinfo(
  deps: {
    readonly egress: Egress;
    readonly metadata: Pick<Metadata, "jwks">;
    readonly clock: Clock;
    readonly log: Log;
  },
  input: UserinfoRequest,
): Promise<JsonObject> {
  const { as, provider } = input;
  const about = { provider: provider.id, step: "userinfo" };
  const signedAlg = as.userinfo_signed_response_alg;
  const client = {
    client_id: provider.client.clientId,
    ...(signedAlg === undefined ? {} : { userinfo_signed_response_alg: signedAlg }),
  };
  const options = requestOptions(deps.egress, "userinfo", provider.timeout);
  const answer = await userInfoRequest(serverOf(as), client, input.accessToken, options)
    .then(async (response) => ({
      status: response.status,
      type: response.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "",
      text: new TextDecoder().decode(await bodyOf(response)),
    }))
    .catch((thrown: unknown) => {
      if (!(thrown instanceof LatchkeyError)) throw invalid(provider, "endpoint_unusable");
      throw asProviderFailure(thrown, "signin.userinfo_invalid", about);
    });
  if (isTransientStatus(answer.status)) {
    throw new LatchkeyError("signin.provider_unavailable", { data: { ...about, status: answer.status } });
  }
  if (answer.status !== 200) throw invalid(provider, "status", answer.status);
  const claims = await readAnswer(deps, input, answer);
  if (subjectText(member(claims, "sub")) !== input.expectedSub) throw invalid(provider, "sub");
  return claims;
}

async function readAnswer(
  deps: { readonly metadata: Pick<Metadata, "jwks"> },
  input: UserinfoRequest,
  answer: { readonly type: string; readonly text: string },
): Promise<JsonObject> {
  const { as, provider } = input;
  if (answer.type === "application/jwt") return verifySigned(deps, input, answer.text.trim());
  if (as.userinfo_signed_response_alg !== undefined) throw invalid(provider, "not_signed");
  if (!/^application\/([\w.-]+\+)?json$/.test(answer.type)) throw invalid(provider, "content_type");
  const claims = parseJson(answer.text);
  if (!isJsonObject(claims)) throw invalid(provider, "not_an_object");
  return claims;
}

/** A signed answer (§5.3.2): SI-10's keys and algorithms; `iss`, `aud` and `exp`, where it has them, must be right. */
async function verifySigned(
  deps: { readonly metadata: Pick<Metadata, "jwks"> },
  input: UserinfoRequest,
  jwt: string,
): Promise<JsonObject> {
  const { as, provider } = input;
  const configured = as.userinfo_signed_response_alg;
  const algorithms = signingAlgorithms(as).filter((alg) => configured === undefined || alg === configured);
  const signed = await verifySignature(deps, { provider, as, jwt, algorithms });
  if (!signed.ok) throw invalid(provider, signed.error);
  const { payload } = signed.value;
  const [iss, aud, exp] = [member(payload, "iss"), member(payload, "aud"), member(payload, "exp")];
  if (iss !== undefined && iss !== as.issuer) throw invalid(provider, "iss");
  if (aud !== undefined && !audienceList(aud)?.includes(provider.client.clientId)) throw invalid(provider, "aud");
  if (exp !== undefined && (instant(exp) ?? 0) * 1_000 + provider.clockTolerance <= input.now) {
    throw invalid(provider, "expired");
  }
  return payload;
}

const invalid = (provider: Provider, reason: string, status?: number): LatchkeyError =>
  new LatchkeyError("signin.userinfo_invalid", { data: { provider: provider.id, reason, status } });
