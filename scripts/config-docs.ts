/** Writes docs/reference/config.md from the schema. With `--check` it only compares, and exits 1 when the page is old. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { configReference } from "../src/config/reference.js";

const page = join(import.meta.dirname, "../docs/reference/config.md");
const made = configReference();
if (process.argv.includes("--check")) {
  const current = (await readFile(page, "utf8").catch(() => "")) === made;
  console.log(
    current
      ? "docs/reference/config.md is current"
      : "docs/reference/config.md is old: run node --import tsx scripts/config-docs.ts",
  );
  process.exitCode = current ? 0 : 1;
} else {
  await mkdir(dirname(page), { recursive: true });
  await writeFile(page, made);
}
