/** docs/tool-servers: the pages about vendors. Their samples hold as they stand, and no line of theirs is without its source. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";

const folder = join(import.meta.dirname, "../../docs/tool-servers");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const vendors = ["atlassian", "entra", "github", "google", "linear", "notion", "slack"];

test("TS-18 every vendor's page is there, and the first page leads to each", () => {
  expect(readdirSync(folder).sort()).toEqual(["README.md", ...vendors.map((name) => `${name}.md`)].sort());
  for (const name of vendors) expect(read("README.md")).toContain(`](${name}.md)`);
});

describe.each(["README", ...vendors])("%s", (name) => {
  const text = read(`${name}.md`);
  const samples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, body = ""]) => body);

  test("SU-1 TS-7 each sample is a configuration as it stands", () => {
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) {
      // What the environment would put in, and secrets of ours: the sample says the rest.
      const filled = sample.replace(/\$\{[A-Z_]+\}/g, "a-secret-of-the-vendor");
      const written = parse(filled) as Partial<ConfigInput>;
      const resolved = resolveConfig({
        baseUrl: "https://chat.example.com",
        secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
        providers: [{ id: "corp", issuer: "https://idp.example.com", clientId: "x", clientSecret: "y" }],
        ...written,
      });
      expect(resolved.ok ? [] : resolved.error).toEqual([]);
      if (resolved.ok) expect(resolved.value.toolServers.length).toBe(written.toolServers?.length);
    }
  });

  test("links within the project lead somewhere", () => {
    const links = [...text.matchAll(/\]\((\.\.?\/[^)#]*|[a-z-]+\.md)(?:#[^)]*)?\)/g)].map(([, to = ""]) => to);
    expect(links.filter((to) => !existsSync(join(folder, to)))).toEqual([]);
  });
});

describe.each(vendors)("%s", (name) => {
  const text = read(`${name}.md`).replace(/^```.*?^```$/gms, "");

  test("each line of it says where it was read, or which rule of ours it follows from; nobody was asked", () => {
    expect(text).toContain("None was connected to from here");
    const [, ...sections] = text.split(/^## /m);
    const pieces = sections.flatMap((section) =>
      section
        .split("\n")
        .slice(1)
        .join("\n")
        .split(/\n(?=- )|\n\n/),
    );
    const bare = pieces.map((piece) => piece.trim()).filter((piece) => piece !== "" && !piece.includes("]("));
    expect(bare).toEqual([]);
  });

  test("it speaks of registration, scopes, refresh and PKCE", () => {
    for (const what of [/Registration/, /[Ss]copes/, /[Rr]efresh/, /PKCE/]) expect(text).toMatch(what);
  });
});
