/**
 * `toolServers.fetch`: the `fetch` that an MCP client's transport is given (TS-16). The person's token goes to the tool
 * server's URL and below, nowhere else, and not before that is checked (EG-2). Event streams come through as they are sent.
 *
 * A 401 makes one refresh and one retry; one that stays has what was found of the server read anew (TS-6). A 403 with
 * `insufficient_scope` is never refreshed: it is a question to the person (TS-14).
 */

import type { Aborter, EgressResponse } from "../egress/port.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { challengesNonce } from "../oauth/dpop.js";
import {
  aborterOf,
  asResponse,
  type FetchWithToken,
  isReplayable,
  type Outgoing,
  outgoing,
  sendWithin,
  unlessAborted,
} from "../vault/outgoing.js";
import type { Challenge } from "./found.js";
import { keepChallenge } from "./keep-challenge.js";
import { lookAgain } from "./look-again.js";
import { readChallenge } from "./policy/challenge.js";
import { isStepUp } from "./policy/scopes.js";
import type { ConnectPorts } from "./ports.js";
import { holderOf, type Presented, type ToolServerUse, type UsePorts } from "./token-holder.js";
import type { ToolServer } from "./tool-server.js";
import { wantsMore } from "./wants-more.js";

export const createToolFetch =
  (ports: UsePorts) =>
  (who: ToolServerUse): FetchWithToken =>
  async (input, init) => {
    const asked = new Request(input, init);
    const aborter = aborterOf(asked, input, init);
    const redirect = init?.redirect ?? asked.redirect;
    const replayable = isReplayable(input, init?.body);
    const server = await serverOf(ports, who.connection);
    const bounds = { origins: [], urls: [], below: [server.url] };
    const request = await outgoing(asked, bounds, who.connection);
    const send = (presented: Presented) =>
      unlessAborted(
        aborter,
        sendWithin(request, bounds, redirect, (one) => sendOne(ports, server, one, presented, aborter)),
      );

    const tooLittle = async (challenge: Challenge, answer: EgressResponse): Promise<Response> => {
      const failure = await wantsMore(ports, who, server, challenge);
      if (failure) throw failure;
      return asResponse(answer);
    };
    const holder = holderOf(ports, server, who);
    const first = await holder.first();
    const answer = await send(first);
    const challenge = challengeOf(answer);
    if (challenge && isStepUp(challenge)) return tooLittle(challenge, answer);
    if (answer.status !== 401) return asResponse(answer);
    const next = await holder.next(first).catch(async (thrown: unknown) => {
      // It cannot be refreshed: before the person is asked, where they are sent to is looked up anew (TS-6, TS-10).
      if (isLatchkeyError(thrown, "grant.needs_reconnect")) await lookAgain(ports, server);
      throw thrown;
    });
    if (!replayable || next === first) return stillRefused(ports, who, server, answer);
    const second = await send(next);
    const again = challengeOf(second);
    if (again && isStepUp(again)) return tooLittle(again, second);
    return second.status === 401 ? stillRefused(ports, who, server, second) : asResponse(second);
  };

/** @throws LatchkeyError `grant.connection_unknown` · `store.*` */
export async function serverOf(ports: Pick<ConnectPorts, "servers">, connection: string): Promise<ToolServer> {
  await ports.servers.refresh();
  return knownServer(ports, connection);
}

/** The same where nobody can wait: one that was added a moment ago on another node may not be known yet. */
export function knownServer(ports: Pick<ConnectPorts, "servers">, connection: string): ToolServer {
  const server = ports.servers.byConnection(connection);
  if (server) return server;
  throw new LatchkeyError("grant.connection_unknown", { data: { connection: connection.slice(0, 100) } });
}

async function sendOne(
  ports: UsePorts,
  server: ToolServer,
  { url, method, headers, body }: Outgoing,
  { credential, key }: Presented,
  abortedBy: Aborter,
): Promise<EgressResponse> {
  const own = Object.entries(server.headers).map(([name, value]) => [name, value.reveal()]);
  const once = async (): Promise<EgressResponse> =>
    ports.egress.request({
      purpose: "api",
      url,
      method,
      // An event stream that is compressed could not be handed on as it comes.
      headers: {
        "accept-encoding": "identity",
        ...headers,
        ...Object.fromEntries(own),
        ...(await authorizationOf(ports, { credential, key }, { method, url })),
      },
      body,
      abortedBy,
      eventStream: true,
    });
  const answer = await once();
  if (key === null || !ports.proofs.remember(url.href, answer.headers) || !challengesNonce(answer)) return answer;
  const again = await once();
  ports.proofs.remember(url.href, again.headers);
  return again;
}

async function authorizationOf(
  { proofs }: UsePorts,
  { credential, key }: Presented,
  { method, url }: Pick<Outgoing, "method" | "url">,
): Promise<Readonly<Record<string, string>>> {
  if (credential === null) return {};
  if (key === null) return { authorization: credential };
  const dpop = await proofs.proof(key, { method, url: url.href, accessToken: credential });
  return { authorization: `DPoP ${credential}`, dpop };
}

const challengeOf = ({ status, headers }: EgressResponse): Challenge | null =>
  status === 401 || status === 403 ? readChallenge(headers.get("www-authenticate")) : null;

/** The token is new, and refused: perhaps the server has moved, which what was found before cannot say (TS-6, TS-10). */
export async function stillRefused(
  ports: ConnectPorts,
  who: ToolServerUse,
  server: ToolServer,
  answer: EgressResponse,
): Promise<Response> {
  // With the operator's key nothing was found, and nothing can be asked for.
  if (server.registration === "key") return asResponse(answer);
  const challenge = challengeOf(answer);
  if (challenge) await keepChallenge(ports, who.user as UserId, server, challenge);
  await lookAgain(ports, server);
  return asResponse(answer);
}
