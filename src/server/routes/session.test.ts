import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ann, annsCookie, aWorld, browser, ids } from "../../../test/support/hand-made-features.js";
import { LatchkeyError } from "../../kernel/errors.js";
import { toRfc3339 } from "../../kernel/time.js";

const expected = {
  user: {
    id: ids.user,
    email: "ann@example.com",
    emailVerified: true,
    name: "Ann Example",
    picture: null,
    role: "user",
    groups: ["engineering", "lunch"],
  },
  session: {
    id: ids.current,
    provider: "corp",
    createdAt: toRfc3339(ann.session.createdAt),
    expiresAt: toRfc3339(ann.session.expiresAt),
    current: true,
  },
};

test.each([
  ["a cookie", annsCookie],
  ["a Bearer value", { authorization: "Bearer ann" }],
])("LO-4 GET /session with %s is the user and the session", async (_how, headers) => {
  const response = await aWorld().get("/auth/session", headers);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toMatch(/^application\/json/);
  expect(await response.json()).toEqual(expected);
});

test("AC-20 GET /session answers a pending user, and says so", async () => {
  const pending = { ...ann, user: { ...ann.user, role: "pending" } };
  const world = aWorld({ features: { checkSession: async () => ({ kind: "signed-in", ...pending }) } });
  expect(await (await world.get("/auth/session")).json()).toMatchObject({ user: { role: "pending" } });
});

describe("without a session", () => {
  test("LO-4 SU-4 nothing sent: 401 with a challenge that tells no error", async () => {
    const response = await aWorld().get("/auth/session");
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "urn:latchkey:error:session.missing",
      title: "You are not signed in.",
      status: 401,
      code: "session.missing",
      detail: "Sign in.",
      request_id: "request-0001",
    });
  });

  test("LO-4 SU-4 a Bearer value that is none: invalid_token", async () => {
    const response = await aWorld().get("/auth/session", { authorization: "Bearer bob" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="latchkey", error="invalid_token"');
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  test("LO-4 an unknown session cookie is taken away", async () => {
    const response = await aWorld().get("/auth/session", { cookie: "latchkey=bob" });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="latchkey"');
    expect(response.headers.getSetCookie()).toEqual(["latchkey=; Path=/; Max-Age=0"]);
  });

  test("LO-4 a cookie and a Bearer value that differ are two people, so nobody", async () => {
    const response = await aWorld().get("/auth/session", { cookie: "latchkey=ann", authorization: "Bearer bob" });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([401, "session.conflict"]);
  });

  test("SU-4 a browser is told in JSON as well: this route is for programs", async () => {
    expect((await aWorld().get("/auth/session", browser)).headers.get("content-type")).toBe("application/problem+json");
  });
});

test("AT-49 a store that cannot be asked is 503, never 401 and never 200", async () => {
  const world = aWorld({
    features: {
      checkSession: async () => {
        throw new LatchkeyError("store.unavailable", { cause: new Error("disk gone") });
      },
    },
  });
  const response = await world.get("/auth/session", annsCookie);
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([503, "store.unavailable"]);
  expect(response.headers.getSetCookie()).toEqual([]);
});

test("AT-50 LO-4 no Cookie and no Authorization header makes a route throw", async () => {
  const world = aWorld();
  const bytes = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((n) => String.fromCharCode(n)),
    maxLength: 300,
  });
  const odd = fc.oneof(
    bytes,
    bytes.map((text) => `latchkey=${text}`),
    bytes.map((text) => `Bearer ${text}`),
    fc.constant("latchkey=a; latchkey=b"),
  );
  await fc.assert(
    fc.asyncProperty(odd, odd, async (cookie, authorization) => {
      const response = await world.get("/auth/session", { cookie, authorization });
      expect(response.status).toBe(401);
    }),
  );
  expect(world.lines.filter(({ level }) => level === "error")).toEqual([]);
});

test("AT-50 what nobody foresaw is 500 with a request id; the cause is in the log and nowhere else", async () => {
  const world = aWorld({
    features: {
      checkSession: async () => {
        throw new TypeError("secret detail");
      },
    },
  });
  const response = await world.get("/auth/session", annsCookie);
  const text = await response.text();
  expect(response.status).toBe(500);
  expect(text).toContain("server.unexpected");
  expect(text).not.toContain("secret detail");
  const line = world.lines.find(({ level }) => level === "error");
  expect(line?.fields).toMatchObject({ requestId: "request-0001", code: "server.unexpected" });
  expect(line?.fields["err"]).toMatchObject({ cause: expect.any(TypeError) });
});

test("AT-50 something thrown that is no Error is 500 as well", async () => {
  const world = aWorld({ features: { checkSession: () => Promise.reject("a string") } });
  const response = await world.get("/auth/session", annsCookie);
  expect([response.status, response.headers.get("x-request-id")]).toEqual([500, "request-0001"]);
  expect(world.lines.map(({ level }) => level)).toContain("error");
});

test.each(["/auth/%", "/auth/%zz/start", "/auth/providers/%c3%28/start", "/%ff"])(
  "AT-3 the malformed path %s is 400",
  async (path) => {
    const response = await aWorld().get(path, { accept: "application/json" });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([400, "server.bad_request"]);
  },
);

test("SU-4 what no route matches is a problem for programs and a page for browsers", async () => {
  const world = aWorld();
  const problem = await world.get("/auth/nothing", { accept: "*/*" });
  expect([problem.status, problem.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
  const page = await world.get("/auth/nothing", browser);
  expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
  expect(await page.text()).toContain("There is no such page.");
});
