/**
 * "Connect": finds out where, decides who we are there and what is asked for, and sends the person to the consent page
 * (TS-12). The flow belongs to the user and the session that began it (TS-13). The second person of a server costs no
 * request at all up to the redirect (TS-6).
 */
import { pkceChallenge, sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import type { Flow } from "../flows/flow.js";
import { safeReturnTo } from "../flows/policy/return-to.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { authorizationUrl } from "../oauth/authorization-request.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { ClientRegistration } from "../providers/provider.js";
import type { Authenticated } from "../sessions/session.js";
import { requireAccess, usableServer } from "./admission.js";
import { clientRejected } from "./client-rejected.js";
import { asConnectFailure } from "./connect-failures.js";
import { type ConnectNowInput, connectWithoutPerson } from "./connect-without-person.js";
import { grantOf } from "./current-grant.js";
import type { FoundToolServer } from "./found.js";
import { resourceOf } from "./policy/resource-parameter.js";
import { chooseScopes, isStepUp, offeredScopes, scopeSet } from "./policy/scopes.js";
import { mayAskAgain, withRequest } from "./policy/step-up.js";
import { needsPerson } from "./policy/without-person.js";
import type { ConnectPorts } from "./ports.js";
import type { UsePorts } from "./token-holder.js";
import type { ToolServer } from "./tool-server.js";

export interface BeginConnectInput extends ConnectNowInput {
  /** Its id, as it came. */
  readonly toolServer: string;
  readonly cookieHeader: string | undefined;
  readonly request: { readonly requestId: string };
}

/** @throws LatchkeyError `connect.*`, and `grant.*` where no person is asked */
export async function beginConnect(ports: UsePorts, input: BeginConnectInput) {
  const { user } = input.signedIn;
  const server = await usableServer(ports.servers, input.toolServer);
  if (!needsPerson(server)) return connectWithoutPerson(ports, server, input);
  await requireAccess(ports.store, await ports.store.users.byId(user.id), server);
  const found = await ports.find(server);
  const as = found.authorizationServer;
  if (found.status === "open" || !as) {
    throw new LatchkeyError("connect.server_open", { data: { toolServer: server.id } });
  }
  const asked = await whatToAskFor(ports, server, found, as, user.id);
  const first = await ports.clients.forServer(server, as);
  try {
    return await openFlow(ports, input, { server, found, as, asked, client: first });
  } catch (thrown) {
    // Only PAR asks before the person does. Another client, where there is one, gets one try.
    if (!isLatchkeyError(thrown, "connect.client_rejected")) throw thrown;
    if (!(await clientRejected(ports, server, as, first.clientId))) throw thrown;
    return openFlow(ports, input, { server, found, as, asked, client: await ports.clients.forServer(server, as) });
  }
}

interface Asked {
  readonly scopes: readonly string[];
  readonly prompt: "consent" | null;
  readonly step: string | null;
}

async function whatToAskFor(
  ports: ConnectPorts,
  server: ToolServer,
  found: FoundToolServer,
  as: AuthorizationServer,
  userId: Authenticated["user"]["id"],
): Promise<Asked> {
  const known = await ports.store.challenges.of(userId, server.connection);
  const held = await grantOf(ports, userId, server);
  // A step-up is about what is held; who disconnected begins anew.
  const open = held === undefined && isStepUp(known?.challenge ?? null) ? undefined : known?.challenge;
  const challenge = open ?? found.challenge;
  const supported = found.resource?.scopesSupported ?? null;
  const step = isStepUp(challenge) ? scopeSet(challenge?.scopes ?? supported ?? []) : null;
  if (step !== null && !mayAskAgain(known?.requests ?? [], step, ports.clock.now())) {
    throw new LatchkeyError("connect.consent_exhausted", { data: { toolServer: server.id, scopes: step } });
  }
  const chosen = chooseScopes({
    override: server.scopes,
    challenge,
    supported,
    offered: offeredScopes(as),
    requested: held?.secrets?.asked?.scopes ?? held?.grant.scopes ?? null,
    promptIsSet: Object.hasOwn(server.authorizeParams, "prompt"),
  });
  return { ...chosen, step };
}

async function openFlow(
  ports: ConnectPorts,
  input: BeginConnectInput,
  to: {
    readonly server: ToolServer;
    readonly found: FoundToolServer;
    readonly as: AuthorizationServer;
    readonly asked: Asked;
    readonly client: ClientRegistration;
  },
) {
  const { server, found, as, asked, client } = to;
  const { user, session } = input.signedIn;
  const now = ports.clock.now();
  const state = randomToken(ports.random);
  const codeVerifier = randomToken(ports.random);
  const resource = resourceOf(server, found);
  const flow: Flow = {
    provider: server.connection,
    issuer: as.issuer,
    sendsIss: as.authorization_response_iss_parameter_supported === true,
    stateHash: sha256Base64Url(state),
    nonce: "",
    codeVerifier,
    returnTo: returnToOrAccount(ports, input),
    startedAt: now,
    setup: null,
    link: { userId: user.id, sessionId: session.id },
    tool: { serverHash: sha256Base64Url(server.url), clientId: client.clientId, resource, scopes: asked.scopes },
  };
  const parameters = {
    ...(asked.prompt === null ? {} : { prompt: asked.prompt }),
    ...server.authorizeParams,
    client_id: client.clientId,
    redirect_uri: server.redirectUri,
    response_type: "code",
    ...(asked.scopes.length === 0 ? {} : { scope: asked.scopes.join(" ") }),
    state,
    code_challenge: pkceChallenge(codeVerifier),
    code_challenge_method: "S256",
    ...(resource === null ? {} : { resource }),
  };
  const provider = { id: server.connection, par: "auto", client, timeout: null } as const;
  const url = await authorizationUrl(ports, { as, provider, parameters, now }).catch((thrown: unknown) => {
    throw asConnectFailure(thrown, server);
  });
  await ports.store.transaction(async (tx) => {
    const known = await tx.challenges.of(user.id, server.connection);
    await tx.challenges.save({
      userId: user.id,
      connection: server.connection,
      challenge: known?.challenge ?? null,
      requests: withRequest(known?.requests ?? [], asked.step, now),
      updatedAt: now,
    });
  });
  const fields = { toolServer: server.id, user: user.id, requestId: input.request.requestId };
  ports.log.debug({ ...fields, scopes: asked.scopes, stepUp: asked.step !== null }, "a connection was begun");
  return { location: url.href, setCookies: ports.flowCookies.add(input.cookieHeader, flow, now) };
}

function returnToOrAccount(ports: ConnectPorts, input: BeginConnectInput): string {
  const path = safeReturnTo(input.returnTo, ports.origin);
  if (input.returnTo && path === undefined) {
    const fields = { code: "signin.return_refused", requestId: input.request.requestId, length: input.returnTo.length };
    ports.log.warn(fields, "return_to was refused and replaced by the default");
  }
  return path ?? `${ports.basePath}/account?done=connected`;
}
