import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { annsCookie, aWorld, browser } from "../../test/support/hand-made-features.js";
import { allLanguages, languageFor } from "./languages.js";
import { german } from "./pages/messages-de.js";
import { english } from "./pages/messages-en.js";

describe("the language of a page", () => {
  test.each([
    ["en", null],
    ["en", ""],
    ["en", "fr"],
    ["de", "de"],
    ["de", "DE-at"],
    ["de", "fr, de;q=0.8, en;q=0.7"],
    ["en", "fr, de;q=0.7, en;q=0.8"],
    ["en", "en, de"],
    ["de", "de, en"],
    ["en", "de;q=0"],
    ["en", "de;q=2"],
    ["en", "de;q=nonsense"],
    ["en", "*"],
    ["de", "*;q=0.1, de"],
    ["en", "den"],
    ["en", `${"fr, ".repeat(200)}de`],
  ])("SU-9 is %s for Accept-Language %j", (language, header) => {
    expect(languageFor(header).language).toBe(language);
  });

  test("SU-9 is one of those there are, whatever the browser sends", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 600 }), (header) => {
        expect(allLanguages).toContain(languageFor(header));
      }),
    );
  });
});

/** Every text of a language by its path; what has gaps is given marks for them. */
function textsOf(value: unknown, path: string): readonly (readonly [string, string])[] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") return path.endsWith(".time") ? [] : [[path, String(value("⟦1⟧", "⟦2⟧"))]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => textsOf(below, `${path}.${key}`));
}

describe("German", () => {
  const own = new Map(textsOf({ ...german, language: "", direction: "" }, ""));
  const theirs = new Map(textsOf({ ...english, language: "", direction: "" }, ""));

  test("SU-9 says everything in its own words, and fills every gap", () => {
    const same = [...own].filter(([path, text]) => text !== "" && theirs.get(path) === text).map(([path]) => path);
    // The same words in both: a name, a key of the configuration, "Webhooks", "Name".
    const shared = [
      ".admin.webhooks",
      ".admin.name",
      ".admin.groupWhy.blocked",
      ".toolServers.url",
      ".toolServers.usesOf.client",
      ".toolServers.usesOf.resource",
    ];
    expect(same).toEqual([".title", ".failure.code", ...shared]);
    for (const [path, text] of own) {
      const gaps = (words: string | undefined) => (words?.match(/⟦.⟧/g) ?? []).toSorted();
      expect([path, gaps(text)]).toEqual([path, gaps(theirs.get(path))]);
    }
  });

  test("SU-9 says why a role is held for each reason there is", () => {
    for (const origin of ["first-user", "bootstrap", "default", "manual"]) {
      expect(german.account.roleReason(origin)).not.toContain(origin);
    }
    expect(german.account.roleReason("somewhere")).toContain("somewhere");
  });

  test("SU-9 an instant is written as German writes it", () => {
    const at = 1_790_000_000_000 as Parameters<typeof german.time>[0];
    expect(german.time(at)).toBe("21.09.2026, 14:13 UTC");
    expect(english.time(at)).toBe("21 September 2026, 14:13 UTC");
  });
});

describe.each([
  ["/auth/sign-in", "Anmelden"],
  ["/auth/sign-in?error=signin.state_expired", "Diese Anmeldung hat zu lange gedauert."],
  ["/auth/account", "Wo Sie angemeldet sind"],
  ["/auth/account?done=session-ended", "Die Sitzung ist beendet."],
  ["/auth/account?error=session.not_found", "Diese Sitzung gibt es nicht."],
  ["/auth/signed-out", "Sie sind abgemeldet"],
  ["/auth/nothing", "Diese Seite gibt es nicht."],
  ["/auth/providers/corp/callback?state=s&code=c", "Noch ein Schritt"],
])("the page %s", (path, words) => {
  test("SU-9 is German for who asks for German, English for others, and says that it differs", async () => {
    const german = await aWorld().get(path, { ...browser, ...annsCookie, "accept-language": "de-CH, en;q=0.5" });
    const html = await german.text();
    expect(html).toContain('<html lang="de" dir="ltr">');
    expect(html).toContain(words);
    expect(german.headers.get("vary")).toBe("Cookie, Authorization, Accept-Language");
    const other = await (await aWorld().get(path, { ...browser, ...annsCookie, "accept-language": "fr" })).text();
    expect(other).toContain('<html lang="en" dir="ltr">');
    expect(other).not.toContain(words);
  });
});

test("SU-4 problem details speak English to everybody, since programs compare them", async () => {
  const response = await aWorld().get("/auth/api/nothing", { accept: "application/json", "accept-language": "de" });
  expect(await response.json()).toMatchObject({ title: "There is no such page." });
  expect(response.headers.get("vary")).toBe("Cookie, Authorization");
});
