/** The callback (SI-9): reads and redeems the provider's answer, then does what its flow was for. */
import type { Provider } from "../providers/provider.js";
import { admit } from "./admit.js";
import { type Callback, readCallback, redeemCode } from "./callback-steps.js";
import { completeLink } from "./complete-link.js";
import type { CompleteInput, SignInPorts } from "./ports.js";

export async function completeSignIn(ports: SignInPorts, input: CompleteInput) {
  const callback = await readCallback(ports, input);
  const { link } = callback.flow;
  return link ? completeLink(ports, input, { ...callback, link }) : signIn(ports, input, callback);
}

async function signIn(ports: SignInPorts, input: CompleteInput, callback: Callback) {
  const { provider, flow, parameters } = callback;
  const { tokens, claims, unknown } = await redeemCode(ports, callback);
  const admitted = await admit(ports, {
    provider,
    issuer: claims.iss,
    flow,
    tokens,
    claims,
    unknown,
    postedName: postedName(ports, provider, parameters.state, input),
    input,
    now: ports.clock.now(),
  });
  ports.pictures.signedIn({ userId: admitted.userId, source: admitted.picture, provider, tokens });
  ports.faults.point(8);
  ports.log.info({ provider: provider.id, user: admitted.userId, requestId: input.request.requestId }, "signed in");
  const setCookies = [
    ports.sessionCookie.set(admitted.sessionValue, ports.session.lifetime),
    ...ports.flowCookies.clear(input.cookieHeader, parameters.state ?? null),
    ...ports.postedNames.clear(input.cookieHeader),
    ...ports.signedOutMarker.clear(input.cookieHeader),
    ...ports.lastProvider.set(provider.id),
  ];
  return { location: flow.returnTo, setCookies };
}

/** What the provider's POST said of the person's name, which nobody signed; it stands in for a name claim alone (SI-9). */
function postedName(ports: SignInPorts, provider: Provider, state: string | undefined, input: CompleteInput) {
  if (!provider.quirks.postedName || state === undefined) return undefined;
  return ports.postedNames.find(input.cookieHeader, provider.id, state, ports.clock.now());
}
