/** Writes docs/reference/audit.md from the list of event types. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { auditPage } from "./audit-page.js";

await writeFile(join(import.meta.dirname, "../docs/reference/audit.md"), auditPage());
