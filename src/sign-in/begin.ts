/**
 * "Continue with …": makes a flow, seals it into the browser and sends the person to the provider (SI-5 to SI-8).
 * Linking begins in the same way, with a flow that belongs to somebody (`link.ts`).
 */
import { pkceChallenge, sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import type { Flow, FlowOwner } from "../flows/flow.js";
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
  return openFlow(ports, usableProvider(ports, input.provider), {
    returnTo: returnToOrDefault(ports, input, ports.defaultReturnTo),
    setup: input.setup,
    link: null,
    cookieHeader: input.cookieHeader,
  });
}

/** The flow and the way to the provider, whatever the flow is for. */
export async function openFlow(
  ports: SignInPorts,
  provider: Provider,
  input: {
    /** Already through SI-7. */
    readonly returnTo: string;
    readonly setup?: string | undefined;
    readonly link: FlowOwner | null;
    readonly cookieHeader: string | undefined;
  },
) {
  const now = ports.clock.now();
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
    returnTo: input.returnTo,
    startedAt: now,
    setup: readSetupValue(ports.keyring, input.setup, now),
    link: input.link,
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

/** SI-7: the path to come back to, or `otherwise` when what was asked for is none. */
export function returnToOrDefault(
  ports: SignInPorts,
  input: Pick<BeginInput, "returnTo" | "request">,
  otherwise: string,
): string {
  const path = safeReturnTo(input.returnTo, ports.origin);
  if (input.returnTo && path === undefined) {
    const fields = { code: "signin.return_refused", requestId: input.request.requestId, length: input.returnTo.length };
    ports.log.warn(fields, "return_to was refused and replaced by the default");
  }
  return path ?? otherwise;
}
