/** The list of audit events is the code's, and every type that the code writes is on it by construction. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { auditPage } from "../../scripts/audit-page.js";

test("SI-24 the page of audit events is current", () => {
  const written = readFileSync(join(import.meta.dirname, "../../docs/reference/audit.md"), "utf8");
  expect(written, "npm run docs would change it").toBe(auditPage());
});
