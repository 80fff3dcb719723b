/**
 * `toolServers.authProvider`: the minimal provider that the official TypeScript client takes (TS-16). The client sends the
 * token; what becomes of its refusals is decided here, as for `toolServers.fetch`.
 */
import type { EgressResponse } from "../egress/port.js";
import { readChallenge } from "./policy/challenge.js";
import { isStepUp } from "./policy/scopes.js";
import {
  connected,
  consentFor,
  serverOf,
  stillRefused,
  type ToolServerUse,
  tokenOf,
  type UsePorts,
} from "./tool-fetch.js";

/** The shape of `AuthProvider` in `@modelcontextprotocol/client` 2.x, written out so that nobody needs that package for it. */
export interface AuthProvider {
  /** Before every request. */
  token(): Promise<string>;
  /** After a 401; the client then asks for a token again and tries once more. */
  onUnauthorized(context: { readonly response: Response }): Promise<void>;
}

export const createAuthProvider =
  (ports: UsePorts) =>
  (who: ToolServerUse): AuthProvider => {
    const server = serverOf(ports, who.connection);
    /** The client does not say which token was refused: the last one it was given. */
    let last: string | undefined;
    return {
      async token() {
        last = await tokenOf(ports, server, who);
        return last;
      },
      async onUnauthorized({ response }) {
        const challenge = readChallenge(response.headers.get("www-authenticate"));
        if (challenge && isStepUp(challenge)) throw await consentFor(ports, who, server, challenge);
        const refused = last ?? (await tokenOf(ports, server, who));
        const next = await connected(server, ports.vault.reportRejected({ ...who, accessToken: refused }));
        if (next.accessToken !== refused) return;
        const { status, headers, url } = response;
        await stillRefused(ports, who, server, {
          status,
          headers,
          url,
          body: new Uint8Array(),
        } satisfies EgressResponse);
      },
    };
  };
