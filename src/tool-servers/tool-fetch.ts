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
import { challengesNonce } from "../oauth/dpop.js";
import type { AccessToken } from "../vault/access-token.js";
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
import type { RunningVault } from "../vault/vault.js";
import { grantOf } from "./current-grant.js";
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
  readonly vault: Pick<RunningVault, "accessToken" | "reportRejected" | "boundToo">;
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
    const send = async (token: Held) => {
      const presented = await presentable(ports, server, who, token);
      return unlessAborted(
        asked.signal,
        sendWithin(request, bounds, redirect, (one) => sendOne(ports, server, one, presented, asked.signal)),
      );
    };

    const first = await connected(server, ports.vault.boundToo(who));
    const answer = await send(first);
    const challenge = challengeOf(answer);
    if (challenge && isStepUp(challenge)) throw await consentFor(ports, who, server, challenge);
    if (answer.status !== 401) return asResponse(answer);
    const next = await connected(server, ports.vault.boundToo(who, first.accessToken)).catch(
      async (thrown: unknown) => {
        // It cannot be refreshed: before the person is asked, where they are sent to is looked up anew (TS-6, TS-10).
        if (isLatchkeyError(thrown, "grant.needs_reconnect")) await lookAgain(ports, server);
        throw thrown;
      },
    );
    if (!replayable || next.accessToken === first.accessToken) return stillRefused(ports, who, server, answer);
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

type Held = Pick<AccessToken, "accessToken" | "tokenType">;
interface Presented {
  readonly accessToken: string;
  /** Null for a token that whoever bears it may use. */
  readonly key: string | null;
}

/** With the key that it is bound to, which is sealed beside it and handed to nobody. */
async function presentable(ports: UsePorts, server: ToolServer, who: ToolServerUse, token: Held): Promise<Presented> {
  const { accessToken, tokenType } = token;
  if (tokenType === "Bearer") return { accessToken, key: null };
  const held = await grantOf(ports, who.user as UserId, server);
  const key = held?.secrets?.proofKey;
  if (key !== undefined) return { accessToken, key };
  throw new LatchkeyError("grant.unreadable", { data: { connection: server.connection, reason: "proof_key" } });
}

async function sendOne(
  ports: UsePorts,
  server: ToolServer,
  { url, method, headers, body }: Outgoing,
  { accessToken, key }: Presented,
  signal: AbortSignal,
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
        ...(key === null
          ? { authorization: `Bearer ${accessToken}` }
          : {
              authorization: `DPoP ${accessToken}`,
              dpop: await ports.proofs.proof(key, { method, url: url.href, accessToken }),
            }),
      },
      body,
      signal,
      eventStream: true,
    });
  const answer = await once();
  if (key === null || !ports.proofs.remember(url.href, answer.headers) || !challengesNonce(answer)) return answer;
  const again = await once();
  ports.proofs.remember(url.href, again.headers);
  return again;
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
  await lookAgain(ports, server);
  return asResponse(answer);
}

async function lookAgain(ports: ConnectPorts, server: ToolServer): Promise<void> {
  await ports.find(server, { refetch: true }).catch((thrown: unknown) => {
    if (!isLatchkeyError(thrown)) throw thrown;
    ports.log.warn(
      { toolServer: server.id, code: thrown.code },
      "a tool server refuses a new token and cannot be looked at",
    );
  });
}
