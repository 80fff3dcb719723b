/**
 * `vault.fetch`: a `fetch` that adds the person's token, and only where it belongs (VA-13, EG-2). Bounds are looked at
 * before anything else, so that a URL from a stranger costs no refresh and sees no token; each redirect is looked at anew.
 *
 * Requests go through egress like all others. Their answers are read whole, up to `egress.maxBytes`.
 */
import type { EgressResponse } from "../egress/port.js";
import type { AccessToken, AccessTokenRequest, AccessTokens } from "./access-token.js";
import type { GrantFinder } from "./find-grant.js";
import {
  aborterOf,
  asResponse,
  type FetchWithToken,
  isReplayable,
  type Outgoing,
  outgoing,
  sendWithin,
  unlessAborted,
} from "./outgoing.js";
import { bearerChallenge } from "./policy/challenge.js";
import type { VaultPorts } from "./ports.js";

export function createVaultFetch(ports: VaultPorts, finder: GrantFinder, tokens: AccessTokens<AccessToken>) {
  return (who: Omit<AccessTokenRequest, "minValidity">): FetchWithToken =>
    async (input, init) => {
      const asked = new Request(input, init);
      const aborter = aborterOf(asked, input, init);
      const redirect = init?.redirect ?? asked.redirect;
      const replayable = isReplayable(input, init?.body);
      await finder.usableConnection(who.connection);
      const bounds = await ports.connections.bounds(who.connection);
      const request = await outgoing(asked, bounds, who.connection);
      const send = (accessToken: string) =>
        unlessAborted(
          aborter,
          sendWithin(request, bounds, redirect, (one) => sendOne(one, accessToken)),
        );
      const first = await tokens.accessToken(who);
      const answer = await send(first.accessToken);
      if (saysTooLittle(answer)) return tooLittle(who, answer);
      if (answer.status !== 401) return asResponse(answer);
      const next = await tokens.afterRejection(who, first.accessToken);
      if (!replayable || next.accessToken === first.accessToken) return asResponse(answer);
      const second = await send(next.accessToken);
      return saysTooLittle(second) ? tooLittle(who, second) : asResponse(second);
    };

  async function tooLittle(who: { user: string; connection: string }, answer: EgressResponse): Promise<Response> {
    const failure = await ports.connections.wantsMore(who, answer.headers.get("www-authenticate") ?? "");
    if (failure) throw failure;
    return asResponse(answer);
  }

  function sendOne({ url, method, headers, body }: Outgoing, accessToken: string): Promise<EgressResponse> {
    const authorized = { ...headers, authorization: `Bearer ${accessToken}` };
    return ports.egress.request({ purpose: "api", url, method, headers: authorized, body });
  }
}

const saysTooLittle = ({ status, headers }: EgressResponse): boolean =>
  (status === 403 || status === 401) &&
  bearerChallenge(headers.get("www-authenticate"))?.error === "insufficient_scope";
