/**
 * AT-37, AT-38, and AT-33 to AT-36 on the picture URL: it is a stranger's text, what it leads to is a stranger's bytes, and
 * both come at the moment in which we hold the person's access token.
 */
import type { RequestListener } from "node:http";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import type { UserId } from "../../src/kernel/ids.js";
import { seconds, systemClock } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { aServer, type Counted, scriptedLookup } from "../egress/loopback.js";
import { signsIn } from "../options/setting.js";
import { ada, anEntra, contoso } from "../presets/microsoft-entra.js";
import { annWith, answering, aPictureHost, gif, png, redirecting, theAuthority } from "../support/picture-host.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** Ann signs in with this picture; what is stored for her when everything has come to rest. */
async function afterSigningIn(picture: string, egress: ConfigInput["egress"] = {}, options: WorldOptions = {}) {
  world = await createSharedWorld({
    ...options,
    provider: { people: [annWith(picture)] },
    config: {
      roles: { default: "user" },
      egress: { allow: ["127.0.0.0/8", "localhost"], ca: await theAuthority(), ...egress },
    },
  });
  const { error, status, user, browser } = await signsIn(world);
  expect([error, status]).toEqual([null, 200]);
  const url = world.url(`/pictures/${user?.id}`);
  // The browser's own request, while the app still runs.
  const served = async () => {
    const cookie = browser.cookies.header(url) ?? "";
    return (await world?.fetch(new Request(url, { headers: { cookie } }))) as Response;
  };
  const stored = async () => {
    await world?.latchkey.close();
    return world?.store.pictures.ofUser(user?.id as UserId);
  };
  const there = () =>
    vi.waitFor(async () => expect(await world?.store.pictures.summaryOf(user?.id as UserId)).toBeDefined());
  return { stored, served, there, world };
}

const credentials = ({ requests }: Counted) =>
  requests.map(({ headers }) => [headers.authorization, headers.cookie, headers.referer].filter(Boolean));

describe("AT-37 the access token", () => {
  test("AT-37 SI-22 does not go to the picture's host, nor where that redirects", async () => {
    const other = await aPictureHost(answering(png));
    const host = await aPictureHost((request, response) =>
      redirecting(request.url === "/ann.png" ? "/moved.png" : other.url("/elsewhere.png"))(request, response),
    );
    const { stored } = await afterSigningIn(host.url("/ann.png"));
    expect(await stored()).toMatchObject({ contentType: "image/png" });
    expect(host.requests.map(({ url }) => url)).toEqual(["/ann.png", "/moved.png"]);
    expect([credentials(host), credentials(other)]).toEqual([[[], []], [[]]]);
  });

  const scopes = ["openid", "email", "profile", "User.Read"];
  const entraWith = async (answer: RequestListener, more: { scopes?: string[] } = { scopes }) => {
    const graph = await aServer(answer);
    const pictureUrl = `http://127.0.0.1:${graph.port}/v1.0/me/photo/$value`;
    const { world } = await anEntra(contoso, { pictureUrl, ...more });
    return { graph, world, ...(await signsIn(world, ada.sub, "entra")) };
  };

  test("AT-37 SI-22 [option:providers.pictureUrl] goes to the preset's own picture host", async () => {
    const { graph, world, browser } = await entraWith(answering(png));
    await vi.waitFor(async () => {
      const { body } = await world.session(browser);
      expect((body.user as unknown as { picture: string }).picture).toContain("/auth/pictures/");
    });
    expect(graph.requests).toHaveLength(1);
    expect(graph.requests[0]?.url).toBe("/v1.0/me/photo/$value");
    expect(graph.requests[0]?.headers.authorization).toMatch(/^Bearer access-/);
  });

  test.each(["localhost", "127.0.0.1"])("AT-37 SI-22 does not follow that host's redirect to %s", async (host) => {
    const other = await aServer(answering(png));
    const { graph, world } = await entraWith(redirecting(`http://${host}:${other.port}/steal`));
    await vi.waitFor(() => expect(other.requests).toHaveLength(1));
    await world.latchkey.close();
    expect(credentials(graph)).toMatchObject([[expect.stringMatching(/^Bearer /)]]);
    expect(credentials(other)).toEqual([[]]);
  });

  test("AT-37 SI-22 is not sent anywhere when it does not open the pictures, or the operator wants none", async () => {
    const closed = await entraWith(answering(png), {});
    await closed.world.latchkey.close();
    expect([closed.error, closed.graph.requests]).toEqual([null, []]);
    const graph = await aServer(answering(png));
    const pictureUrl = `http://127.0.0.1:${graph.port}/photo`;
    const { world } = await anEntra(contoso, { pictureUrl, scopes, claims: { picture: null } });
    expect((await signsIn(world, ada.sub, "entra")).error).toBeNull();
    await world.latchkey.close();
    expect(graph.requests).toEqual([]);
  });
});

const script = "<script>alert(document.cookie)</script>";
const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`);

describe("AT-38 what is no picture", () => {
  test.each<[what: string, bytes: Buffer, type: string]>([
    ["SVG", svg, "image/svg+xml"],
    ["SVG called a PNG", svg, "image/png"],
    ["HTML", Buffer.from(`<!doctype html>${script}`), "text/html"],
    ["HTML called a JPEG", Buffer.from(`<!doctype html>${script}`), "image/jpeg"],
    ["a page that holds a picture", Buffer.concat([Buffer.from(script), png]), "image/png"],
    ["nothing", Buffer.alloc(0), "image/png"],
  ])("AT-38 SI-22 %s is not kept, and not served", async (_what, bytes, type) => {
    const host = await aPictureHost(answering(bytes, type));
    const { stored, served } = await afterSigningIn(host.url("/ann"));
    await vi.waitFor(() => expect(host.requests).toHaveLength(1));
    expect((await served()).status).toBe(404);
    expect(await stored()).toBeUndefined();
  });

  test.each<[what: string, bytes: Buffer, called: string, served: string]>([
    ["a GIF that goes on as HTML", Buffer.concat([gif, Buffer.from(script)]), "text/html", "image/gif"],
    ["a GIF's head before SVG", Buffer.concat([Buffer.from("GIF89a"), svg]), "image/svg+xml", "image/gif"],
    ["a PNG called HTML", png, "text/html; charset=utf-8", "image/png"],
    ["a PNG called script", png, "application/javascript", "image/png"],
  ])("AT-38 SI-22 %s is what its first bytes say and can be nothing else", async (_what, bytes, called, type) => {
    const host = await aPictureHost(answering(bytes, called));
    const { served, there } = await afterSigningIn(host.url("/ann"));
    await there();
    const { status, headers } = await served();
    expect([status, headers.get("content-type"), headers.get("x-content-type-options")]).toEqual([
      200,
      type,
      "nosniff",
    ]);
    expect(headers.get("content-security-policy")).toContain("sandbox");
    expect(headers.get("content-disposition")).toMatch(/^attachment;/);
  });
});

describe("a picture URL that leads inside", () => {
  const names = scriptedLookup({
    "cdn.example": ["127.0.0.1"],
    "inside.example": ["127.0.0.1"],
    "mixed.example": ["127.0.0.1", "9.9.9.9"],
    localhost: ["127.0.0.1"],
  });
  // The provider is let out by its name; whatever else is on this machine is not.
  const closed = { allow: ["localhost", "cdn.example"], allowHttp: ["localhost"] };
  async function inWorld(picture: string, egress: ConfigInput["egress"] = closed) {
    world = await createSharedWorld({
      provider: { people: [annWith(picture)], host: "localhost" },
      config: { roles: { default: "user" }, egress: { ...egress, ca: await theAuthority() } },
      ports: { lookup: names },
    });
    const { error, status, user } = await signsIn(world);
    expect([error, status]).toEqual([null, 200]);
    await world.latchkey.close();
    return world.store.pictures.ofUser(user?.id as UserId);
  }

  test("AT-33 without the guard it is fetched", async () => {
    const host = await aPictureHost(answering(png));
    const open = { ...closed, allow: ["localhost", "127.0.0.0/8"] };
    expect(await inWorld(`https://127.0.0.1:${host.port}/`, open)).toBeDefined();
  });

  test.each([
    "https://127.0.0.1:{port}/",
    "https://127.1:{port}/",
    "https://2130706433:{port}/",
    "https://0x7f000001:{port}/",
    "https://[::ffff:127.0.0.1]:{port}/",
    "https://[64:ff9b::127.0.0.1]:{port}/",
    "https://127.0.0.1.:{port}/",
    "https://inside.example:{port}/",
    "https://mixed.example:{port}/",
    "http://localhost:{port}/",
    "http://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254/latest/meta-data/",
    "https://cdn.example@127.0.0.1:{port}/",
    "file:///etc/passwd",
    "data:image/png;base64,iVBORw0KGgo=",
  ])("AT-33 AT-35 SI-22 %s is not asked, and the sign-in succeeds", async (url) => {
    const host = await aPictureHost(answering(png));
    expect(await inWorld(url.replace("{port}", String(host.port)))).toBeUndefined();
    expect(host.connections).toBe(0);
  });

  test("AT-34 SI-22 a redirect inside is refused at the first hop and at the third, and the fourth is one too many", async () => {
    const inside = await aPictureHost(answering(png));
    for (const [hops, to] of [
      [0, `https://127.0.0.1:${inside.port}/`],
      [2, `https://inside.example:${inside.port}/`],
      [0, `http://localhost:${inside.port}/`],
      [3, "/fine"],
    ] as const) {
      const outer = await aPictureHost((request, response) => {
        const hop = Number(new URL(request.url ?? "", "http://x").searchParams.get("hop"));
        if (request.url === "/fine") return answering(png)(request, response);
        return redirecting(hop < hops ? `/?hop=${hop + 1}` : to)(request, response);
      });
      // The certificate is localhost's, which is let out by name.
      expect(await inWorld(outer.url("/?hop=0"))).toBeUndefined();
      expect([outer.requests.length, inside.connections]).toEqual([hops + 1, 0]);
      await world?.close();
      world = undefined;
    }
  });
});

describe("AT-36 a picture made to hold or to fill us", () => {
  test("AT-36 SI-22 one that never ends is left after five seconds, and nobody has waited", async () => {
    let dripped = 0;
    let gone: Promise<unknown> = Promise.resolve();
    const host = await aPictureHost(async (request, response) => {
      gone = new Promise((resolve) => request.socket.once("close", resolve));
      response.writeHead(200, { "content-type": "image/png" });
      for (; !response.destroyed; dripped++) {
        response.write(" ");
        await systemClock.sleep(seconds(0.002));
      }
    });
    const clock = createManualClock();
    const { world } = await afterSigningIn(host.url("/ann.png"), {}, { clock });
    await vi.waitFor(() => expect(dripped).toBeGreaterThan(20));
    await clock.advance(seconds(4.999));
    expect(world?.log.lines.filter(({ message }) => message === "a picture could not be fetched")).toEqual([]);
    await clock.advance(seconds(0.001));
    await gone;
  });

  test.each<[what: string, answer: RequestListener]>([
    ["a megabyte and a byte", answering(Buffer.alloc(1_000_001, png))],
    [
      "a bomb",
      (_request, response) =>
        response
          .writeHead(200, { "content-type": "image/png", "content-encoding": "gzip" })
          .end(gzipSync(Buffer.concat([png, Buffer.alloc(50_000_000)]))),
    ],
    [
      "one that says it has 100 MB",
      (_request, response) => {
        response.writeHead(200, { "content-type": "image/png", "content-length": "100000000" });
        response.write(png);
      },
    ],
    [
      "a thousand headers",
      (_request, response) => {
        for (let count = 0; count < 1_000; count++) response.setHeader(`x-${count}`, "y");
        response.writeHead(200).end(png);
      },
    ],
  ])("AT-36 SI-22 %s is not kept", async (_what, answer) => {
    const host = await aPictureHost(answer);
    const { stored } = await afterSigningIn(host.url("/ann.png"), { maxBytes: "50MB" });
    await vi.waitFor(() => expect(host.requests).toHaveLength(1));
    expect(await stored()).toBeUndefined();
  });

  test("AT-36 SI-22 a megabyte is", async () => {
    const whole = Buffer.concat([png, Buffer.alloc(1_000_000 - png.length)]);
    const host = await aPictureHost(answering(whole));
    const { stored } = await afterSigningIn(host.url("/ann.png"), { maxBytes: "50MB" });
    expect((await stored())?.bytes).toHaveLength(1_000_000);
  });
});
