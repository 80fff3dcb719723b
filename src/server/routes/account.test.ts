import { describe, expect, test } from "vitest";
import {
  ann,
  annsCookie,
  aWorld,
  browser,
  identities,
  ids,
  methods,
  sessions,
} from "../../../test/support/hand-made-features.js";

const own = { origin: "http://localhost:3000" };
const asAnn = { ...browser, ...annsCookie };
const stranger = "01990000-0000-7000-8000-0000000000ee";

describe("the account page", () => {
  test("SU-8 says who I am and why, how I sign in, and where I am signed in", async () => {
    const html = await (await aWorld().get("/auth/account", asAnn)).text();
    for (const shown of [
      "Ann Example",
      "ann@example.com",
      "Everybody who joins gets this role.",
      "engineering",
      "from Corp SSO",
      "lunch",
      "added by an administrator, everybody who joins is in it",
      "Firefox on Linux",
      "This device",
      "203.0.113.7",
      "Safari on iPhone",
      "2001:db8::17",
      "Unknown device",
      '<time datetime="2026-09-21T11:13:20.000Z">21 September 2026, 11:13 UTC</time>',
    ]) {
      expect(html).toContain(shown);
    }
  });

  test("SU-17 has a form for everything, and none to end the session one is in", async () => {
    const html = await (await aWorld().get("/auth/account", asAnn)).text();
    const actions = [...html.matchAll(/<form method="post" action="([^"]+)"/g)].map(([, action]) => action);
    expect(actions).toEqual([
      "/auth/sign-out",
      "/auth/account/identities/club/link",
      `/auth/account/sessions/${ids.phone}/end`,
      `/auth/account/sessions/${ids.script}/end`,
      "/auth/account/sessions/end-others",
      "/auth/account/sessions/end-all",
    ]);
  });

  test("LO-5 offers the choice where the operator leaves it to the person", async () => {
    const html = await (
      await aWorld({ features: { signOutMode: async () => "ask" } }).get("/auth/account", asAnn)
    ).text();
    expect([...html.matchAll(/name="choice" value="([^"]+)"/g)].map(([, value]) => value)).toEqual([
      "local",
      "provider",
    ]);
    expect(await (await aWorld().get("/auth/account", asAnn)).text()).not.toContain('name="choice"');
  });

  test("SU-8 names, addresses and user agents of strangers are text", async () => {
    const evil = '<img src=x onerror=alert(1)>"';
    const user = { ...ann.user, name: evil, email: evil };
    const session = { ...sessions[1], userAgent: evil, address: evil, providerName: evil } as (typeof sessions)[number];
    const world = aWorld({
      features: {
        account: async () => ({
          user,
          roleOrigin: evil,
          groups: [{ name: evil, origins: [evil] }],
          identities: [],
          methods: { ...methods, addable: [{ id: "club", displayName: evil, icon: null }] },
          sessions: [session],
          toolServers: [],
        }),
      },
    });
    const html = await (await world.get("/auth/account", asAnn)).text();
    expect(html).not.toContain("<img src=x");
    expect(html).toContain("&lt;img src=x");
  });

  test("SU-8 a picture elsewhere is not loaded from there", async () => {
    const withPicture = (picture: string) =>
      aWorld({
        features: { checkSession: async () => ({ kind: "signed-in", ...ann, user: { ...ann.user, picture } }) },
      });
    expect(await (await withPicture("https://cdn.example/a.png").get("/auth/account", asAnn)).text()).not.toContain(
      "cdn.example",
    );
    expect(
      await (await withPicture("http://localhost:3000/auth/pictures/x").get("/auth/account", asAnn)).text(),
    ).toContain("/auth/pictures/x");
  });

  test("SU-8 sends people who are not signed in to sign in, and back", async () => {
    const response = await aWorld().get("/auth/account", { ...browser, cookie: "latchkey=gone" });
    expect([response.status, response.headers.get("location")]).toEqual([
      303,
      "http://localhost:3000/auth/sign-in?return_to=%2Fauth%2Faccount",
    ]);
    expect(response.headers.getSetCookie()).toEqual(["latchkey=; Path=/; Max-Age=0"]);
    expect((await aWorld().get("/auth/account", { accept: "application/json" })).status).toBe(401);
  });

  test("SU-17 shows what a form has done, and only in our own words", async () => {
    const shown = async (query: string) => (await aWorld().get(`/auth/account?${query}`, asAnn)).text();
    expect(await shown("done=session-ended")).toContain("The session has ended.");
    expect(await shown("error=session.not_found")).toContain("There is no such session.");
    for (const foreign of ["done=constructor", "done=call+555-0100", "error=account.disabled", "error=call+555-0100"]) {
      const html = await shown(foreign);
      expect(html).not.toMatch(/role="(?:status|alert)"|555-0100/);
    }
  });

  test("AC-20 a pending user sees one waiting page, and can sign out", async () => {
    const world = aWorld({
      features: { checkSession: async () => ({ kind: "signed-in", ...ann, user: { ...ann.user, role: "pending" } }) },
    });
    const html = await (await world.get("/auth/account", asAnn)).text();
    expect(html).toContain("Waiting for approval");
    expect([...html.matchAll(/<form method="post" action="([^"]+)"/g)].map(([, action]) => action)).toEqual([
      "/auth/sign-out",
    ]);
    expect(html).not.toContain("engineering");
  });
});

describe("its forms", () => {
  test.each([
    [
      `/auth/account/sessions/${ids.phone}/end`,
      "endSession",
      "http://localhost:3000/auth/account?done=session-ended",
      0,
    ],
    [`/auth/account/sessions/${ids.current}/end`, "endSession", "http://localhost:3000/auth/signed-out", 1],
    [
      "/auth/account/sessions/end-others",
      "endOtherSessions",
      "http://localhost:3000/auth/account?done=others-ended",
      0,
    ],
    ["/auth/account/sessions/end-all", "endAllSessions", "http://localhost:3000/auth/signed-out", 1],
  ])("SU-17 LO-6 POST %s calls %s and answers 303", async (path, call, location, cookies) => {
    const world = aWorld();
    const response = await world.post(path, { ...asAnn, ...own });
    expect([response.status, response.headers.get("location")]).toEqual([303, location]);
    expect(response.headers.getSetCookie()).toHaveLength(cookies);
    expect(world.calls.map(({ name, input }) => [name, (input as { user: string }).user])).toEqual([[call, ids.user]]);
  });

  test.each([stranger, "1", "..%2f..", "'; drop table sessions; --"])(
    "SU-17 LO-6 a session %s that is not mine: told on the page, nothing else",
    async (id) => {
      const response = await aWorld().post(`/auth/account/sessions/${encodeURIComponent(id)}/end`, {
        ...asAnn,
        ...own,
      });
      expect(response.headers.get("location")).toBe("http://localhost:3000/auth/account?error=session.not_found");
    },
  );

  test("AT-52 whose session ends comes from the cookie, whatever the body says", async () => {
    const world = aWorld();
    const body = `userId=${stranger}&user=${stranger}&role=admin&id=${stranger}`;
    await world.post(`/auth/account/sessions/${ids.phone}/end?userId=${stranger}`, { ...asAnn, ...own }, body);
    expect(world.calls).toMatchObject([{ name: "endSession", input: { user: ids.user, id: ids.phone } }]);
  });

  test("SU-17 somebody who is no longer signed in is sent to sign in", async () => {
    const world = aWorld();
    const response = await world.post("/auth/account/sessions/end-all", { ...browser, ...own });
    expect(response.headers.get("location")).toBe("http://localhost:3000/auth/sign-in?return_to=%2Fauth%2Faccount");
    expect(world.calls).toEqual([]);
  });
});

describe("the API of the same", () => {
  test("LO-6 SU-4 GET /api/sessions lists them newest first", async () => {
    const answer = (await (await aWorld().get("/auth/api/sessions", annsCookie)).json()) as {
      items: unknown[];
      next: unknown;
    };
    expect(answer.next).toBeNull();
    expect(answer.items).toHaveLength(3);
    expect(answer.items[0]).toEqual({
      id: ids.current,
      provider: "corp",
      providerName: "Corp SSO",
      device: "Firefox on Linux",
      userAgent: sessions[0]?.userAgent,
      address: "203.0.113.7",
      createdAt: "2026-09-21T11:13:20.000Z",
      lastSeenAt: "2026-09-21T14:12:20.000Z",
      expiresAt: "2026-09-28T14:13:20.000Z",
      current: true,
    });
  });

  test("SU-4 a cursor walks the whole list, also when the row it names is gone", async () => {
    let all = sessions;
    const world = aWorld({ features: { listSessions: async () => all } });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? "limit=1" : `limit=1&cursor=${cursor}`;
      const page = (await (await world.get(`/auth/api/sessions?${query}`, annsCookie)).json()) as {
        items: { id: string }[];
        next: string | null;
      };
      seen.push(...page.items.map(({ id }) => id));
      all = all.filter(({ id }) => id !== page.next);
      cursor = page.next;
    } while (cursor !== null);
    expect(seen).toEqual([ids.current, ids.phone, ids.script]);
  });

  test.each(["limit=0", "limit=101", "limit=x", "limit=1.5", "cursor=%27%20or%201=1", "cursor="])(
    "SU-4 %s is a problem that names the field",
    async (query) => {
      const response = await aWorld().get(`/auth/api/sessions?${query}`, annsCookie);
      expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/problem+json"]);
      expect(await response.json()).toMatchObject({
        code: "server.bad_request",
        request_id: "request-0001",
        errors: [{ path: query.split("=")[0] }],
      });
    },
  );

  test("SU-17 DELETE /api/sessions/{id} calls the same step as the form", async () => {
    const world = aWorld();
    const response = await world.send("DELETE", `/auth/api/sessions/${ids.phone}`, {
      headers: { ...annsCookie, ...own },
    });
    expect([response.status, await response.text(), response.headers.get("x-request-id")]).toEqual([
      204,
      "",
      "request-0001",
    ]);
    expect(world.calls).toMatchObject([{ name: "endSession", input: { user: ids.user, id: ids.phone } }]);
    const last = await world.send("DELETE", `/auth/api/sessions/${ids.current}`, {
      headers: { ...annsCookie, ...own },
    });
    expect(last.headers.getSetCookie()).toEqual(["latchkey=; Path=/; Max-Age=0"]);
    for (const id of [stranger, "1"]) {
      const missing = await world.send("DELETE", `/auth/api/sessions/${id}`, {
        headers: { authorization: "Bearer ann" },
      });
      expect([missing.status, ((await missing.json()) as { code: string }).code]).toEqual([404, "session.not_found"]);
    }
  });

  test("SU-8 SU-4 GET /api/identities lists the sign-in methods", async () => {
    expect(await (await aWorld().get("/auth/api/identities", annsCookie)).json()).toEqual({
      items: [{ ...identities[0], createdAt: "2026-06-23T14:13:20.000Z", lastUsedAt: "2026-09-21T11:13:20.000Z" }],
      next: null,
    });
  });

  test.each(["/auth/api/sessions", "/auth/api/identities"])(
    "SU-4 %s without a session is 401 with a challenge",
    async (path) => {
      const response = await aWorld().get(path, browser);
      expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="latchkey"']);
    },
  );
});
