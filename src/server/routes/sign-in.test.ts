import { describe, expect, test } from "vitest";
import { annsCookie, aWorld, browser, callNames } from "../../../test/support/hand-made-features.js";
import { errorCatalog } from "../../kernel/error-catalog.js";
import { LatchkeyError } from "../../kernel/errors.js";
import type { ProviderButton } from "../features.js";

const requestId = "01990000-0000-7000-8000-0000000000ff";
const start = "http://localhost:3000/auth/providers";

const button = (id: string, health: ProviderButton["health"]): ProviderButton => ({
  id,
  displayName: `${id} & Sons`,
  icon: null,
  startUrl: `${start}/${id}/start`,
  health,
});

describe("the sign-in page", () => {
  test("SU-8 has one link for each provider, in the order of the configuration", async () => {
    const html = await (await aWorld().get("/auth/sign-in", browser)).text();
    const links = [...html.matchAll(/class="provider" href="([^"]+)".*?Continue with ([^<]+)</g)].map(
      ([, href, name]) => [href, name],
    );
    expect(links).toEqual([
      [`${start}/corp/start`, "Corp SSO"],
      [`${start}/club/start`, "The Club"],
    ]);
  });

  test("SI-3 a provider out of reach says so on its own button, and stays a link", async () => {
    const world = aWorld({
      features: {
        providerButtons: async () => [button("a", "unreachable"), button("b", "misconfigured"), button("c", "unknown")],
      },
    });
    const html = await (await world.get("/auth/sign-in", browser)).text();
    const [a = "", b = "", c = ""] = html.split("<li>").slice(1);
    expect(a).toContain("Cannot be reached at the moment");
    expect(a).toContain(`href="${start}/a/start"`);
    expect(a).toContain("a &amp; Sons");
    expect(b).toContain("Not set up correctly");
    expect(c).not.toContain("at the moment");
  });

  test("SU-8 carries the way back along, checked (AT-1), and the set-up value", async () => {
    const world = aWorld();
    const linkOf = async (query: string) =>
      /class="provider" href="([^"]+)"/
        .exec(await (await world.get(`/auth/sign-in?${query}`, browser)).text())?.[1]
        ?.replaceAll("&amp;", "&");
    expect(await linkOf("return_to=%2Fchat%3Fid%3D7")).toBe(`${start}/corp/start?return_to=%2Fchat%3Fid%3D7`);
    expect(await linkOf("return_to=%2F%2Fevil.example")).toBe(`${start}/corp/start?return_to=%2F`);
    expect(await linkOf("return_to=/a&return_to=//evil.example")).toBe(`${start}/corp/start`);
    expect(await linkOf("setup=abc-DEF_123")).toBe(`${start}/corp/start?setup=abc-DEF_123`);
    expect(await linkOf(`setup=${encodeURIComponent('"><script>')}`)).toBe(`${start}/corp/start`);
  });

  test("AC-9 says that the installation is empty while it is", async () => {
    expect(await (await aWorld({ features: { isEmpty: async () => true } }).get("/auth/sign-in")).text()).toContain(
      "Nobody has an account here yet",
    );
    expect(await (await aWorld().get("/auth/sign-in")).text()).not.toContain("Nobody has an account here yet");
  });

  test("SU-8 tells who is signed in already", async () => {
    expect(await (await aWorld().get("/auth/sign-in", annsCookie)).text()).toContain(
      "You are signed in as Ann Example.",
    );
  });

  test("SI-3 stands when the store does not", async () => {
    const down = async () => {
      throw new LatchkeyError("store.unavailable");
    };
    const response = await aWorld({ features: { isEmpty: down, checkSession: down } }).get("/auth/sign-in", annsCookie);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("Continue with Corp SSO");
  });

  test("SU-8 no provider at all: says what to do next", async () => {
    const html = await (await aWorld({ features: { providerButtons: async () => [] } }).get("/auth/sign-in")).text();
    expect(html).toContain("There is no way to sign in yet");
  });
});

describe("a failure on the sign-in page", () => {
  test("SI-13 shows our words, the code, the request id, and a way to try again", async () => {
    const html = await (
      await aWorld().get(`/auth/sign-in?error=signin.state_expired&request=${requestId}`, browser)
    ).text();
    const { message, person } = errorCatalog["signin.state_expired"];
    for (const shown of [message, person, "signin.state_expired", requestId]) expect(html).toContain(shown);
    expect(html).toContain('<a href="http://localhost:3000/auth/sign-in">Try again</a>');
  });

  test("SI-13 with one provider, trying again goes straight to it", async () => {
    const world = aWorld({ features: { providerButtons: async () => [button("a", "ok")] } });
    const html = await (await world.get("/auth/sign-in?error=signin.denied&return_to=/x", browser)).text();
    expect(html).toContain(`<a href="${start}/a/start?return_to=%2Fx">Try again</a>`);
  });

  test.each([
    ["a script", "error=%3Cscript%3Ealert(1)%3C/script%3E"],
    ["a phishing sentence", "error=Your+account+is+locked%2C+call+555-0100"],
    ["a member of Object.prototype", "error=constructor"],
    ["another one", "error=__proto__"],
    ["two codes", "error=signin.denied&error=signin.denied"],
    ["10 KB", `error=${"signin.denied".repeat(800)}`],
  ])("AT-24 the page says nothing of %s", async (_what, query) => {
    const html = await (await aWorld().get(`/auth/sign-in?${query}`, browser)).text();
    expect(html).not.toContain('role="alert"');
    expect(html).not.toContain("555-0100");
    expect(html).not.toContain("<script>");
  });

  test("AT-24 error_description and a request id of another shape are ignored", async () => {
    const evil = encodeURIComponent("call 555-0100 now");
    const html = await (
      await aWorld().get(
        `/auth/sign-in?error=signin.denied&request=${evil}&error_description=${evil}&message=${evil}`,
        browser,
      )
    ).text();
    expect(html).toContain('role="alert"');
    expect(html).not.toContain("555-0100");
    expect(html).not.toContain("Request id");
  });
});

describe("GET /providers/{p}/start", () => {
  test("SI-5 goes to the provider with the flow cookie, and hands over what the feature needs", async () => {
    const world = aWorld();
    const response = await world.get("/auth/providers/corp/start?return_to=/chat&setup=s3t", {
      ...browser,
      cookie: "a=b",
      "user-agent": "UA",
    });
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      "https://idp.example.com/authorize?client_id=latchkey",
    ]);
    expect(response.headers.getSetCookie()).toEqual(["latchkey-flow-abcdefgh=sealed; Path=/; HttpOnly"]);
    expect(world.calls).toEqual([
      {
        name: "beginSignIn",
        input: {
          provider: "corp",
          returnTo: "/chat",
          setup: "s3t",
          cookieHeader: "a=b",
          request: { requestId: "request-0001", address: null, userAgent: "UA" },
        },
      },
    ]);
  });

  test("AT-4 a return_to that stands there twice is none", async () => {
    const world = aWorld();
    await world.get("/auth/providers/corp/start?return_to=/a&return_to=/b");
    expect(world.calls[0]?.input).toMatchObject({ returnTo: undefined });
  });

  test("SI-13 SI-3 a failure leads a browser back to the sign-in page", async () => {
    const response = await aWorld().get("/auth/providers/nobody/start", browser);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(
      "http://localhost:3000/auth/sign-in?error=signin.provider_unknown&request=request-0001",
    );
  });

  test("SI-13 a program gets problem details with the fitting status", async () => {
    const response = await aWorld().get("/auth/providers/nobody/start", { accept: "application/json" });
    expect([response.status, response.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect(await response.json()).toMatchObject({ code: "signin.provider_unknown", request_id: "request-0001" });
  });

  test("SI-13 the private facts of a failure are in the log and not in the answer", async () => {
    const world = aWorld({
      features: {
        beginSignIn: async () => {
          throw new LatchkeyError("signin.provider_misconfigured", {
            data: { found: "https://private.internal" },
            cause: new Error("inner"),
          });
        },
      },
    });
    const response = await world.get("/auth/providers/corp/start", { accept: "application/json" });
    expect(await response.text()).not.toMatch(/private|inner/);
    const line = world.lines.find(({ level }) => level === "warn");
    expect(line?.fields).toMatchObject({
      code: "signin.provider_misconfigured",
      requestId: "request-0001",
      data: { found: "https://private.internal" },
    });
    expect(line?.fields["err"]).toMatchObject({ message: "inner" });
  });

  test("AT-1 a location that would leave our origin by a path is not sent", async () => {
    for (const location of [
      "//evil.example/",
      "//evil.example//evil.example",
      "/..//evil.example",
      "/.//evil.example",
      "/a/..//evil.example",
      "/%2e%2e//evil.example",
      "/\\evil.example",
      "/\\\\evil.example//evil.example",
      "/\t/evil.example",
      "/\n//evil.example",
    ]) {
      const world = aWorld({ features: { beginSignIn: async () => ({ location, setCookies: [] }) } });
      const response = await world.get("/auth/providers/corp/start", browser);
      expect(response.headers.get("location")).toMatch(
        /^http:\/\/localhost:3000\/auth\/sign-in\?error=server\.unexpected&/,
      );
    }
  });

  test("SI-5 a HEAD opens no flow", async () => {
    const world = aWorld();
    const response = await world.send("HEAD", "/auth/providers/corp/start", { headers: browser });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
    expect(callNames(world)).toEqual([]);
  });
});

test("SI-25 GET /api/providers lists what an app needs for buttons of its own", async () => {
  expect(await (await aWorld().get("/auth/api/providers")).json()).toEqual({
    items: [
      { id: "corp", displayName: "Corp SSO", icon: null, startUrl: `${start}/corp/start`, health: "ok" },
      { id: "club", displayName: "The Club", icon: null, startUrl: `${start}/club/start`, health: "ok" },
    ],
    next: null,
  });
});

test.each(["/auth", "/auth/"])("SU-8 %s leads to the account or to sign-in", async (path) => {
  expect((await aWorld().get(path, { ...browser, ...annsCookie })).headers.get("location")).toBe(
    "http://localhost:3000/auth/account",
  );
  expect((await aWorld().get(path, browser)).headers.get("location")).toBe("http://localhost:3000/auth/sign-in");
});
