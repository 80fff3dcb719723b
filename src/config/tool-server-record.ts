/** One tool server as it would stand in the file, for those that are kept elsewhere: the same schema, the same checks. Pure. */
import { err, ok, type Result } from "../kernel/result.js";
import { type ConfigProblem, problemsOf } from "./problems.js";
import type { Config, ToolServerConfig } from "./schema.js";
import { toolServerSchema } from "./schema-tool-servers.js";
import { toolServerChecks } from "./tool-server-checks.js";

/**
 * @param input never trusted: what was stored may be from another version
 * @param roles of the configuration, which `access.roles` has to name
 */
export function resolveToolServer(
  input: unknown,
  { order }: Pick<Config["roles"], "order">,
): Result<ToolServerConfig, readonly ConfigProblem[]> {
  const parsed = toolServerSchema.safeParse(input);
  const own = parsed.success ? [] : problemsOf(parsed.error.issues, input);
  const reported = new Set(own.map(({ path }) => path));
  const between = toolServerChecks({ toolServers: [input], roles: { order } })
    .map((found) => ({ ...found, path: found.path.replace(/^toolServers\.0\.?/, "") }))
    .filter(({ path }) => !reported.has(path));
  const problems = [...own, ...between];
  return parsed.success && problems.length === 0 ? ok(parsed.data) : err(problems);
}

/** For what was stored; undefined where this version, or these roles, do not take it. */
export const readToolServer =
  ({ roles }: Pick<Config, "roles">) =>
  (input: unknown): ToolServerConfig | undefined => {
    const resolved = resolveToolServer(input, roles);
    return resolved.ok ? resolved.value : undefined;
  };
