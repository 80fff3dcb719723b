/** One tool server as it would stand in the file, for those that are kept elsewhere: the same schema, the same checks. Pure. */
import { err, ok, type Result } from "../kernel/result.js";
import { type ConfigProblem, problemsOf } from "./problems.js";
import type { Config, ToolServerConfig } from "./schema.js";
import { toolServerSchema } from "./schema-tool-servers.js";
import { toolServerChecks } from "./tool-server-checks.js";

/**
 * @param input never trusted: what was stored may be from another version
 * @param config whose roles `access.roles` has to name, and whose providers `provider`
 */
export function resolveToolServer(
  input: unknown,
  { roles, providers }: Pick<Config, "roles" | "providers">,
): Result<ToolServerConfig, readonly ConfigProblem[]> {
  const parsed = toolServerSchema.safeParse(input);
  // Told as of a whole configuration: which keys are secrets, and what is allowed, is known by their paths there.
  const whole = { toolServers: [input], roles: { order: roles.order }, providers: providers.map(({ id }) => ({ id })) };
  const issues = parsed.error?.issues.map((issue) => ({ ...issue, path: ["toolServers", 0, ...issue.path] })) ?? [];
  const own = problemsOf(issues, whole);
  const reported = new Set(own.map(({ path }) => path));
  const between = toolServerChecks(whole).filter(({ path }) => !reported.has(path));
  const problems = [...own, ...between].map((found) => ({
    ...found,
    path: found.path.replace(/^toolServers\.0\.?/, ""),
  }));
  return parsed.success && problems.length === 0 ? ok(parsed.data) : err(problems);
}

/** For what was stored; undefined where this version, or these roles, do not take it. */
export const readToolServer =
  (config: Pick<Config, "roles" | "providers">) =>
  (input: unknown): ToolServerConfig | undefined => {
    const resolved = resolveToolServer(input, config);
    return resolved.ok ? resolved.value : undefined;
  };

/** `https://mcp.linear.app/mcp` is `linear`: the first part of the host that says something; undefined where none does. */
export function idOfUrl(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const parts = /^[\d.]+$|:/.test(hostname)
    ? []
    : hostname.split(".").slice(0, hostname.includes(".") ? -1 : undefined);
  const told = parts.find((part) => !/^(?:mcp|api|www|app)$/.test(part)) ?? "";
  const id = told
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "")
    .slice(0, 32);
  return id === "" ? undefined : id;
}
