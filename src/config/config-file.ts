/**
 * Finding and reading the one configuration file. There is no `extends`, no rc file, no `.env`, no home folder and
 * no request: what is read is the file that was named, or one of five names in one folder (docs/decisions/0040).
 */
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { LineCounter, parseDocument } from "yaml";
import { LatchkeyError } from "../kernel/errors.js";

/** Looked for in this order; the first that is there is taken. */
export const fileNames = [
  "latchkey.yaml",
  "latchkey.yml",
  "latchkey.json",
  "latchkey.config.ts",
  "latchkey.config.mjs",
] as const;

export interface FilePorts {
  /** The whole file as UTF-8 text; rejects with `code: "ENOENT"` when there is none. */
  readonly readFile: (path: string) => Promise<string>;
  /** `import(url)` of a `.ts` or `.mjs` file. */
  readonly importModule: (url: string) => Promise<unknown>;
}

export interface ConfigFile {
  readonly path: string;
  readonly content: unknown;
}

/**
 * Reads `file`, or the first of the known names in `cwd`; undefined when none is there.
 *
 * @throws LatchkeyError `config.unreadable` when the named file is missing, or what is there cannot be read.
 */
export async function readConfigFile(
  options: { file: string | undefined; cwd: string },
  ports: FilePorts,
): Promise<ConfigFile | undefined> {
  const { file, cwd } = options;
  if (file !== undefined) {
    const path = isAbsolute(file) ? file : join(cwd, file);
    const found = await readOne(path, ports);
    if (found === undefined) throw unreadable(path, "the file does not exist");
    return found;
  }
  for (const name of fileNames) {
    const found = await readOne(join(cwd, name), ports);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function readOne(path: string, ports: FilePorts): Promise<ConfigFile | undefined> {
  let text: string;
  try {
    text = await ports.readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    if (code === "ENOENT") return undefined;
    throw unreadable(path, `the file cannot be read (${code})`);
  }
  if (/\.json$/i.test(path)) return { path, content: parseJsonText(text, path) };
  if (/\.(ts|mts|mjs|js)$/i.test(path)) return { path, content: await importDefault(path, ports) };
  if (/\.ya?ml$/i.test(path)) return { path, content: parseYamlText(text, path) };
  throw unreadable(path, "the name must end in .yaml, .yml, .json, .ts or .mjs");
}

const unreadable = (file: string, reason: string, cause?: unknown) =>
  new LatchkeyError("config.unreadable", { data: { file, reason }, cause });

/** Text as YAML, and what is wrong with it: which kind, and where. */
function yamlOf(text: string) {
  const lines = new LineCounter();
  // prettyErrors would print the line itself, which may hold a secret.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, uniqueKeys: true });
  const problems = document.errors.map(({ code, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { code, words: `at line ${line}, column ${col} (${code})` };
  });
  return { document, problems };
}

function parseYamlText(text: string, path: string): unknown {
  const { document, problems } = yamlOf(text);
  if (problems[0] !== undefined) throw unreadable(path, `not valid YAML ${problems[0].words}`);
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch {
    throw unreadable(path, "not usable YAML: an alias without an anchor, or too many aliases");
  }
}

function parseJsonText(text: string, path: string): unknown {
  let content: unknown;
  try {
    content = JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch (cause) {
    // The message of V8 quotes the text, which may be a secret; only the position is taken from it.
    const position = /position (\d+)/.exec(String(cause))?.[1];
    const before = position === undefined ? [] : text.slice(0, Number(position)).split("\n");
    throw unreadable(
      path,
      before.length === 0
        ? "not valid JSON"
        : `not valid JSON at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`,
    );
  }
  // JSON.parse takes the last of two equal keys and says nothing. YAML, of which JSON is a part, does not.
  const twice = yamlOf(text).problems.find(({ code }) => code === "DUPLICATE_KEY");
  if (twice !== undefined) throw unreadable(path, `holds a key twice ${twice.words}`);
  return content;
}

async function importDefault(path: string, ports: FilePorts): Promise<unknown> {
  let loaded: unknown;
  try {
    loaded = await ports.importModule(pathToFileURL(path).href);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw unreadable(
        path,
        "this Node.js cannot read TypeScript; write latchkey.config.mjs or latchkey.yaml, or use Node.js 22.18 or newer",
      );
    }
    throw unreadable(path, "the module failed while it was loaded", cause);
  }
  const content = typeof loaded === "object" && loaded !== null ? Reflect.get(loaded, "default") : undefined;
  if (typeof content !== "object" || content === null)
    throw unreadable(path, "the module has no default export that is an object");
  return content;
}
