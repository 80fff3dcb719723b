import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { configReference } from "./reference.js";
import { schemaLeaves } from "./schema-tree.js";

test("SU-1 docs/reference/config.md is what the schema says", async () => {
  const page = await readFile(join(import.meta.dirname, "../../docs/reference/config.md"), "utf8");
  expect(page).toBe(configReference());
});

test("SU-1 the reference has a row for every key", () => {
  const page = configReference();
  for (const { path, node } of schemaLeaves()) {
    expect(page).toContain(`| \`${path.replaceAll(".*.", "[].")}\` |`);
    expect(page).toContain(node.description.replaceAll("|", "\\|"));
  }
});
