import { describe, expect, test } from "vitest";
import { annsCookie, aWorld, callNames, ids } from "../../../test/support/hand-made-features.js";

const changing: readonly [method: string, path: string][] = [
  ["POST", "/auth/sign-out"],
  ["POST", `/auth/account/sessions/${ids.phone}/end`],
  ["POST", "/auth/account/sessions/end-others"],
  ["POST", "/auth/account/sessions/end-all"],
  ["DELETE", `/auth/api/sessions/${ids.phone}`],
];

describe.each(changing)("%s %s", (method, path) => {
  test.each<[why: string, headers: Record<string, string>]>([
    ["another site", { origin: "https://evil.example" }],
    ["a sibling host", { origin: "http://app.localhost:3000" }],
    ["another port of the same host", { origin: "http://localhost:3001" }],
    ["another scheme", { origin: "https://localhost:3000" }],
    ["our origin as a prefix", { origin: "http://localhost:3000.evil.example" }],
    ["another case", { origin: "HTTP://LOCALHOST:3000" }],
    ["a sandboxed frame", { origin: "null" }],
    ["a sandboxed frame that says cross-site", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["a browser that says same-site", { "sec-fetch-site": "same-site" }],
    ["neither header", {}],
    ["only a Referer", { referer: "http://localhost:3000/auth/account" }],
    [
      "a wrong Origin whatever Sec-Fetch-Site says",
      { origin: "https://evil.example", "sec-fetch-site": "same-origin" },
    ],
    [
      "a forged X-Forwarded-Host",
      { origin: "https://evil.example", "x-forwarded-host": "evil.example", host: "evil.example" },
    ],
    ["an Authorization that is no Bearer", { origin: "https://evil.example", authorization: "Basic YW5uOmFubg==" }],
  ])("AT-53 SU-5 with a cookie is refused from %s", async (_why, headers) => {
    const world = aWorld();
    const response = await world.send(method, path, {
      headers: { ...annsCookie, accept: "application/json", ...headers },
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      403,
      "session.origin_refused",
    ]);
    expect(world.calls).toEqual([]);
  });

  test.each<[why: string, headers: Record<string, string>]>([
    ["our origin", { ...annsCookie, origin: "http://localhost:3000" }],
    ["same-origin without Origin", { ...annsCookie, "sec-fetch-site": "same-origin" }],
    ["same-origin with Origin null", { ...annsCookie, origin: "null", "sec-fetch-site": "same-origin" }],
    ["a Bearer value from anywhere", { authorization: "Bearer ann", origin: "https://evil.example" }],
  ])("SU-5 goes through with %s", async (_why, headers) => {
    const world = aWorld();
    const response = await world.send(method, path, { headers });
    expect([204, 303]).toContain(response.status);
    expect(callNames(world)).toHaveLength(1);
  });
});

test("AT-53 a session check that went by the cookie after all is held to the Origin, whatever Authorization looked like", async () => {
  const world = aWorld();
  const byCookie = await world.features.checkSession(new Headers(annsCookie));
  const fooled = aWorld({ features: { checkSession: async () => byCookie } });
  const headers = { ...annsCookie, authorization: "Bearer x", origin: "https://evil.example" };
  expect((await fooled.send("DELETE", `/auth/api/sessions/${ids.phone}`, { headers })).status).toBe(403);
  expect(fooled.calls).toEqual([]);
});

test("AT-53 nothing changes by GET", async () => {
  for (const [, path] of changing) {
    const world = aWorld();
    const response = await world.get(path, { ...annsCookie, origin: "http://localhost:3000" });
    expect(response.status).toBe(404);
    expect(world.calls).toEqual([]);
  }
});
