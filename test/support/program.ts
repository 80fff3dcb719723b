/**
 * A program of the tests as one file. A process that loads it through tsx takes seconds to start on a busy machine, and
 * the suite starts more than a hundred: put together once, it starts in a fifth of that.
 */
import { createHash } from "node:crypto";
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { buildSync } from "esbuild";

const root = join(import.meta.dirname, "../..");
/** As far below the root as `src/cli`, so that what is read beside the code (package.json) is found from here too. */
const folder = join(root, ".results/programs");
const made = new Map<string, string>();

/** @param entry A TypeScript file's path from the project's root, as `src/cli/main.ts`. @returns The file to run with Node. */
export function programFile(entry: string): string {
  const before = made.get(entry);
  if (before !== undefined) return before;
  const { outputFiles } = buildSync({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20.19",
    // Native, optional, or loading parts of themselves in ways that a bundler cannot follow.
    external: ["better-sqlite3", "undici", "pino", "prom-client", "pg", "ioredis"],
    banner: {
      js: 'import { createRequire as createRequireOfBundle } from "node:module"; const require = createRequireOfBundle(import.meta.url);',
    },
    sourcemap: "inline",
    sourcesContent: false,
    logLevel: "warning",
  });
  const contents = outputFiles[0]?.contents ?? new Uint8Array();
  const hash = createHash("sha256").update(contents).digest("hex").slice(0, 16);
  const file = join(folder, `${basename(entry, ".ts")}-${hash}.mjs`);
  mkdirSync(folder, { recursive: true });
  // Two workers may put the same file together at once: each sees it whole or not at all.
  const own = `${file}.${process.pid}`;
  writeFileSync(own, contents);
  renameSync(own, file);
  made.set(entry, file);
  return file;
}
