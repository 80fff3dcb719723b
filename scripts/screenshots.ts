/**
 * `npm run screenshots -- --out DIR`: a picture of every page in every state and look, `index.json` that lists them, and what
 * axe finds. The last line is `axe: N findings`; the exit status is 1 when N is not 0.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { chromiumPath } from "../test/services.js";
import { axeFindings, type Look, looks, openGallery, pageLanguages, pageStates } from "../test/support/page-states.js";

/** A translation changes words and sides, not colours: the dark is looked at in English. */
const looksIn = (language: string) =>
  (Object.keys(looks) as Look[]).filter((look) => language === "en" || look !== "dark");

function outOption(): string {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  if (values.out !== undefined) return values.out;
  console.error("usage: npm run screenshots -- --out DIR");
  process.exit(2);
}

const out = outOption();
const executablePath = chromiumPath();
if (executablePath === undefined) {
  console.error("no Chromium found; set CHROMIUM_PATH");
  process.exit(1);
}
await mkdir(out, { recursive: true });
const gallery = await openGallery(executablePath);
const index: object[] = [];
let count = 0;
try {
  const all = pageStates.flatMap((state) => pageLanguages.map((language) => ({ state, language })));
  for (const { state, language } of all) {
    for (const look of looksIn(language)) {
      const file = `${state.page}-${state.state}-${look}-${language}.png`;
      const { title, findings } = await gallery.show(
        state,
        look,
        async (page) => {
          await page.screenshot({ path: join(out, file), fullPage: true });
          return { title: await page.title(), findings: await axeFindings(page) };
        },
        language,
      );
      for (const finding of findings) console.log(`${file}: ${finding}`);
      count += findings.length;
      index.push({ file, page: state.page, state: state.state, look, language, path: state.path, title, findings });
    }
  }
} finally {
  await gallery.close();
}
await writeFile(join(out, "index.json"), `${JSON.stringify(index, null, 2)}\n`);
console.log(`${index.length} pictures in ${out}`);
console.log(`axe: ${count} findings`);
process.exitCode = count === 0 ? 0 : 1;
