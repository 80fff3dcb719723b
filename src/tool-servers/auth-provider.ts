/**
 * `toolServers.authProvider`: the minimal provider that the official TypeScript client takes (TS-16). The client sends the
 * token; what becomes of its refusals is decided here, as for `toolServers.fetch`.
 */
import type { EgressResponse } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { RunningVault } from "../vault/vault.js";
import { readChallenge } from "./policy/challenge.js";
import { isStepUp } from "./policy/scopes.js";
import { needsPerson } from "./policy/without-person.js";
import { connected, isOpenTo, type ToolServerUse, type UsePorts } from "./token-holder.js";
import { knownServer, stillRefused } from "./tool-fetch.js";
import type { ToolServer } from "./tool-server.js";
import { wantsMore } from "./wants-more.js";

/** The shape of `AuthProvider` in `@modelcontextprotocol/client` 2.x, written out so that nobody needs that package for it. */
export interface AuthProvider {
  /** Before every request. */
  token(): Promise<string>;
  /** After a 401; the client then asks for a token again and tries once more. */
  onUnauthorized(context: { readonly response: Response }): Promise<void>;
}

export interface AuthProviderPorts extends UsePorts {
  readonly vault: Pick<RunningVault, "boundToo" | "accessToken" | "reportRejected">;
}

export const createAuthProvider =
  (ports: AuthProviderPorts) =>
  (who: ToolServerUse): AuthProvider => {
    const server = knownServer(ports, who.connection);
    /** The client does not say which token was refused: the last one it was given. */
    let last: string | undefined;
    return {
      async token() {
        last = await tokenOf(ports, server, who);
        return last;
      },
      async onUnauthorized({ response }) {
        const challenge = readChallenge(response.headers.get("www-authenticate"));
        if (challenge && isStepUp(challenge) && needsPerson(server))
          throw await wantsMore(ports, who, server, challenge);
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

/** The operator's key, and what a sign-in provider gave for this server alone, go through our own `fetch` (TS-21). */
async function tokenOf(ports: AuthProviderPorts, server: ToolServer, who: ToolServerUse): Promise<string> {
  if (server.registration === "key" || server.registration === "provider") {
    throw new LatchkeyError("grant.token_bound", { data: { connection: server.connection, error: "invalid_target" } });
  }
  try {
    return (await connected(server, ports.vault.accessToken(who))).accessToken;
  } catch (thrown) {
    if (!(await isOpenTo(ports, server, thrown))) throw thrown;
    throw new LatchkeyError("connect.server_open", { cause: thrown, data: { connection: server.connection } });
  }
}
