/** The pages about errors are what the catalog says, and each link on them leads to a page. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { errorPages } from "../../scripts/error-pages.js";
import { errorCatalog } from "../../src/kernel/error-catalog.js";
import { aWorld } from "../options/setting.js";

const docs = join(import.meta.dirname, "../../docs");
const pages = errorPages();

test("SI-13 QU-2 the pages are current: `npm run docs` would change nothing", () => {
  const written = ["reference/errors.md", ...readdirSync(join(docs, "errors")).map((name) => `errors/${name}`)];
  expect(written.sort()).toEqual([...pages.keys()].sort());
  for (const path of written) expect(readFileSync(join(docs, path), "utf8"), path).toBe(pages.get(path));
});

test("QU-2 every code has a page, with what it means, what to do, its status, and a row in the reference", () => {
  const reference = pages.get("reference/errors.md") ?? "";
  for (const [code, { status, retryable, message, person, operator }] of Object.entries(errorCatalog)) {
    const page = pages.get(`errors/${code}.md`) ?? "";
    for (const words of [
      message,
      person,
      operator,
      `| HTTP status | ${status} |`,
      `may help | ${retryable ? "yes" : "no"} |`,
    ])
      expect(page, code).toContain(words);
    expect(reference).toContain(`| [\`${code}\`](../errors/${code}.md) | ${status} |`);
  }
});

test("QU-2 every link leads to a page", () => {
  for (const [path, text] of pages) {
    for (const [, link = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
      expect(pages.has(normalize(join(dirname(path), link))), `${link} on ${path}`).toBe(true);
    }
  }
});

test("SI-13 SU-4 what goes out names the code of such a page and leads nowhere but to ourselves", async () => {
  const world = await aWorld();
  const answer = await world.request("/providers/nobody/start", { headers: { accept: "application/json" } });
  const problem = (await answer.json()) as { type: string; code: string; status: number };
  expect(problem).toMatchObject({ type: `urn:latchkey:error:${problem.code}`, status: answer.status });
  expect(pages.has(`errors/${problem.code}.md`)).toBe(true);

  const html = await (await world.request("/sign-in?error=signin.denied&request=request-0001")).text();
  const box = /<div[^>]*role="alert".*?<\/div>/s.exec(html)?.[0] ?? "";
  expect(box).toContain("signin.denied");
  const links = [...box.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(
    ([, link = ""]) => new URL(link, world.url("/sign-in")).origin,
  );
  expect(new Set(links)).toEqual(new Set([world.baseUrl]));
});
