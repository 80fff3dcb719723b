import { describe, expect, test } from "vitest";
import { hours } from "../kernel/time.js";
import { createCookieJar } from "./browser/cookie-jar.js";
import { createBrowser } from "./browser.js";
import { createManualClock } from "./manual-clock.js";

const jarAt = () => createCookieJar(createManualClock());

describe("SU-15 the cookie jar keeps what a browser keeps", () => {
  test.each([
    ["a plain cookie", "http://app.example/", "a=1", true],
    ["Secure over http", "http://app.example/", "a=1; Secure", false],
    ["Secure over http on loopback", "http://localhost:3000/", "a=1; Secure", true],
    ["__Host- as it should be", "https://app.example/", "__Host-a=1; Secure; Path=/", true],
    ["__Host- with a Domain", "https://app.example/", "__Host-a=1; Secure; Path=/; Domain=app.example", false],
    ["__Host- with another Path", "https://app.example/", "__Host-a=1; Secure; Path=/auth", false],
    ["__host- in small letters, insecure", "https://app.example/", "__host-a=1; Path=/", false],
    ["a Domain that is not its own", "https://app.example/", "a=1; Domain=evil.example", false],
    ["a Domain of one label", "https://app.example/", "a=1; Domain=example", false],
    ["SameSite=None without Secure", "https://app.example/", "a=1; SameSite=None", false],
    ["a cookie without a name", "https://app.example/", "=1", false],
  ])("SU-15 %s", (_what, url, setCookie, kept) => {
    const jar = jarAt();
    expect(jar.set(url, setCookie)).toBe(kept);
    expect(jar.all()).toHaveLength(kept ? 1 : 0);
  });

  test("SU-15 sends by host, path, scheme and SameSite", () => {
    const jar = jarAt();
    jar.set("https://a.app.example/", "host=1");
    jar.set("https://a.app.example/", "shared=1; Domain=app.example");
    jar.set("https://a.app.example/", "path=1; Path=/auth");
    jar.set("https://a.app.example/", "strict=1; SameSite=Strict");
    jar.set("https://a.app.example/", "none=1; SameSite=None; Secure");
    expect(jar.header("https://a.app.example/auth/x")).toBe("path=1; host=1; shared=1; strict=1; none=1");
    expect(jar.header("https://a.app.example/authority")).not.toContain("path");
    expect(jar.header("https://b.app.example/")).toBe("shared=1");
    expect(jar.header("https://a.app.example/", { sameSite: false, method: "GET" })).toBe("host=1; shared=1; none=1");
    expect(jar.header("https://a.app.example/", { sameSite: false, method: "POST" })).toBe("none=1");
    expect(jar.header("http://a.app.example/")).not.toContain("none");
  });

  test("SU-15 forgets at the end of Max-Age and of Expires, and at once when told to", async () => {
    const clock = createManualClock();
    const jar = createCookieJar(clock);
    jar.set("https://app.example/", "a=1; Max-Age=3600");
    jar.set("https://app.example/", "b=1; Expires=Thu, 01 Jan 2026 02:00:00 GMT");
    jar.set("https://app.example/", "c=1");
    jar.set("https://app.example/", "c=; Max-Age=0");
    expect(jar.header("https://app.example/")).toBe("a=1; b=1");
    await clock.advance(hours(1));
    expect(jar.header("https://app.example/")).toBe("b=1");
    await clock.advance(hours(1));
    expect(jar.header("https://app.example/")).toBeUndefined();
  });

  test("AT-22 plain http cannot shadow a Secure cookie", () => {
    const jar = jarAt();
    jar.set("https://app.example/", "a=ours; Secure; Path=/");
    expect(jar.set("http://app.example/", "a=theirs; Path=/")).toBe(false);
    expect(jar.set("http://sub.app.example/", "a=theirs; Domain=app.example; Path=/")).toBe(false);
  });
});

describe("SU-15 the browser", () => {
  const seen: Request[] = [];
  const site = async (request: Request): Promise<Response> => {
    seen.push(request);
    const url = new URL(request.url);
    if (url.pathname === "/go")
      return new Response(null, {
        status: 303,
        headers: { Location: "https://other.example/land", "Set-Cookie": "s=1; SameSite=Strict" },
      });
    if (url.pathname === "/leave")
      return new Response("On to other.example", { headers: { Refresh: "0;url=https://other.example/land?a=1;b" } });
    if (url.pathname === "/form") {
      return new Response(
        '<form method=post action="/do?x=1&amp;y=2"><input type="hidden" name="a" value="1 &amp; 2"><input type=checkbox name=no value=1><button name="choice" value="local">Only <b>here</b></button></form>',
        { headers: { "Content-Type": "text/html" } },
      );
    }
    return new Response(JSON.stringify({ url: request.url }));
  };

  test("SU-15 follows redirects, keeps cookies on the way, and says what Chromium says", async () => {
    seen.length = 0;
    const browser = createBrowser(site);
    const page = await browser.get("https://app.example/go");
    expect([page.url, page.hops.map((hop) => hop.status)]).toEqual(["https://other.example/land", [303]]);
    expect(browser.cookies.get("s", "https://app.example/")?.value).toBe("1");
    expect(seen[0]?.headers.get("Sec-Fetch-Site")).toBe("none");
    await browser.get("https://app.example/go", { from: "https://other.example/land", follow: false });
    expect([seen[2]?.headers.get("Sec-Fetch-Site"), seen[2]?.headers.get("Cookie")]).toEqual(["cross-site", null]);
  });

  test("SU-15 follows a page that goes on by itself, as a link of that page", async () => {
    seen.length = 0;
    const browser = createBrowser(site);
    const page = await browser.post("https://app.example/leave", {}, { from: "https://app.example/form" });
    expect([page.url, page.hops.map((hop) => hop.url)]).toEqual([
      "https://other.example/land?a=1;b",
      ["https://app.example/leave"],
    ]);
    expect([seen[1]?.method, seen[1]?.headers.get("Origin"), seen[1]?.headers.get("Sec-Fetch-Site")]).toEqual([
      "GET",
      null,
      "cross-site",
    ]);
    const left = await browser.post("https://app.example/leave", {}, { from: null, follow: false });
    expect([left.status, left.text, left.location]).toEqual([200, "On to other.example", page.url]);
  });

  test("SU-15 posts a form with Origin, from its own page and from a stranger's", async () => {
    seen.length = 0;
    const browser = createBrowser(site);
    const page = await browser.get("https://app.example/form");
    expect(page.forms[0]).toMatchObject({
      fields: { a: "1 & 2" },
      buttons: [{ name: "choice", value: "local", text: "Only here" }],
    });
    await browser.submit(page, { choice: "local" });
    expect(seen[1]?.url).toBe("https://app.example/do?x=1&y=2");
    expect(await seen[1]?.text()).toBe("a=1+%26+2&choice=local");
    expect([seen[1]?.headers.get("Origin"), seen[1]?.headers.get("Sec-Fetch-Site")]).toEqual([
      "https://app.example",
      "same-origin",
    ]);
    await browser.post("https://app.example/do", { a: "1" }, { from: "https://evil.example/" });
    expect([seen[2]?.headers.get("Origin"), seen[2]?.headers.get("Sec-Fetch-Site")]).toEqual([
      "https://evil.example",
      "cross-site",
    ]);
  });

  test("SU-15 stops at a redirect when asked, and does not go round for ever", async () => {
    const browser = createBrowser(site);
    const page = await browser.get("https://app.example/go", {
      stopBefore: (url) => url.startsWith("https://other.example"),
    });
    expect(page.location).toBe("https://other.example/land");
    const circle = createBrowser(
      async (request) => new Response(null, { status: 302, headers: { Location: request.url } }),
    );
    await expect(circle.get("https://app.example/")).rejects.toThrow("redirects");
  });
});
