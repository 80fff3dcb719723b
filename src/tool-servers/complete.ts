/**
 * The callback of a tool server's authorization server (TS-13), in the order of SI-9: nothing is read before the step that
 * checks it, and code, verifier and secret go to the token endpoint of the issuer that was recorded at the start, alone.
 *
 * parameters · flow of this browser and server · age · user and session · may still use it · iss · error · same server, issuer
 * and client · consume · exchange · one transaction that puts the new grant in the place of the old
 */
import { sha256Base64Url } from "../crypto/digest.js";
import { newProofKey } from "../crypto/proof-key.js";
import type { Flow, FlowOwner, ToolRequest } from "../flows/flow.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { after, type Instant } from "../kernel/time.js";
import {
  authorizationErrorCode,
  checkResponseIssuer,
  readAuthorizationResponse,
} from "../oauth/authorization-response.js";
import { noTokenQuirks } from "../oauth/token-endpoint.js";
import { exchangeCode } from "../oauth/token-request.js";
import type { AuthorizationResponseParameters, AuthorizationServer, TokenSet } from "../oauth/types.js";
import { revocationRow } from "../outbox/revocation.js";
import type { ClientRegistration } from "../providers/provider.js";
import { requireAccess, usableServer } from "./admission.js";
import { clientRejected } from "./client-rejected.js";
import { asConnectFailure } from "./connect-failures.js";
import { bindingFor } from "./policy/binding.js";
import { needsPerson } from "./policy/without-person.js";
import type { ConnectPorts } from "./ports.js";
import { storeGrant } from "./store-grant.js";
import type { ToolServer } from "./tool-server.js";

export interface CompleteConnectInput {
  readonly toolServer: string;
  readonly parameters: URLSearchParams;
  readonly cookieHeader: string | undefined;
  readonly request: { readonly requestId: string; readonly address: string | null };
}

type ConnectFlow = Flow & { readonly link: FlowOwner; readonly tool: ToolRequest };

/** @throws LatchkeyError `connect.*` */
export async function completeConnect(ports: ConnectPorts, input: CompleteConnectInput) {
  const server = await usableServer(ports.servers, input.toolServer);
  // A flow that was begun before the operator said that nobody is asked here.
  if (!needsPerson(server)) throw new LatchkeyError("connect.state_unknown", { data: { toolServer: server.id } });
  const parameters = readParameters(input.parameters);
  const flow = findFlow(ports, input, parameters.state, server);
  if (after(flow.startedAt, ports.flowLifetime) <= ports.clock.now()) {
    throw new LatchkeyError("connect.state_expired", { data: { startedAt: flow.startedAt } });
  }
  await checkOwner(ports, input, flow.link);
  await requireAccess(ports.store, await ports.store.users.byId(flow.link.userId), server);
  checkIssuer(parameters.iss, flow);
  const code = await readCode(ports, server, flow, parameters, input);
  const { as, client } = await sameServerAndClient(ports, server, flow);
  await consumeFlow(ports, flow, ports.clock.now());
  const tokens = await redeem(ports, { server, flow, as, client, code });
  await storeGrant(ports, { server, flow, as, tokens, request: input.request }).catch(async (thrown: unknown) => {
    // Where anything else stands in the way, an older grant stays (TS-13), which some servers would end with these.
    if (isLatchkeyError(thrown, "connect.server_unknown")) await revokeUnkept(ports, flow, tokens);
    throw thrown;
  });
  const fields = { toolServer: server.id, user: flow.link.userId, requestId: input.request.requestId };
  ports.log.info(fields, "a tool server was connected");
  const setCookies = ports.flowCookies.clear(input.cookieHeader, parameters.state ?? null);
  return { location: flow.returnTo, setCookies };
}

function readParameters(search: URLSearchParams): AuthorizationResponseParameters {
  const read = readAuthorizationResponse(search);
  if (read.ok) return read.value;
  const { code, parameter } = read.error;
  throw new LatchkeyError("connect.parameter_invalid", { data: { parameter, reason: code } });
}

/** A flow of sign-in, of linking and of every other tool server is as unknown here as one that was never made (AT-18). */
function findFlow(
  ports: ConnectPorts,
  input: CompleteConnectInput,
  state: string | undefined,
  server: ToolServer,
): ConnectFlow {
  const flow = state ? ports.flowCookies.find(input.cookieHeader, state) : undefined;
  if (flow?.provider === server.connection && flow.link && flow.tool) return flow as ConnectFlow;
  throw new LatchkeyError("connect.state_unknown", { data: { toolServer: server.id } });
}

/**
 * The session that began it, or nobody (AT-43): else whoever sends their own flow to somebody else's browser would have
 * that person's tokens, or would have that person work with theirs.
 */
async function checkOwner(ports: ConnectPorts, input: CompleteConnectInput, owner: FlowOwner): Promise<void> {
  const here = await ports.checkSession(new Headers(input.cookieHeader ? { cookie: input.cookieHeader } : {}));
  const same = here.kind === "signed-in" && here.session.id === owner.sessionId && here.user.id === owner.userId;
  if (!same) throw new LatchkeyError("connect.session_changed", { data: { here: here.kind, user: owner.userId } });
}

function checkIssuer(iss: string | undefined, flow: Flow): void {
  const checked = checkResponseIssuer(iss, { issuer: flow.issuer, sendsIss: flow.sendsIss });
  if (checked.ok) return;
  const data = { reason: checked.error, expected: flow.issuer, received: iss?.slice(0, 200) };
  throw new LatchkeyError("connect.issuer_rejected", { data });
}

/** The server's own words go to the log, never onto a page of ours (AT-24). */
async function readCode(
  ports: ConnectPorts,
  server: ToolServer,
  flow: ConnectFlow,
  parameters: AuthorizationResponseParameters,
  input: CompleteConnectInput,
): Promise<string> {
  const { error } = parameters;
  if (error === undefined) {
    if (parameters.code) return parameters.code;
    throw new LatchkeyError("connect.parameter_invalid", { data: { parameter: "code" } });
  }
  const said = { error: error.slice(0, 100), description: parameters.error_description?.slice(0, 500) };
  const fields = { ...said, toolServer: server.id, requestId: input.request.requestId };
  ports.log.info(fields, "a tool server's authorization server said no");
  if (error === "invalid_client" || error === "unauthorized_client") {
    const { as } = await sameServerAndClient(ports, server, flow);
    await ports.clients.rejected(server, as, flow.tool.clientId, "browser");
    throw new LatchkeyError("connect.client_rejected", { data: { error: said.error, toolServer: server.id } });
  }
  throw asConnectFailure(new LatchkeyError(authorizationErrorCode(error), { data: { error: said.error } }), server);
}

async function sameServerAndClient(
  ports: ConnectPorts,
  server: ToolServer,
  flow: ConnectFlow,
): Promise<{ readonly as: AuthorizationServer; readonly client: ClientRegistration }> {
  const changed = (now: string | null) => {
    const data = { toolServer: server.id, reason: "server_changed", began: flow.issuer, now };
    return new LatchkeyError("connect.state_unknown", { data });
  };
  // What was consented to is a token for that server. One that has its id now must not be sent it, whoever issues it.
  if (flow.tool.serverHash !== sha256Base64Url(server.url)) throw changed(server.url);
  const { authorizationServer: as } = await ports.find(server);
  const client = as?.issuer === flow.issuer ? await ports.clients.known(server, as, flow.tool.clientId) : undefined;
  if (as && client) return { as, client };
  // Found to be elsewhere while the person was away: the code is for a server that is not asked any more.
  throw changed(as?.issuer ?? null);
}

/** The tool server was removed while they were on their way: they are kept nowhere. */
async function revokeUnkept(
  ports: ConnectPorts,
  { provider, issuer, tool: { clientId } }: ConnectFlow,
  { accessToken, refreshToken }: TokenSet,
): Promise<void> {
  const row = revocationRow(ports, { provider, issuer, clientId, accessToken, refreshToken }, ports.clock.now());
  await ports.store.transaction((tx) => tx.outbox.insert(row));
}

/** One row, just before the code leaves: whoever comes second with the same answer stops here (AT-20). */
async function consumeFlow(ports: ConnectPorts, flow: Flow, now: Instant): Promise<void> {
  const expiresAt = after(after(now, ports.flowLifetime), ports.flowLifetime);
  const hash = sha256Base64Url(flow.stateHash);
  const first = await ports.store.transaction((tx) => tx.consumedFlows.consume(hash, expiresAt));
  if (!first) throw new LatchkeyError("connect.flow_used", { data: { connection: flow.provider } });
}

async function redeem(
  ports: ConnectPorts,
  input: {
    readonly server: ToolServer;
    readonly flow: ConnectFlow;
    readonly as: AuthorizationServer;
    readonly client: ClientRegistration;
    readonly code: string;
  },
): Promise<TokenSet & { readonly proofKey?: string }> {
  const { server, flow, as, client, code } = input;
  const provider = {
    id: server.connection,
    client,
    redirectUri: server.redirectUri,
    scopes: flow.tool.scopes ?? [],
    timeout: null,
    quirks: { pkce: true, ...noTokenQuirks },
  } as const;
  const { codeVerifier } = flow;
  const { resource } = flow.tool;
  const now = ports.clock.now();
  const request = { as, provider, code, codeVerifier, resource, wantsIdToken: false, told: server, now };
  try {
    const bound = bindingFor(server, await ports.find(server));
    const key = bound === "none" ? undefined : newProofKey();
    const boundBy = key === undefined ? null : { key, proofs: ports.proofs };
    const tokens = await exchangeCode(ports, { ...request, boundBy });
    if (key !== undefined && tokens.tokenType === "DPoP") return { ...tokens, proofKey: key };
    if (bound !== "required" && tokens.tokenType === "Bearer") return tokens;
  } catch (thrown) {
    const failure = asConnectFailure(thrown, server);
    // TS-11: the server may have lost its clients. The code is spent; the person starts again, with the new one.
    if (isLatchkeyError(failure, "connect.client_rejected")) {
      await clientRejected(ports, server, as, client.clientId);
    }
    throw failure;
  }
  throw new LatchkeyError("connect.token_answer_invalid", { data: { toolServer: server.id, reason: "token_type" } });
}
