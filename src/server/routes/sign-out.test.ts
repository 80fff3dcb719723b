import { expect, test } from "vitest";
import { annsCookie, aWorld, browser, ids } from "../../../test/support/hand-made-features.js";
import { LatchkeyError } from "../../kernel/errors.js";

const own = { origin: "http://localhost:3000" };

test("LO-5 POST /sign-out hands over who, which way and where to, and goes where it is told", async () => {
  const world = aWorld();
  const response = await world.post(
    "/auth/sign-out",
    { ...browser, ...annsCookie, ...own },
    "choice=provider&return_to=%2Fbye&user=other",
  );
  expect([response.status, response.headers.get("location")]).toEqual([303, "/auth/signed-out"]);
  expect(response.headers.getSetCookie()).toEqual(["latchkey=; Path=/; Max-Age=0"]);
  expect(world.calls).toMatchObject([
    {
      name: "signOut",
      input: {
        signedIn: { user: { id: ids.user } },
        choice: "provider",
        returnTo: "/bye",
        request: { requestId: "request-0001" },
      },
    },
  ]);
});

test("LO-5 the provider's end-session URL is followed as it is", async () => {
  const location =
    "https://idp.example.com/logout?client_id=c&post_logout_redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fauth%2Fsigned-out&state=s";
  const world = aWorld({ features: { signOut: async () => ({ location, setCookies: [] }) } });
  expect((await world.post("/auth/sign-out", { ...annsCookie, ...own })).headers.get("location")).toBe(location);
});

test.each([
  ["a browser is led to another origin by a page", browser, 200, null, "0;url=https://bye.example.com/?a=1&b=2"],
  ["a program is redirected", { accept: "*/*" }, 303, "https://bye.example.com/?a=1&b=2", null],
  [
    "a caller that wants JSON is redirected",
    { accept: "application/json, text/html" },
    303,
    "https://bye.example.com/?a=1&b=2",
    null,
  ],
] as const)("LO-5 SU-5 %s", async (_what, headers, status, location, refresh) => {
  const away = { location: "https://bye.example.com/?a=1&b=2", setCookies: ["latchkey=; Path=/; Max-Age=0"] };
  const world = aWorld({ features: { signOut: async () => away } });
  const answer = await world.post("/auth/sign-out", { ...headers, ...annsCookie, ...own });
  expect([answer.status, answer.headers.get("location"), answer.headers.get("refresh")]).toEqual([
    status,
    location,
    refresh,
  ]);
  expect(answer.headers.getSetCookie()).toEqual(away.setCookies);
  const text = await answer.text();
  if (refresh !== null) expect(text).toContain('href="https://bye.example.com/?a=1&amp;b=2"');
});

test("LO-5 without a session it just ends on the signed-out page", async () => {
  const world = aWorld();
  const response = await world.post("/auth/sign-out", { ...browser, ...own, cookie: "latchkey=gone" });
  expect([response.status, response.headers.get("location")]).toEqual([303, "/auth/signed-out"]);
  expect(world.calls).toMatchObject([
    { name: "signOut", input: { signedIn: undefined, choice: undefined, returnTo: undefined } },
  ]);
  expect(response.headers.getSetCookie()).toContain("latchkey=; Path=/; Max-Age=0");
});

test.each(["choice=everything", "choice=local&choice=provider", ""])("LO-5 the choice %j is none", async (body) => {
  const world = aWorld();
  await world.post("/auth/sign-out", { ...annsCookie, ...own }, body);
  expect(world.calls).toMatchObject([{ input: { choice: undefined } }]);
});

test("LO-5 a failure is a page for a browser, with its status", async () => {
  const world = aWorld({
    features: {
      signOut: async () => {
        throw new LatchkeyError("store.busy");
      },
    },
  });
  const response = await world.post("/auth/sign-out", { ...browser, ...annsCookie, ...own });
  expect([response.status, response.headers.get("content-type")]).toEqual([503, "text/html; charset=utf-8"]);
  expect(await response.text()).toContain("The service is very busy.");
});

test("LO-5 GET /signed-out says so, or goes on", async () => {
  const page = await aWorld().get("/auth/signed-out?state=s", browser);
  expect(await page.text()).toContain("You are signed out");
  const seen: unknown[] = [];
  const world = aWorld({
    features: {
      signedOut: (input) => {
        seen.push(input);
        return { location: "/bye", setCookies: ["latchkey-signed-out=; Max-Age=0"] };
      },
    },
  });
  const onward = await world.get("/auth/signed-out?state=s", { ...browser, cookie: "a=b" });
  expect([onward.status, onward.headers.get("location"), onward.headers.getSetCookie()]).toEqual([
    303,
    "/bye",
    ["latchkey-signed-out=; Max-Age=0"],
  ]);
  await world.get("/auth/signed-out?state=s&state=t", browser);
  expect(seen).toEqual([
    { state: "s", cookieHeader: "a=b" },
    { state: undefined, cookieHeader: undefined },
  ]);
});
