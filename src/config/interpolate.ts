/**
 * `${NAME}` and `${file:/run/secrets/x}` inside values. `$${` stands for a plain `${`.
 *
 * What was put in is looked at once and never searched again, so a secret that holds `${` stays as it is.
 */

import type { Environment } from "./environment.js";
import { fromText } from "./from-text.js";
import type { ConfigProblem } from "./problems.js";
import { nodeAt } from "./schema-tree.js";

export interface InterpolationPorts {
  readonly env: Environment;
  /** The whole file as UTF-8 text; rejects when it cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
}

export interface Interpolated {
  readonly value: unknown;
  /** Per path, what was written there before: `${CORP_SECRET}`. */
  readonly written: ReadonlyMap<string, string>;
  readonly problems: readonly ConfigProblem[];
}

/** Deeper than any key there is; a hostile file must not overflow the stack. */
const maxDepth = 32;

export async function interpolate(input: unknown, ports: InterpolationPorts): Promise<Interpolated> {
  const written = new Map<string, string>();
  const problems: ConfigProblem[] = [];

  async function walk(value: unknown, path: readonly (string | number)[]): Promise<unknown> {
    if (path.length > maxDepth) return value;
    if (typeof value === "string") return value.includes("${") ? replace(value, path) : value;
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (const [index, item] of value.entries()) items.push(await walk(item, [...path, index]));
      return items;
    }
    if (typeof value !== "object" || value === null || !isPlain(value)) return value;
    const members: [string, unknown][] = [];
    for (const [name, item] of Object.entries(value)) members.push([name, await walk(item, [...path, name])]);
    return Object.fromEntries(members);
  }

  async function replace(text: string, path: readonly (string | number)[]): Promise<unknown> {
    const at = path.join(".");
    const fail = (message: string, allowed: string | null = null) => {
      problems.push({ path: at, kind: "unresolved", message, found: null, allowed, nearest: null });
      return "";
    };
    let result = "";
    let rest = 0;
    for (const match of text.matchAll(/\$?\$\{([^}]*)(\}?)/g)) {
      result += text.slice(rest, match.index);
      rest = match.index + match[0].length;
      const [whole, name = "", end] = match;
      if (whole.startsWith("$$")) result += whole.slice(1);
      else if (end !== "}") result += fail("holds ${ without }", "${NAME} or ${file:/path}; $${ for a plain ${");
      else if (name.startsWith("file:")) result += await fileText(name.slice(5), fail);
      else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        result += fail(
          "holds ${…} with something that is no variable name",
          "${NAME} or ${file:/path}; $${ for a plain ${",
        );
      else result += ports.env[name] ?? fail(`needs the environment variable ${name}, which is not set`);
    }
    result += text.slice(rest);
    written.set(at, text);
    // `port: ${PORT}` is a number although the environment only has text.
    const node = nodeAt(path);
    const isWhole = /^\$\{[^}]*\}$/.test(text);
    return isWhole && (node?.kind === "number" || node?.kind === "boolean") ? fromText(node, result) : result;
  }

  async function fileText(file: string, fail: (message: string) => string): Promise<string> {
    try {
      return (await ports.readFile(file)).replace(/\r?\n$/, "");
    } catch (thrown) {
      const why = thrown instanceof Error && "code" in thrown ? ` (${String(thrown.code)})` : "";
      return fail(`needs the file ${file}, which cannot be read${why}`);
    }
  }

  const value = await walk(input, []);
  return { value, written, problems };
}

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
};
