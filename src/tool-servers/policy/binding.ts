/** Whether a tool server's tokens are to be bound to a key (TS-22, RFC 9449). Pure. */
import type { FoundToolServer } from "../found.js";
import type { ToolServer } from "../tool-server.js";

/** `wanted`: asked for, and a server that answers with a bearer token all the same is taken at its word. */
export type Binding = "none" | "wanted" | "required";

/** What our keys can do. */
const algorithm = "ES256";

/**
 * `auto`: where the tool server says in any way that it knows bound tokens, and its authorization server lists an
 * algorithm of ours. A resource that lists algorithms without ours could not check our proofs.
 */
export function bindingFor({ dpop }: Pick<ToolServer, "dpop">, found: FoundToolServer): Binding {
  if (dpop !== "auto") return dpop === "always" ? "required" : "none";
  const { resource, challenge, authorizationServer } = found;
  const listed = resource?.dpopAlgorithms ?? null;
  const asked = listed?.includes(algorithm) ?? (resource?.dpopRequired === true || challenge?.scheme === "DPoP");
  return asked && authorizationServer?.dpop_signing_alg_values_supported?.includes(algorithm) ? "wanted" : "none";
}
