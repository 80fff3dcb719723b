/**
 * What follows when an authorization server does not take our client (TS-7, TS-11). Where it will take none of ours, and the
 * tool server names others beside it, what was found is found anew: the next one that offers a way in is asked then (TS-3).
 */
import type { AuthorizationServer } from "../oauth/types.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

/** By its own word, at PAR or the token endpoint. Answers whether another client is to be had there now. */
export async function clientRejected(
  ports: Pick<ConnectPorts, "clients" | "find">,
  server: ToolServer,
  as: AuthorizationServer,
  clientId: string,
): Promise<boolean> {
  if (await ports.clients.rejected(server, as, clientId, "token")) return true;
  if ((await ports.clients.choose(server, as)).kind !== "operator") return false;
  const named = (await ports.find(server)).resource?.authorizationServers ?? [];
  if (named.length > 1) await ports.find(server, { refetch: true });
  return false;
}
