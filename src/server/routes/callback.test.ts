import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aWorld, browser, callNames, type World } from "../../../test/support/hand-made-features.js";
import { LatchkeyError } from "../../kernel/errors.js";

const flow = { cookie: "latchkey-flow-abcdefgh=sealed" };
const path = "/auth/providers/corp/callback";
const failing = (code: "signin.state_expired" | "signin.denied" = "signin.state_expired") =>
  aWorld({
    features: {
      completeSignIn: async () => {
        throw new LatchkeyError(code);
      },
    },
  });
/** A form of so many fields, no two of one name. */
const fields = (count: number) => `state=a&${Array.from({ length: count - 1 }, (_, i) => `f${i}`).join("&")}`;
const givenTo = (world: World) => {
  const input = world.calls.find(({ name }) => name === "completeSignIn")?.input as { parameters: URLSearchParams };
  return [...input.parameters];
};

describe("GET", () => {
  test("SI-13 success is 303 to where the person was going, with the cookies", async () => {
    const world = aWorld();
    const response = await world.get(`${path}?code=c&state=good-state&iss=i&error_description=d`, {
      ...browser,
      ...flow,
    });
    expect([response.status, response.headers.get("location")]).toEqual([303, "/home"]);
    expect(response.headers.getSetCookie()).toHaveLength(2);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(givenTo(world)).toEqual([
      ["code", "c"],
      ["state", "good-state"],
      ["iss", "i"],
      ["error_description", "d"],
    ]);
  });

  test("SI-13 failure is 303 to the sign-in page with our code, and the flow cookie goes", async () => {
    const response = await failing().get(`${path}?code=c&state=good-state`, { ...browser, ...flow });
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(
      "http://localhost:3000/auth/sign-in?error=signin.state_expired&request=request-0001",
    );
    expect(response.headers.getSetCookie()).toEqual(["latchkey-flow-abcdefgh=; Path=/; Max-Age=0"]);
  });

  test("SI-13 failure is a problem for callers that ask for JSON", async () => {
    const response = await failing().get(`${path}?code=c&state=good-state`, { ...flow, accept: "application/json" });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      400,
      "signin.state_expired",
    ]);
    expect(response.headers.getSetCookie()).toEqual(["latchkey-flow-abcdefgh=; Path=/; Max-Age=0"]);
  });

  test("AT-24 nothing that the URL says reaches the Location of a failure", async () => {
    const evil = encodeURIComponent("<script>alert(1)</script> call 555-0100");
    const response = await failing("signin.denied").get(
      `${path}?state=good-state&error=${evil}&error_description=${evil}`,
      { ...browser, ...flow },
    );
    expect(response.headers.get("location")).toBe(
      "http://localhost:3000/auth/sign-in?error=signin.denied&request=request-0001",
    );
  });

  test("SI-9 a HEAD does not spend the code", async () => {
    const world = aWorld();
    const response = await world.send("HEAD", `${path}?code=c&state=good-state`, { headers: { ...browser, ...flow } });
    expect(response.status).toBe(405);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(world.calls).toEqual([]);
  });
});

describe("GET without its flow cookie", () => {
  test("SI-9 gets one page that repeats it from our own origin, by script or by the button", async () => {
    const world = aWorld();
    const response = await world.get(
      `${path}?code=c%22%3E&state=good-state&iss=i&error=e&error_description=d&other=o`,
      browser,
    );
    expect(response.status).toBe(200);
    const html = await response.text();
    expect(html).toContain(`<form method="get" action="${path}" data-send="true">`);
    expect(html).toContain('<button class="button main" type="submit">');
    const fields = [...html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [
      name,
      value,
    ]);
    expect(fields).toEqual([
      ["code", "c&quot;&gt;"],
      ["state", "good-state"],
      ["iss", "i"],
      ["error", "e"],
      ["repeat", "1"],
    ]);
    expect(world.calls).toEqual([]);
  });

  test("SI-9 and is refused when it comes back without it again", async () => {
    const world = failing();
    const response = await world.get(`${path}?code=c&state=good-state&repeat=1`, browser);
    expect(response.headers.get("location")).toMatch(/error=signin\.state_expired/);
  });

  test("SI-9 our marker is not handed on as a parameter of the provider", async () => {
    const world = aWorld();
    await world.get(`${path}?code=c&state=good-state&repeat=1`, { ...browser, ...flow });
    expect(givenTo(world)).toEqual([
      ["code", "c"],
      ["state", "good-state"],
    ]);
  });

  test.each([
    ["no state", "code=c"],
    ["two states (AT-4)", "code=c&state=a&state=b"],
    ["two codes (AT-4)", "code=c&code=d&state=a"],
    ["more than a URL holds", `code=${"c".repeat(9_000)}&state=a`],
  ])("SI-9 is refused at once with %s", async (_what, query) => {
    const world = failing();
    expect((await world.get(`${path}?${query}`, browser)).status).toBe(303);
  });

  test("SI-13 a program is refused at once: it would not press a button", async () => {
    expect((await failing().get(`${path}?code=c&state=x`, { accept: "application/json" })).status).toBe(400);
  });
});

describe("POST (response_mode=form_post)", () => {
  const crossSite = { ...browser, origin: "https://idp.example.com", "sec-fetch-site": "cross-site" };

  test("SI-9 SU-5 from the provider's site becomes the GET: four parameters, nothing read, nothing changed", async () => {
    const world = aWorld();
    const body = "code=c%2B1&state=s&iss=https%3A%2F%2Fidp.example.com&user=%7B%7D&id_token=x&error_description=d";
    const response = await world.post(path, { ...crossSite, ...flow }, body);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(
      `http://localhost:3000${path}?code=c%2B1&state=s&iss=https%3A%2F%2Fidp.example.com`,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(world.calls).toEqual([]);
  });

  test("SI-9 reads no cookie: the answer is the same with any", async () => {
    const touched: string[] = [];
    const world = aWorld({
      features: {
        hasFlowCookie: () => Boolean(touched.push("hasFlowCookie")),
        clearFlowCookie: () => [String(touched.push("clearFlowCookie"))],
        checkSession: async () => ({ kind: touched.push("checkSession") > 0 ? "none" : "none" }),
      },
    });
    for (const body of ["code=c&state=good-state", "code=c&code=d", ""]) {
      await world.post(path, { ...crossSite, cookie: "latchkey=ann; latchkey-flow-abcdefgh=sealed" }, body);
    }
    expect(touched).toEqual([]);
  });

  test.each([
    ["signin.parameter_repeated", "a parameter twice (AT-4)", path, "state=a&state=b"],
    ["signin.parameter_repeated", "any parameter twice", path, "state=a&user=x&user=y"],
    ["signin.parameter_repeated", "query and body", `${path}?state=a`, "state=a"],
    ["signin.parameter_too_long", "more than a URL holds", path, `state=a&code=${"c".repeat(9_000)}`],
    ["signin.parameter_missing", "no state", path, "code=c"],
    ["signin.parameter_missing", "nothing", path, ""],
    ["signin.parameter_repeated", "one of many twice", path, `${fields(199)}&f0=x`],
    ["server.bad_request", "more than 64 KB", path, `state=a&x=${"c".repeat(66_000)}`],
    ["server.bad_request", "more than 200 fields", path, fields(201)],
    ["server.bad_request", "as many fields as fit", path, fields(10_000)],
    ["signin.provider_unknown", "an unknown provider", "/auth/providers/nobody/callback", "state=a"],
  ])("SI-9 is refused as %s: %s", async (code, _what, to, body) => {
    const world = aWorld();
    const response = await world.post(to, crossSite, body);
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toBe(
      `http://localhost:3000/auth/sign-in?error=${code}&request=request-0001`,
    );
    expect(world.calls).toEqual([]);
  });

  test("SI-9 may have 200 fields, of which those that nobody knows stay behind", async () => {
    const response = await aWorld().post(path, crossSite, `${fields(199)}&code=c`);
    expect(response.headers.get("location")).toBe(`http://localhost:3000${path}?code=c&state=a`);
  });

  test("SI-9 takes forms alone", async () => {
    const response = await aWorld().post(path, { ...crossSite, "content-type": "application/json" }, '{"state":"a"}');
    expect(response.headers.get("location")).toContain("error=server.bad_request");
  });

  test("SI-12 whatever the body is, the answer is a 303 to our own origin", async () => {
    const world = aWorld();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string({ maxLength: 400 }), fc.webQueryParameters()), async (body) => {
        const response = await world.post(path, crossSite, body);
        expect(response.status).toBe(303);
        expect(response.headers.get("location")).toMatch(/^http:\/\/localhost:3000\/auth\//);
      }),
    );
  });
});

describe("a redirect URI of the operator's own", () => {
  const world = () =>
    aWorld({
      config: {
        providers: [
          {
            id: "corp",
            issuer: "https://idp.example.com",
            clientId: "c",
            clientSecret: "x",
            redirectUri: "http://localhost:3000/oauth/cb",
          },
          {
            id: "club",
            issuer: "https://club.example.com",
            clientId: "c",
            clientSecret: "x",
            redirectUri: "http://localhost:3000/auth/old:club",
          },
          {
            id: "away",
            issuer: "https://away.example.com",
            clientId: "c",
            clientSecret: "x",
            redirectUri: "https://other.example/cb",
          },
        ],
      },
    });

  test.each([
    ["corp", "/oauth/cb"],
    ["club", "/auth/old:club"],
  ])("SI-26 on our origin is the callback of %s", async (id, at) => {
    const site = world();
    expect((await site.get(`${at}?code=c&state=good-state`, { ...browser, ...flow })).headers.get("location")).toBe(
      "/home",
    );
    expect(site.calls[0]?.input).toMatchObject({ provider: id });
    const posted = await site.post(at, { origin: "https://idp.example.com" }, "code=c&state=s");
    expect(posted.headers.get("location")).toBe(`http://localhost:3000${at}?code=c&state=s`);
    expect(await (await site.get(`${at}?code=c&state=s`, browser)).text()).toContain(`action="${at}"`);
    expect((await site.send("DELETE", at)).status).toBe(405);
  });

  test("SI-26 elsewhere is not answered here, and a path from the configuration is no pattern", async () => {
    const site = world();
    expect((await site.get("/cb?code=c&state=good-state", { ...browser, ...flow })).status).toBe(404);
    expect((await site.get("/auth/oldXclub?code=c&state=good-state", { ...browser, ...flow })).status).toBe(404);
    expect(callNames(site)).toEqual([]);
  });
});
