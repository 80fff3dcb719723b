/**
 * `toolServers.fetch`: the `fetch` that an MCP client's transport is given (TS-16). The person's token goes to the tool
 * server's URL and below, nowhere else, and not before that is checked (EG-2). Event streams come through as they are sent.
 *
 * A 401 makes one refresh and one retry; one that stays has what was found of the server read anew (TS-6). A 403 with
 * `insufficient_scope` is never refreshed: it is a question to the person (TS-14).
 */

import type { EgressResponse } from "../egress/port.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { ConsentRequired } from "../vault/consent-required.js";
import {
  asResponse,
  type FetchWithToken,
  isReplayable,
  type Outgoing,
  outgoing,
  sendWithin,
  unlessAborted,
} from "../vault/outgoing.js";
import type { Vault } from "../vault/vault.js";
import type { Challenge } from "./found.js";
import { keepChallenge } from "./keep-challenge.js";
import { readChallenge } from "./policy/challenge.js";
import { isStepUp } from "./policy/scopes.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

/** Whose connection. */
export interface ToolServerUse {
  /** A user's id, as `sessions.authenticate` gives it. */
  readonly user: string;
  /** `tool:<id>` */
  readonly connection: string;
}

export interface UsePorts extends ConnectPorts {
  readonly vault: Pick<Vault, "accessToken" | "reportRejected">;
}

export const createToolFetch =
  (ports: UsePorts) =>
  (who: ToolServerUse): FetchWithToken =>
  async (input, init) => {
    const asked = new Request(input, init);
    const redirect = init?.redirect ?? asked.redirect;
    const replayable = isReplayable(input, init?.body);
    const server = serverOf(ports, who.connection);
    const bounds = { origins: [], urls: [], below: [server.url] };
    const request = await outgoing(asked, bounds, who.connection);
    const send = (accessToken: string) =>
      unlessAborted(
        asked.signal,
        sendWithin(request, bounds, redirect, (one) => sendOne(ports, server, one, accessToken, asked.signal)),
      );

    const first = await tokenOf(ports, server, who);
    const answer = await send(first);
    const challenge = challengeOf(answer);
    if (challenge && isStepUp(challenge)) throw await consentFor(ports, who, server, challenge);
    if (answer.status !== 401) return asResponse(answer);
    const { accessToken: next } = await connected(server, ports.vault.reportRejected({ ...who, accessToken: first }));
    if (!replayable || next === first) return stillRefused(ports, who, server, answer);
    const second = await send(next);
    const again = challengeOf(second);
    if (again && isStepUp(again)) throw await consentFor(ports, who, server, again);
    return second.status === 401 ? stillRefused(ports, who, server, second) : asResponse(second);
  };

/** @throws LatchkeyError `grant.connection_unknown` */
export function serverOf(ports: Pick<ConnectPorts, "servers">, connection: string): ToolServer {
  const server = ports.servers.byConnection(connection);
  if (server) return server;
  throw new LatchkeyError("grant.connection_unknown", { data: { connection: connection.slice(0, 100) } });
}

export const tokenOf = async (ports: UsePorts, server: ToolServer, who: ToolServerUse): Promise<string> =>
  (await connected(server, ports.vault.accessToken(who))).accessToken;

/** Where the person has to act, the error says where: `data.connectUrl`. */
export async function connected<T>(server: ToolServer, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "grant.not_connected", "grant.needs_reconnect")) throw thrown;
    const data = { ...thrown.data, connectUrl: server.connectUrl };
    throw new LatchkeyError(thrown.code, { cause: thrown, data });
  }
}

function sendOne(
  ports: UsePorts,
  server: ToolServer,
  { url, method, headers, body }: Outgoing,
  accessToken: string,
  signal: AbortSignal,
): Promise<EgressResponse> {
  const own = Object.entries(server.headers).map(([name, value]) => [name, value.reveal()]);
  return ports.egress.request({
    purpose: "api",
    url,
    method,
    // An event stream that is compressed could not be handed on as it comes.
    headers: {
      "accept-encoding": "identity",
      ...headers,
      ...Object.fromEntries(own),
      authorization: `Bearer ${accessToken}`,
    },
    body,
    signal,
    eventStream: true,
  });
}

const challengeOf = ({ status, headers }: EgressResponse): Challenge | null =>
  status === 401 || status === 403 ? readChallenge(headers.get("www-authenticate")) : null;

/** A question to the person, or the end of asking (TS-14). */
export async function consentFor(
  ports: ConnectPorts,
  { user, connection }: ToolServerUse,
  server: ToolServer,
  challenge: Challenge,
): Promise<LatchkeyError> {
  if (await keepChallenge(ports, user as UserId, server, challenge)) {
    return new ConsentRequired({ connection, connectUrl: server.connectUrl, scopes: challenge.scopes ?? [] });
  }
  return new LatchkeyError("connect.consent_exhausted", { data: { connection, scopes: challenge.scopes } });
}

/** The token is new, and refused: perhaps the server has moved, which what was found before cannot say (TS-6, TS-10). */
export async function stillRefused(
  ports: ConnectPorts,
  who: ToolServerUse,
  server: ToolServer,
  answer: EgressResponse,
): Promise<Response> {
  const challenge = challengeOf(answer);
  if (challenge) await keepChallenge(ports, who.user as UserId, server, challenge);
  await ports.find(server, { refetch: true }).catch((thrown: unknown) => {
    if (!isLatchkeyError(thrown)) throw thrown;
    ports.log.warn(
      { toolServer: server.id, code: thrown.code },
      "a tool server refuses a new token and cannot be looked at",
    );
  });
  return asResponse(answer);
}
