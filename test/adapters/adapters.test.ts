/** What is particular about each adapter: bodies that a framework has read already, mount points, doubled headers. */
import { once } from "node:events";
import {
  createServer,
  request as httpRequest,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as forExpress from "../../src/adapters/express.js";
import * as forFastify from "../../src/adapters/fastify.js";
import * as forHono from "../../src/adapters/hono.js";
import * as forNext from "../../src/adapters/next.js";
import * as forNode from "../../src/adapters/node-http.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
let cookie: string;
const servers: Server[] = [];

beforeEach(async () => {
  world = await createWorld();
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  cookie = browser.cookies.header(world.baseUrl) ?? "";
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await world.close();
});

async function listening(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The sign-out form, whose one field says where to go: only who has read the body goes there. */
const signOutAt = (origin: string) =>
  fetch(`${origin}/auth/sign-out`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie, origin: world.baseUrl, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ return_to: "https://bye.example/a?b=ü&c", choice: "local" }),
  });
const goesBye = (response: Response) => {
  expect(response.status).toBe(303);
  // The provider's end of session comes in between where there is one; what matters is that the form was read.
  expect(response.headers.getSetCookie().join()).toMatch(/latchkey=;/);
};

describe("SU-15 latchkey/express", () => {
  test.each([
    ["before a body parser", false],
    ["behind body parsers that have read the form", true],
  ])("reads its forms %s", async (_where, parsedBefore) => {
    await world.close();
    world = await createWorld({
      providerConfig: { logout: "local" },
      config: { signIn: { signUp: true, signOut: { allowedReturnTo: ["https://bye.example"] } } },
    });
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    cookie = browser.cookies.header(world.baseUrl) ?? "";

    const app = express();
    const parsers = [express.json(), express.urlencoded({ extended: true })];
    if (parsedBefore) app.use(parsers);
    app.use(forExpress.latchkeyHandler(world.latchkey));
    if (!parsedBefore) app.use(parsers);
    const answer = await signOutAt(await listening(app));
    goesBye(answer);
    expect(answer.headers.get("location")).toBe("https://bye.example/a?b=%C3%BC&c");
  });

  test.each([
    ["a string", (body: Buffer) => body.toString()],
    ["a byte array", (body: Buffer) => new Uint8Array(body)],
    ["a Buffer", (body: Buffer) => body],
    ["nothing", () => undefined],
    ["something else", () => ({ length: 7 })],
  ])("reads its forms behind a parser that keeps the raw body as %s", async (_what, rawBodyOf) => {
    const app = express();
    const verify = (request: object, _response: unknown, body: Buffer) =>
      void Object.assign(request, { rawBody: rawBodyOf(body) });
    app.use(express.urlencoded({ extended: false, verify }), forExpress.latchkeyHandler(world.latchkey));
    const origin = await listening(app);
    const answer = await fetch(`${origin}/auth/providers/fake/callback`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ code: "a code", state: "a state" }),
    });
    // A provider's form is passed on as a query: its fields are seen there.
    expect(answer.headers.get("location")).toMatch(/code=a(\+|%20)code/);
  });

  test("knows its own paths below a mount point, and sends people back to the whole path", async () => {
    const app = express();
    app.use("/auth", forExpress.latchkeyHandler(world.latchkey));
    const inner = express.Router();
    inner.get("/x", forExpress.requireUser(world.latchkey), (req, res) => void res.json(req.user));
    app.use("/inner", inner);
    const origin = await listening(app);
    expect((await fetch(`${origin}/auth/session`, { headers: { cookie } })).status).toBe(200);
    expect(await (await fetch(`${origin}/inner/x`, { headers: { cookie } })).json()).toMatchObject({
      email: "ann@example.com",
    });
    const away = await fetch(`${origin}/inner/x?y=1`, { headers: { accept: "text/html" }, redirect: "manual" });
    expect(new URL(away.headers.get("location") ?? "").searchParams.get("return_to")).toBe("/inner/x?y=1");
  });

  test("leaves the app's own bodies and errors to the app", async () => {
    const app = express();
    app.use(forExpress.latchkeyHandler(world.latchkey), forExpress.requireUser(world.latchkey), express.json());
    app.post("/echo", (req, res) => void res.json(req.body));
    app.get("/broken", () => {
      throw new Error("the app's own");
    });
    app.use(((error, _req, res, _next) => void res.status(500).send(error.message)) as express.ErrorRequestHandler);
    const origin = await listening(app);
    const headers = { cookie, origin: world.baseUrl, "content-type": "application/json" };
    const echoed = await fetch(`${origin}/echo`, { method: "POST", headers, body: '{"a":[1]}' });
    expect(await echoed.json()).toEqual({ a: [1] });
    expect(await (await fetch(`${origin}/broken`, { headers: { cookie } })).text()).toBe("the app's own");
  });
});

describe("SU-15 latchkey/fastify", () => {
  test("reads its forms whatever parsers the app has, and answers on paths that the app has not", async () => {
    const app = fastify();
    app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
    await app.register(forFastify.latchkeyPlugin, { latchkey: world.latchkey });
    app.post("/echo", { onRequest: forFastify.requireUser(world.latchkey) }, async (request) => ({
      body: request.body,
      who: request.user?.email,
    }));
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    try {
      const headers = { cookie, origin: world.baseUrl, "content-type": "text/x" };
      const echoed = await fetch(`${origin}/echo`, { method: "POST", headers, body: "hm" });
      expect(await echoed.json()).toEqual({ body: "hm", who: "ann@example.com" });
      const refused = await fetch(`${origin}/echo`, {
        method: "POST",
        body: "hm",
        headers: { "content-type": "text/x" },
      });
      expect(refused.status).toBe(401);
      expect(await refused.json()).toMatchObject({ code: "session.missing" });
      goesBye(await signOutAt(origin));
      expect((await fetch(`${origin}/auth/nothing`, { headers: { accept: "text/html" } })).status).toBe(404);
    } finally {
      await app.close();
    }
  });
});

describe("SU-15 what the app has said before stands beside what Latchkey says", () => {
  const stale = { cookie: `latchkey=${"x".repeat(43)}` };
  const saysBefore = (response: ServerResponse) => {
    response.setHeader("set-cookie", ["lang=de", "theme=dark"]);
    response.setHeader("vary", "Origin, cookie");
    response.setHeader("access-control-allow-origin", "https://spa.example");
  };
  const bothSpeak = async (url: string) => {
    const answer = await fetch(url, { headers: stale });
    const [lang, theme, ours, ...more] = answer.headers.getSetCookie();
    expect([answer.status, lang, theme, more]).toEqual([401, "lang=de", "theme=dark", []]);
    expect(ours).toMatch(/^latchkey=;/);
    const vary = answer.headers.get("vary")?.toLowerCase().split(", ");
    expect(vary).toEqual(["origin", "cookie", "authorization"]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://spa.example");
    expect(await answer.json()).toMatchObject({ code: "session.invalid" });
  };

  test("in Express", async () => {
    const app = express();
    app.use((_req, res, next) => {
      saysBefore(res);
      next();
    });
    app.use(forExpress.latchkeyHandler(world.latchkey), forExpress.requireUser(world.latchkey));
    const origin = await listening(app);
    await bothSpeak(`${origin}/auth/session`);
    await bothSpeak(`${origin}/page`);
  });

  test("in a plain Node server", async () => {
    const handle = forNode.latchkeyHandler(world.latchkey);
    const passes = forNode.requireUser(world.latchkey);
    const origin = await listening(async (request, response) => {
      saysBefore(response);
      if (!(await handle(request, response))) await passes(request, response);
    });
    await bothSpeak(`${origin}/auth/session`);
    await bothSpeak(`${origin}/page`);
  });

  test("in Fastify, whose hooks speak through its reply", async () => {
    const app = fastify();
    app.addHook("onRequest", async (_request, reply) => {
      reply.header("set-cookie", ["lang=de", "theme=dark"]).header("vary", "Origin, cookie");
      reply.header("access-control-allow-origin", "https://spa.example");
    });
    await app.register(forFastify.latchkeyPlugin, { latchkey: world.latchkey });
    app.get("/page", { onRequest: forFastify.requireUser(world.latchkey) }, () => "in");
    const origin = await app.listen({ port: 0, host: "127.0.0.1" });
    try {
      await bothSpeak(`${origin}/auth/session`);
      await bothSpeak(`${origin}/page`);
    } finally {
      await app.close();
    }
  });
});

test("SU-15 latchkey/hono puts user and session into the context, and passes on what is not ours", async () => {
  const app = new Hono();
  app.use(forHono.latchkeyHandler(world.latchkey));
  app.get("/me", forHono.requireUser(world.latchkey), (c) => c.json([c.var.user.email, c.var.session.provider]));
  expect(await (await app.request("/me", { headers: { cookie } })).json()).toEqual(["ann@example.com", "fake"]);
  expect((await app.request("/me")).status).toBe(401);
  expect((await app.request("/auth/session", { headers: { cookie } })).status).toBe(200);
  expect((await app.request("/else")).status).toBe(404);
  goesBye(await app.request("/auth/sign-out", { method: "POST", headers: { cookie, origin: world.baseUrl } }));
});

test("SU-15 latchkey/next: route handlers, the proxy and currentUser answer web requests", async () => {
  const handlers = forNext.routeHandlers(world.latchkey);
  const at = (path: string, headers: Record<string, string> = {}) => new Request(world.baseUrl + path, { headers });
  expect((await handlers.GET(at("/auth/session", { cookie }))).status).toBe(200);
  const proxy = forNext.requireUser(world.latchkey);
  expect(await proxy(at("/page", { cookie }))).toBeUndefined();
  expect(await proxy(at("/auth/sign-in"))).toBeUndefined();
  expect((await proxy(at("/page", { accept: "text/html" })))?.status).toBe(303);
  expect((await forNext.currentUser(world.latchkey, new Headers({ cookie })))?.user.email).toBe("ann@example.com");
  expect(await forNext.currentUser(world.latchkey, new Headers())).toBeNull();

  const browser = world.browser();
  await world.signIn(browser, "ben-2");
  const waiting = new Headers({ cookie: browser.cookies.header(world.baseUrl) ?? "" });
  expect(
    (await world.latchkey.sessions.authenticate(new Request(world.baseUrl, { headers: waiting })))?.user.role,
  ).toBe("pending");
  expect(await forNext.currentUser(world.latchkey, waiting)).toBeNull();
});

test("SU-15 LO-4 AT-22 latchkey/node sees headers that Node would join or drop, and refuses them", async () => {
  const passes = forNode.requireUser(world.latchkey);
  const origin = await listening(async (request, response) => {
    if (await passes(request, response)) response.end("in");
  });
  const statusOf = async (headers: string[]): Promise<number | undefined> => {
    const request = httpRequest(origin, { headers: ["host", "app.example", ...headers] }).end();
    const [response] = await once(request, "response");
    response.resume();
    return response.statusCode;
  };
  const value = /latchkey=([\w-]{43})/.exec(cookie)?.[1];
  expect(await statusOf(["cookie", cookie])).toBe(200);
  expect(await statusOf(["cookie", cookie, "cookie", `latchkey=${"y".repeat(43)}`])).toBe(401);
  expect(await statusOf(["authorization", `Bearer ${value}`])).toBe(200);
  expect(await statusOf(["authorization", `Bearer ${value}`, "authorization", "Bearer other"])).toBe(401);
});
