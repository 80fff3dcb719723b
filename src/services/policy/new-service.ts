/** What may be a service (VA-15): the same rules as for one in the configuration. Pure. */
import { isAudience } from "../../kernel/assertion-limits.js";
import { err, ok, type Result } from "../../kernel/result.js";
import type { Service } from "../service.js";

export type NewServiceRefusal = "id" | "connections" | "offline" | "audience";

export function checkNewService({ id, connections, offline, audience }: Service): Result<void, NewServiceRefusal> {
  if (!/^[a-z0-9-]{1,32}$/.test(id)) return err("id");
  const named = connections.every((one) => /^(\*|(provider|tool):[a-z0-9-]{1,32})$/.test(one));
  if (connections.length === 0 || !named) return err("connections");
  // Every token of everybody, at any time, without anybody being there.
  if (offline && connections.includes("*")) return err("offline");
  if (audience !== null && !isAudience(audience)) return err("audience");
  return ok();
}
