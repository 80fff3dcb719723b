import { describe, expect, test } from "vitest";
import { annsCookie, aWorld, browser, ids } from "../../test/support/hand-made-features.js";

const pages = [
  "/auth/sign-in",
  "/auth/signed-out",
  "/auth/account",
  "/auth/nothing",
  "/auth/providers/corp/callback?state=s&code=c",
];
const answers = [
  ...pages,
  "/auth/session",
  "/auth/api/sessions",
  "/auth/api/identities",
  "/auth/api/providers",
  "/auth",
  "/auth/providers/corp/start",
  "/auth/sign-in?error=x",
  "/auth/readyz",
];

describe.each(pages)("the page %s", (path) => {
  test("SU-5 AT-53 cannot be framed, runs no script but ours, and sends forms nowhere else", async () => {
    const response = await aWorld().get(path, { ...browser, ...annsCookie });
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("form-action 'self' https://idp.example.com;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).not.toContain("unsafe");
    expect(response.headers.get("referrer-policy")).toBe("same-origin");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  });

  test("SU-5 holds no inline script, style or handler, and SU-8 nothing from another origin", async () => {
    const html = await (await aWorld().get(path, { ...browser, ...annsCookie })).text();
    expect(html).toMatch(/^<!doctype html><html lang="en" dir="ltr">/);
    expect(html).not.toMatch(/<style|<script(?![^>]* src="\/auth\/assets\/[0-9a-f]{16}\.js")|\son[a-z]+=|\sstyle=/);
    for (const [, url] of html.matchAll(/(?:src|href|action)="([^"]*)"/g)) {
      expect(url).toMatch(/^(?:#content$|data:image\/svg|\/auth\/|http:\/\/localhost:3000\/auth\/)/);
    }
  });
});

test.each(answers)("SU-4 AT-53 %s is kept by no cache and mixed up by none", async (path) => {
  for (const headers of [{ ...browser, ...annsCookie }, { accept: "application/json" }]) {
    const response = await aWorld().get(path, headers);
    expect(response.headers.get("cache-control")).toBe("no-store");
    const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
    expect(response.headers.get("vary")).toBe(`Cookie, Authorization${isPage ? ", Accept-Language" : ""}`);
    expect(response.headers.get("x-request-id")).toBe("request-0001");
  }
});

test("SU-5 HSTS is sent where baseUrl is https, and only there", async () => {
  const https = aWorld({ config: { baseUrl: "https://app.example.com" } });
  expect((await https.get("/auth/sign-in")).headers.get("strict-transport-security")).toMatch(/^max-age=\d{8}/);
  expect((await https.get("/auth/session")).headers.get("strict-transport-security")).toMatch(/^max-age=\d{8}/);
  expect((await aWorld().get("/auth/sign-in")).headers.get("strict-transport-security")).toBeNull();
});

test("SU-5 style and script come from our own origin, under names that may be kept for ever", async () => {
  const world = aWorld();
  const html = await (await world.get("/auth/sign-in", browser)).text();
  const paths = [...html.matchAll(/(?:href|src)="(\/auth\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
  expect(paths).toHaveLength(2);
  for (const path of paths) {
    const asset = await world.get(path);
    expect(asset.status).toBe(200);
    expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(asset.headers.get("content-type")).toMatch(/^text\/(?:css|javascript)/);
    expect((await asset.text()).length).toBeGreaterThan(100);
  }
  expect((await world.get("/auth/assets/0000000000000000.css")).status).toBe(404);
});

test("SU-4 a HEAD of a page says what a GET would, without a body", async () => {
  const response = await aWorld().send("HEAD", "/auth/account", { headers: { ...browser, ...annsCookie } });
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("SU-4 an ended session's cookie goes out with a failure as well", async () => {
  const headers = { cookie: "latchkey=gone", origin: "http://localhost:3000" };
  const response = await aWorld().send("DELETE", `/auth/api/sessions/${ids.phone}`, { headers });
  expect(response.status).toBe(401);
  expect(response.headers.getSetCookie()).toEqual(["latchkey=; Path=/; Max-Age=0"]);
});
