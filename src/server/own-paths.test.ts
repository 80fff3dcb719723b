import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { aWorld, browser } from "../../test/support/hand-made-features.js";
import { resolveUnknown } from "../config/resolve.js";

/** Whether a provider's redirectUri may be this path on our own origin. */
const mayBe = (path: string): boolean =>
  resolveUnknown({
    baseUrl: "https://app.test",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    providers: [
      { id: "corp", issuer: "https://idp.corp.test", clientId: "x", redirectUri: `https://app.test${path}` },
      { id: "other", issuer: "https://idp.other.test", clientId: "x" },
    ],
  }).ok;

test("SI-26 no redirectUri may be a path that one of our own routes answers", async () => {
  const source = await readFile(new URL("./app.ts", import.meta.url), "utf8");
  const pages = [...source.matchAll(/\bapp\s*\.(?:get|post|put|patch|delete|all)\(\s*"([^"]+)"/g)].map(
    ([, path = ""]) => `/auth${path.replace(/:\w+/g, "other")}`,
  );
  const described = await (await aWorld().send("GET", "/auth/openapi.json", { headers: browser })).json();
  const api = Object.keys((described as { paths: object }).paths).map((path) => path.replace(/\{\w+\}/g, "other"));
  expect(pages.length + api.length).toBeGreaterThan(60);
  const wellKnown = "/.well-known/oauth-authorization-server";
  const all = ["/auth", ...pages, ...api, `/auth${wellKnown}`, `${wellKnown}/auth`];
  expect(all.filter(mayBe)).toEqual([]);
});

test.each(["/", "/callback", "/oauth/callback", "/auth-callback", "/auth/oidc", "/authenticate/assets"])(
  "SI-26 a redirectUri may be %s, which nothing else here answers",
  (path) => expect(mayBe(path)).toBe(true),
);
