/**
 * Discovery, and the one consequence that must not be missed: where a tool server names another authorization server now,
 * the grants of the old one end, and their tokens go to neither server again (TS-10).
 */
import type { Log } from "../kernel/log.js";
import type { Clock } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { FindToolServer } from "./ports.js";

export function createFind(
  ports: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  discover: FindToolServer,
): FindToolServer {
  /** The issuer that this process has last seen of each server, and ended foreign grants for. */
  const kept = new Map<string, string>();

  return async (server, options) => {
    const found = await discover(server, options);
    // Its tokens are the sign-in provider's, whoever it names.
    const issuer = server.registration === "provider" ? undefined : found.authorizationServer?.issuer;
    // The fixed paths of 2025-03-26 are a guess where documents were not to be had; nobody named another server.
    if (issuer === undefined || found.authorizationServerFrom === "fallback") return found;
    if (kept.get(server.id) === issuer) return found;
    const now = ports.clock.now();
    const ended = await ports.store.transaction(async (tx) => {
      const count = await tx.grants.endForeign(server.connection, { issuer }, "issuer_changed", now);
      if (count > 0) await tx.announcements.append("tool_server", server.id, now);
      return count;
    });
    kept.set(server.id, issuer);
    if (ended > 0) {
      const fields = { toolServer: server.id, issuer, grants: ended };
      ports.log.warn(fields, "a tool server names another authorization server: its people have to connect again");
    }
    return found;
  };
}
