/** SU-10: what `branding` changes on pages, and that nothing of it reaches another origin. `branding.name` is in sign-in.test.ts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { resolveUnknown } from "../../src/config/resolve.js";
import { aWorld } from "./setting.js";

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

type World = Awaited<ReturnType<typeof aWorld>>;
const page = async (world: World) => {
  const response = await world.request("/sign-in");
  return { html: await response.text(), policy: response.headers.get("content-security-policy") };
};
/** Where the style sheets of the page lie, in its order. */
async function sheetPaths(world: World): Promise<readonly string[]> {
  const { html } = await page(world);
  return [...html.matchAll(/<link rel="stylesheet" href="[^"]*(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
}
const sheets = async (world: World) => Promise.all((await sheetPaths(world)).map((path) => world.request(path)));

test("SU-10 [option:branding.logo] stands beside the name, from our own origin or written out", async () => {
  const { html } = await page(await aWorld({ config: { branding: { logo: "/static/logo.svg" } } }));
  expect(html).toContain('<img class="logo" src="/static/logo.svg" alt=""/>');
  expect((await page(await aWorld())).html).not.toContain('class="logo"');
});

test("SU-10 [option:branding.color] draws the accent, where it can be read", async () => {
  const coloured = await aWorld({ config: { branding: { color: "#7a1f5c" } } });
  const [sheet] = await sheets(coloured);
  expect(await sheet?.text()).toContain("--accent: #7a1f5c; --accent-ink: #ffffff;");
  const plain = await aWorld();
  expect(await (await sheets(plain))[0]?.text()).not.toContain("#7a1f5c");
  // Kept for ever under its name, so another colour is another name.
  expect(await sheetPaths(coloured)).not.toEqual(await sheetPaths(plain));
});

test("SU-10 [option:branding.css] is served from our origin after our own, under the same policy", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-branding-"));
  folders.push(folder);
  const file = join(folder, "corp.css");
  await writeFile(file, ".card { border-radius: 0 }");
  const world = await aWorld({ config: { branding: { css: file } } });
  const all = await sheets(world);
  expect(all.map(({ status }) => status)).toEqual([200, 200]);
  expect(all[1]?.headers.get("content-type")).toBe("text/css; charset=utf-8");
  expect(await all[1]?.text()).toBe(".card { border-radius: 0 }");
  expect((await page(world)).policy).toBe((await page(await aWorld())).policy);
});

test("SU-10 a branding.css that cannot be read stops the start and is named", async () => {
  await expect(aWorld({ config: { branding: { css: "/no/such/file.css" } } })).rejects.toMatchObject({
    code: "config.unreadable",
    data: { path: "branding.css", file: "/no/such/file.css" },
  });
});

test("SU-10 [option:branding.links.*.label] [option:branding.links.*.url] are at the foot of every page", async () => {
  const links = [
    { label: "Imprint <&>", url: "https://corp.example.com/imprint" },
    { label: "Privacy", url: "/privacy" },
  ];
  const world = await aWorld({ config: { branding: { links } } });
  const foot = (html: string) => /<footer>.*<\/footer>/s.exec(html)?.[0];
  const { html } = await page(world);
  expect(foot(html)).toContain('<a href="https://corp.example.com/imprint">Imprint &lt;&amp;&gt;</a>');
  expect(foot(html)).toContain('<a href="/privacy">Privacy</a>');
  expect(foot(await (await world.request("/signed-out")).text())).toBe(foot(html));
  expect(foot((await page(await aWorld())).html)).toBeUndefined();
});

test.each([
  ["logo", "https://cdn.evil.test/x.png"],
  ["logo", "//cdn.evil.test/x.png"],
  ["logo", "data:text/html,x"],
  ["color", "red"],
  ["color", "#fff"],
  ["color", "#1f5fbf; } body { display: none"],
  ["links.0.url", "javascript:alert(1)"],
  ["links.0.url", "http://corp.example.com/imprint"],
  ["links.0.url", "//evil.test"],
  ["links.0.url", "https://user:pw@evil.test/"],
])("SU-10 branding.%s: %s is refused, with what is allowed", (key, value) => {
  const branding = key.startsWith("links") ? { links: [{ label: "Imprint", url: value }] } : { [key]: value };
  const resolved = resolveUnknown({
    baseUrl: "http://localhost:3000",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "latchkey" }],
    branding,
  });
  expect(resolved.ok ? [] : resolved.error).toEqual([
    expect.objectContaining({ path: `branding.${key}`, kind: "invalid", allowed: expect.stringMatching(/./) }),
  ]);
});
