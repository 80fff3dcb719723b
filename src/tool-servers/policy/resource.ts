/**
 * Whether a `resource` identifier is this tool server's (TS-2, AT-39, RFC 9728 §3.3). It decides for whom tokens will be
 * asked for: a server that could name another's would be handed tokens that open the other.
 */
import { err, ok, type Result } from "../../kernel/result.js";
import type { Place } from "./well-known.js";

export interface ResourceRules {
  /** The one identifier, of those that the rules allow, that the operator takes, byte for byte; null for any of them. */
  readonly pinned: string | null;
  /** Whether an identifier that covers more than this server's URL is taken, with a warning. */
  readonly allowPrefix: boolean;
}

/** `prefix`: it covers more of the same origin than the server's URL. */
export type ResourceMatch = "exact" | "prefix";
export type ResourceProblem =
  | "resource_not_a_url"
  | "resource_fragment"
  | "resource_not_the_pinned_one"
  | "resource_of_another_server"
  | "resource_prefix_forbidden";

export function matchResource(
  resource: string,
  server: string,
  where: Place["where"],
  rules: ResourceRules,
): Result<ResourceMatch, ResourceProblem> {
  if (rules.pinned !== null && resource !== rules.pinned) return err("resource_not_the_pinned_one");
  if (!URL.canParse(resource)) return err("resource_not_a_url");
  if (resource.includes("#")) return err("resource_fragment");
  const named = new URL(resource);
  const ours = new URL(server);
  ours.hash = "";
  if (named.href === ours.href) return ok("exact");
  if (named.origin !== ours.origin || named.username !== "" || named.password !== "") {
    return err("resource_of_another_server");
  }
  if (where === "root" && named.pathname === "/" && named.search === "") return ok("exact");
  // `/mcp` covers `/mcp`, `/mcp/` and `/mcp/a`, and not `/mcp2`.
  const folder = (path: string): string => (path.endsWith("/") ? path : `${path}/`);
  if (named.search !== "" || !folder(ours.pathname).startsWith(folder(named.pathname))) {
    return err("resource_of_another_server");
  }
  // What the operator named is no news to them.
  if (rules.pinned !== null) return ok("exact");
  return rules.allowPrefix ? ok("prefix") : err("resource_prefix_forbidden");
}
