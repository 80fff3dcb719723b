/** Writes docs/reference/metrics.md from the list of metrics. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { metricsPage } from "./metrics-page.js";

await writeFile(join(import.meta.dirname, "../docs/reference/metrics.md"), metricsPage());
