/** "Continue with …": makes a flow, seals it into the browser and sends the person to the provider (SI-5 to SI-8). */
import { pkceChallenge, sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import type { Flow } from "../flows/flow.js";
import { safeReturnTo } from "../flows/policy/return-to.js";
import { LatchkeyError } from "../kernel/errors.js";
import { authorizationParameters, authorizationUrl } from "../oauth/authorization-request.js";
import type { Provider } from "../providers/provider.js";
import type { SignInPorts } from "./ports.js";
import { readSetupValue } from "./setup-link.js";

export interface BeginInput {
  readonly provider: string;
  readonly returnTo: string | undefined;
  readonly setup: string | undefined;
  readonly cookieHeader: string | undefined;
  readonly request: { readonly requestId: string };
}

export async function beginSignIn(ports: SignInPorts, input: BeginInput) {
  const now = ports.clock.now();
  const provider = usableProvider(ports, input.provider);
  const as = await ports.metadata.discover(provider);

  const state = randomToken(ports.random);
  const codeVerifier = randomToken(ports.random);
  const flow: Flow = {
    provider: provider.id,
    issuer: as.issuer,
    sendsIss: as.authorization_response_iss_parameter_supported === true,
    stateHash: sha256Base64Url(state),
    nonce: randomToken(ports.random),
    codeVerifier,
    returnTo: returnToOrDefault(ports, input),
    startedAt: now,
    setup: readSetupValue(ports.keyring, input.setup, now),
  };
  const codeChallenge = pkceChallenge(codeVerifier);
  const parameters = authorizationParameters({ provider, state, nonce: flow.nonce, codeChallenge });
  const url = await authorizationUrl(ports, { as, provider, parameters, now });
  return { location: url.href, setCookies: ports.flowCookies.add(input.cookieHeader, flow, now) };
}

/** @throws LatchkeyError `signin.provider_unknown` · `signin.provider_disabled` */
export function usableProvider(ports: Pick<SignInPorts, "providers">, id: string): Provider {
  const provider = ports.providers.byId(id);
  if (!provider) throw new LatchkeyError("signin.provider_unknown", { data: { provider: id.slice(0, 64) } });
  if (!provider.enabled) throw new LatchkeyError("signin.provider_disabled", { data: { provider: id } });
  return provider;
}

function returnToOrDefault(ports: SignInPorts, input: BeginInput): string {
  const path = safeReturnTo(input.returnTo, ports.origin);
  if (input.returnTo && path === undefined) {
    const fields = { code: "signin.return_refused", requestId: input.request.requestId, length: input.returnTo.length };
    ports.log.warn(fields, "return_to was refused and replaced by the default");
  }
  return path ?? ports.defaultReturnTo;
}
