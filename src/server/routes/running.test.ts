import { expect, test } from "vitest";
import { annsCookie, aWorld } from "../../../test/support/hand-made-features.js";
import { identityItem, listOf, sessionAnswer, sessionItem } from "./api-schemas.js";

test("SU-4 GET /healthz answers while anything does; GET /readyz says what is wrong", async () => {
  const ill = aWorld({ features: { readiness: async () => ({ ready: false, code: "store.not_migrated" }) } });
  expect(await (await ill.get("/auth/healthz")).json()).toEqual({ status: "ok" });
  const response = await ill.get("/auth/readyz");
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([503, "store.not_migrated"]);
  const well = await aWorld().get("/auth/readyz");
  expect([well.status, await well.json(), well.headers.get("cache-control")]).toEqual([
    200,
    { status: "ok" },
    "no-store",
  ]);
});

interface OpenApi {
  readonly openapi: string;
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, { responses: Record<string, { content?: Record<string, unknown> }> }>>;
}

test("SU-4 GET /openapi.json is OpenAPI 3.1 of the JSON API, failures included", async () => {
  const document = (await (await aWorld().get("/auth/openapi.json")).json()) as OpenApi;
  expect(document.openapi).toBe("3.1.0");
  expect(document.servers).toEqual([{ url: "http://localhost:3000" }]);
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(operations.sort()).toEqual([
    "delete /auth/api/connections/{connection}",
    "delete /auth/api/identities/{id}",
    "delete /auth/api/sessions/{id}",
    "get /auth/api/connections",
    "get /auth/api/identities",
    "get /auth/api/providers",
    "get /auth/api/sessions",
    "get /auth/healthz",
    "get /auth/readyz",
    "get /auth/session",
    "post /auth/api/identities/{provider}/link",
  ]);
  for (const path of ["/auth/session", "/auth/api/sessions", "/auth/api/identities"]) {
    expect(Object.keys(document.paths[path]?.["get"]?.responses["401"]?.content ?? {})).toEqual([
      "application/problem+json",
    ]);
  }
});

test("SU-4 what the routes answer is what the schemas say", async () => {
  const world = aWorld();
  const bodyOf = async (path: string) => (await world.get(path, annsCookie)).json();
  expect(sessionAnswer.strict().safeParse(await bodyOf("/auth/session")).error).toBeUndefined();
  expect(
    listOf(sessionItem.strict())
      .strict()
      .safeParse(await bodyOf("/auth/api/sessions")).error,
  ).toBeUndefined();
  expect(
    listOf(identityItem.strict())
      .strict()
      .safeParse(await bodyOf("/auth/api/identities")).error,
  ).toBeUndefined();
});

test("SU-4 every request is a line at debug level, without its query", async () => {
  const world = aWorld();
  await world.get("/auth/providers/corp/callback?code=secret-code&state=secret-state");
  const lines = world.lines.filter(({ message }) => message === "request");
  expect(lines.map(({ level, fields }) => [level, fields])).toEqual([
    [
      "debug",
      { requestId: "request-0001", method: "GET", path: "/auth/providers/corp/callback", status: 200, took: 1 },
    ],
  ]);
  expect(JSON.stringify(world.lines)).not.toContain("secret-");
});

test("SU-3 another base path moves every route", async () => {
  const world = aWorld({ config: { basePath: "/sso/v1" } });
  expect((await world.get("/sso/v1/session", annsCookie)).status).toBe(200);
  expect((await world.get("/auth/session", annsCookie)).status).toBe(404);
  expect(await (await world.get("/sso/v1/sign-in", { accept: "text/html" })).text()).toContain('href="/sso/v1/assets/');
});
