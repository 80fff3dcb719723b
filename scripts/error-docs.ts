/** Writes docs/reference/errors.md and docs/errors/ from the error catalog; pages of codes that are gone go too. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorPages } from "./error-pages.js";

const docs = join(import.meta.dirname, "../docs");
const pages = errorPages();
await mkdir(join(docs, "errors"), { recursive: true });
for (const name of await readdir(join(docs, "errors"))) {
  if (!pages.has(`errors/${name}`)) await rm(join(docs, "errors", name));
}
for (const [path, text] of pages) {
  await mkdir(dirname(join(docs, path)), { recursive: true });
  await writeFile(join(docs, path), text);
}
