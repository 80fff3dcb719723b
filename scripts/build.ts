/**
 * `npm run build`: the package as it is published, in dist/ or the folder that is named. Plain tsc; then what tsc does not carry along (files
 * that are not TypeScript) is copied, and the command line put into few files.
 */
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { bundleCommand } from "./bundle-command.js";

const root = join(import.meta.dirname, "..");
const from = join(root, "src");
const to = resolve(root, process.argv[2] ?? "dist");
const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin", "tsc");

rmSync(to, { recursive: true, force: true });
try {
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", to], { cwd: root, stdio: "inherit" });
} catch {
  // tsc has said on its own what is wrong.
  process.exit(1);
}
for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || /\.tsx?$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  cpSync(path, join(to, path.slice(from.length)));
}
await bundleCommand(root, to);
