/**
 * Puts the command line of a finished build into a handful of files, packages included: loading some eight hundred
 * small modules was half of the time from spawn to the ready line (QU-14, decision 0150). The library stays as tsc
 * wrote it. What is started lazily stays lazy: each dynamic import is a chunk of its own.
 *
 * Names are kept so that a stack trace in a log can be read; what bundled packages ask of those who pass them on, their
 * licences, is written beside the chunks.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** Native, optional, or loading parts of themselves in ways that a bundler cannot follow. */
const external = ["better-sqlite3", "pg", "ioredis", "pino", "prom-client", "undici"];

/**
 * zod brings its messages in some forty languages, a fifth of all that would be compiled before the ready line; the
 * command line speaks English.
 */
const zodInEnglish: Plugin = {
  name: "zod-in-english",
  setup: ({ onLoad }) =>
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    })),
};

export async function bundleCommand(root: string, dist: string): Promise<void> {
  const folder = join(dist, "cli");
  const result = await build({
    absWorkingDir: root,
    entryPoints: [join(folder, "main.js")],
    outdir: folder,
    allowOverwrite: true,
    write: false,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    external,
    plugins: [zodInEnglish],
    // A build may lie somewhere else than beside the packages.
    nodePaths: [join(root, "node_modules")],
    minifyWhitespace: true,
    minifySyntax: true,
    chunkNames: "[name]-[hash]",
    // CommonJS packages among those bundled ask for Node's own modules this way.
    banner: {
      js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);',
    },
    metafile: true,
    logLevel: "warning",
  });
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  for (const file of result.outputFiles) writeFileSync(file.path, file.contents);
  writeFileSync(join(folder, "THIRD-PARTY-NOTICES.txt"), notices(root, Object.keys(result.metafile.inputs)));
  chmodSync(join(folder, "main.js"), 0o755);
}

/** The licence of each package that a bundled file came from; of one that brings no text, what its package.json says. */
function notices(root: string, inputs: readonly string[]): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const found = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
    if (found) folders.add(found[0]);
  }
  return [...folders]
    .sort()
    .map((folder) => notice(join(root, folder)))
    .join("\n");
}

function notice(folder: string): string {
  const { name, version, license, author, repository } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Record<string, string | { name?: string; url?: string } | undefined>;
  if (!license) throw new Error(`${name} does not say under which licence it may be passed on`);
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const told = (value: typeof author) => (typeof value === "object" ? (value.name ?? value.url) : value) ?? "";
  const terms = file ? readFileSync(join(folder, file), "utf8") : `${told(author)} ${told(repository)}`;
  return `${name} ${version} (${license})\n\n${terms.trim()}\n\n${"-".repeat(72)}\n`;
}
