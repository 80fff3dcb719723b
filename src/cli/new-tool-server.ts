/** From the flags of `tool-server add` to a record as it would stand in the file, checked as one there is. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { describeProblem } from "../config/describe-problem.js";
import type { Config, ToolServerConfig } from "../config/schema.js";
import { idOfUrl, resolveToolServer } from "../config/tool-server-record.js";
import { type JsonObject, type JsonValue, parseJson } from "../kernel/json.js";
import type { CommonOptions } from "./command.js";
import { UsageError } from "./exit-codes.js";
import { printable } from "./output.js";

export interface AddOptions extends CommonOptions {
  readonly id?: string;
  readonly name?: string;
  readonly scope?: readonly string[];
  readonly role?: readonly string[];
  readonly group?: readonly string[];
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly authorizationServer?: string;
  readonly set?: readonly string[];
}

/** @throws UsageError with every problem */
export async function readNewToolServer(
  url: string,
  options: AddOptions,
  config: Config,
  cwd: string,
): Promise<{ readonly input: JsonObject; readonly server: ToolServerConfig }> {
  const access = {
    ...(options.role === undefined ? {} : { roles: options.role }),
    ...(options.group === undefined ? {} : { groups: options.group }),
  };
  const named: Record<string, JsonValue | undefined> = {
    id: options.id ?? idOf(url),
    url,
    name: options.name,
    scopes: options.scope,
    clientId: options.clientId,
    clientSecret: options.clientSecretFile === undefined ? undefined : await secretOf(options.clientSecretFile, cwd),
    authorizationServer: options.authorizationServer,
    access: Object.keys(access).length === 0 ? undefined : access,
  };
  const input = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) as JsonObject;
  for (const one of options.set ?? []) setKey(input as Record<string, JsonValue>, one);
  const resolved = resolveToolServer(input, config);
  if (!resolved.ok)
    throw new UsageError(
      `this cannot be a tool server:\n${resolved.error.map((one) => `  - ${describeProblem(one)}`).join("\n")}`,
    );
  return { input, server: resolved.value };
}

/** @throws UsageError where none can be made */
export function idOf(url: string): string {
  if (!URL.canParse(url)) throw new UsageError(`${printable(url)} is no URL`);
  const id = idOfUrl(url);
  if (id === undefined) throw new UsageError("no id can be made of this host: give one with --id");
  return id;
}

async function secretOf(file: string, cwd: string): Promise<string> {
  const text = await readFile(resolve(cwd, file), "utf8").catch(() => {
    throw new UsageError(`--client-secret-file ${printable(file)} cannot be read`);
  });
  return text.trim();
}

/** A value is JSON where it can be read as that, else the text itself. */
function setKey(input: Record<string, JsonValue>, text: string): void {
  const [, path, value] = /^([A-Za-z][\w.-]*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined) throw new UsageError("--set takes key=value, such as dpop=always");
  const keys = path.split(".");
  const last = keys.pop() as string;
  let at = input;
  for (const key of keys) {
    const next = Object.hasOwn(at, key) ? at[key] : undefined;
    const inner = typeof next === "object" && next !== null && !Array.isArray(next) ? { ...next } : {};
    define(at, key, inner);
    at = inner as Record<string, JsonValue>;
  }
  define(at, last, parseJson(value) ?? value);
}

/** `__proto__` is a name like any other here, which the schema then refuses. */
const define = (at: object, key: string, value: JsonValue): void =>
  void Object.defineProperty(at, key, { value, enumerable: true, writable: true, configurable: true });
