/** What holds for every preset there is, so that a new one cannot leave it out. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { presets as names } from "../../src/config/later.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { presets } from "../../src/providers/presets/all.js";

const root = join(import.meta.dirname, "../..");
const all = Object.entries(presets);

/** The paths that the configuration complains about, of a record with this preset and nothing else. */
function lacking(preset: string): readonly string[] {
  const base = { baseUrl: "https://app.test", secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"] };
  const resolved = resolveConfig({ ...base, providers: [{ id: "x", preset, clientId: "c" }] });
  return resolved.ok ? [] : resolved.error.map(({ path }) => path.replace("providers.0.", ""));
}

test("SI-1 the names that the configuration takes are the presets there are", () => {
  expect([...names].sort()).toEqual(Object.keys(presets).sort());
});

describe.each(all)("the preset %s", (name, preset) => {
  test("SI-5 leaves out nonce and PKCE together only at linkedin, and PKCE only for a client with a secret", () => {
    const { nonce, pkce } = preset.quirks;
    expect([name, nonce || pkce || name === "linkedin"]).toEqual([name, true]);
    // A nonce is checked in the ID token alone: without one, PKCE must stay.
    expect([name, preset.kind === "oidc" || pkce]).toEqual([name, true]);
    if (!pkce) expect(lacking(name)).toContain("clientSecret");
  });

  test("SI-1 SI-2 tells who somebody is in one way, and where its endpoints are", () => {
    expect(preset.quirks.person !== null).toBe(preset.kind === "oauth2");
    const { authorization, token, userinfo } = preset.endpoints;
    const told = [authorization, token, userinfo].every((url) => url?.startsWith("https://"));
    const asked = lacking(name).filter((path) => path.startsWith("endpoints.")).length;
    if (preset.kind === "oauth2") expect(told || asked === 3).toBe(true);
    expect(preset.scopes.includes("openid")).toBe(preset.kind === "oidc");
    expect(Object.hasOwn(preset.quirks.metadata, "issuer")).toBe(false);
  });

  // `oidc` is any provider: there is nobody's page to point to.
  if (name === "oidc") return;
  test("SI-1 has a page that names the URI to register and the provider's own pages", () => {
    const page = join(root, "docs/providers", `${name}.md`);
    expect(existsSync(page)).toBe(true);
    const text = readFileSync(page, "utf8");
    expect(text).toContain(`/auth/providers/`);
    expect(text).toContain(`preset: ${name}`);
    expect(text).toMatch(/\]\(https:\/\//);
  });

  test("AC-15 its page says what the groups claim of somebody in no group looks like, with its source, or that it is not known", () => {
    const text = readFileSync(join(root, "docs/providers", `${name}.md`), "utf8");
    const said = /^- \*\*Groups\*\*(?:.|\n(?!- |\n))*/m.exec(text)?.[0] ?? "";
    const words = {
      left_out: /(no `groups` claim at all|leaves the claim out).*absent: empty/s,
      empty_list: /empty list/,
      no_claim: /there is no such claim/,
      unknown: /not known/,
    }[preset.quirks.groupsWhenEmpty.is];
    expect(said.replaceAll("\n", " ")).toMatch(words);
    if (preset.quirks.groupsWhenEmpty.is !== "unknown") expect(said).toMatch(/\]\(https:\/\//);
  });
});
