/**
 * The callback, in the order of SI-9. Each step has its own code, and nothing is read before the step that checks it:
 * in a mix-up or login-CSRF attack every parameter comes from the attacker.
 *
 * Everything that can wait on the network or be sealed happens before the one transaction in `admit`.
 */
import { sha256Base64Url } from "../crypto/digest.js";
import type { Flow } from "../flows/flow.js";
import { LatchkeyError } from "../kernel/errors.js";
import { after, type Instant } from "../kernel/time.js";
import {
  authorizationErrorCode,
  checkResponseIssuer,
  readAuthorizationResponse,
} from "../oauth/authorization-response.js";
import { verifyIdToken } from "../oauth/id-token.js";
import { exchangeCode } from "../oauth/token-request.js";
import type { AuthorizationResponseParameters, AuthorizationServer, IdTokenClaims, TokenSet } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import { admit } from "./admit.js";
import { usableProvider } from "./begin.js";
import { collectClaims } from "./collect-claims.js";
import type { CompleteInput, SignInPorts } from "./ports.js";

export async function completeSignIn(ports: SignInPorts, input: CompleteInput) {
  const now = ports.clock.now();
  const provider = usableProvider(ports, input.provider);
  const parameters = readParameters(input.parameters);
  const flow = findFlow(ports, input, parameters.state, provider);
  checkAge(ports, flow, now);
  checkIssuer(parameters.iss, flow, provider);
  const code = readCode(ports, parameters, input);
  ports.faults.point(1);

  const as = await sameServer(ports, provider, flow);
  await consumeFlow(ports, flow, now);
  ports.faults.point(2);
  const tokens = await exchangeCode(ports, { as, provider, code, codeVerifier: flow.codeVerifier, now });
  ports.faults.point(3);
  const idToken = await readIdToken(ports, { as, provider, flow, tokens, responseIssuer: parameters.iss });
  ports.faults.point(4);
  const claims = await collectClaims(ports, { as, provider, idToken, accessToken: tokens.accessToken, now });

  const admitted = await admit(ports, {
    provider,
    issuer: claims.iss,
    flow,
    tokens,
    claims,
    input,
    now: ports.clock.now(),
  });
  ports.pictures.signedIn({ userId: admitted.userId, source: admitted.picture, provider, tokens });
  ports.faults.point(8);
  ports.log.info({ provider: provider.id, user: admitted.userId, requestId: input.request.requestId }, "signed in");
  const setCookies = [
    ports.sessionCookie.set(admitted.sessionValue, ports.session.lifetime),
    ...ports.flowCookies.clear(input.cookieHeader, parameters.state ?? null),
    ...ports.signedOutMarker.clear(input.cookieHeader),
    ...ports.lastProvider.set(provider.id),
  ];
  return { location: flow.returnTo, setCookies };
}

function readParameters(search: URLSearchParams): AuthorizationResponseParameters {
  const read = readAuthorizationResponse(search);
  if (read.ok) return read.value;
  throw new LatchkeyError(read.error.code, { data: { parameter: read.error.parameter } });
}

function findFlow(ports: SignInPorts, input: CompleteInput, state: string | undefined, provider: Provider): Flow {
  const flow = state ? ports.flowCookies.find(input.cookieHeader, state) : undefined;
  // Another provider's state is as unknown here as one that was never made (AT-18); so is one of an earlier issuer.
  const fits = flow?.provider === provider.id && (flow.issuer === provider.issuer || provider.issuers.length === 0);
  if (!flow || !fits) throw new LatchkeyError("signin.state_unknown", { data: { provider: provider.id } });
  return flow;
}

function checkAge(ports: SignInPorts, flow: Flow, now: Instant): void {
  const over = after(flow.startedAt, ports.flowLifetime) <= now;
  if (over) throw new LatchkeyError("signin.state_expired", { data: { startedAt: flow.startedAt } });
}

function checkIssuer(iss: string | undefined, flow: Flow, provider: Provider): void {
  const tenantIssuers = provider.tenants?.kind === "many" ? provider.issuers : undefined;
  const checked = checkResponseIssuer(iss, { issuer: flow.issuer, sendsIss: flow.sendsIss, tenantIssuers });
  if (checked.ok) return;
  const data = { reason: checked.error, expected: flow.issuer, received: iss?.slice(0, 200) };
  throw new LatchkeyError("signin.issuer_rejected", { data });
}

/** SI-9.5: the provider's own words go to the log, never onto a page of ours (AT-24). */
function readCode(ports: SignInPorts, parameters: AuthorizationResponseParameters, input: CompleteInput): string {
  if (parameters.error !== undefined) {
    const said = { error: parameters.error.slice(0, 100), description: parameters.error_description?.slice(0, 500) };
    ports.log.info({ ...said, provider: input.provider, requestId: input.request.requestId }, "the provider said no");
    throw new LatchkeyError(authorizationErrorCode(parameters.error), { data: { error: said.error } });
  }
  if (!parameters.code) throw new LatchkeyError("signin.parameter_missing", { data: { parameter: "code" } });
  return parameters.code;
}

/**
 * The server this flow began at. A node that has not yet been told which issuer a tenant's name stands for let the flow
 * pass until here; nothing has been sent.
 */
async function sameServer(ports: SignInPorts, provider: Provider, flow: Flow): Promise<AuthorizationServer> {
  const as = await ports.metadata.discover(provider);
  if (as.issuer === flow.issuer) return as;
  throw new LatchkeyError("signin.state_unknown", { data: { provider: provider.id, reason: "issuer" } });
}

/** SI-9.8. An `oauth2` provider has none, whatever it sends beside its tokens: who it is says its API (SI-11). */
async function readIdToken(
  ports: SignInPorts,
  input: {
    readonly as: AuthorizationServer;
    readonly provider: Provider;
    readonly flow: Flow;
    readonly tokens: TokenSet;
    readonly responseIssuer: string | undefined;
  },
): Promise<IdTokenClaims | null> {
  const { as, provider, flow, tokens, responseIssuer } = input;
  if (provider.kind === "oauth2") return null;
  return verifyIdToken(ports, {
    as,
    provider,
    idToken: tokens.idToken ?? "",
    nonce: provider.quirks.nonce ? flow.nonce : undefined,
    responseIssuer,
    accessToken: tokens.accessToken,
    now: ports.clock.now(),
  });
}

/** SI-9.6: one row, just before the code leaves. Whoever loses the insert came second with the same answer (AT-20). */
async function consumeFlow(ports: SignInPorts, flow: Flow, now: Instant): Promise<void> {
  // Kept longer than the flow can live, clock differences between nodes included.
  const expiresAt = after(after(now, ports.flowLifetime), ports.flowLifetime);
  const first = await ports.store.transaction((tx) =>
    tx.consumedFlows.consume(sha256Base64Url(flow.stateHash), expiresAt),
  );
  if (!first) throw new LatchkeyError("signin.flow_used", { data: { provider: flow.provider } });
}
