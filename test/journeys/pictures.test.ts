/** SI-22: a person's picture, from the provider's claim to our own pages. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { UserId } from "../../src/kernel/ids.js";
import { days, hours, seconds } from "../../src/kernel/time.js";
import type { Browser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { annWith, answering, aPictureHost, gif, type PictureHost, png, theAuthority } from "../support/picture-host.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld;
afterEach(() => world.close());

/** A world whose first person has a picture, at `picture` or at the host's `/ann.png`. */
async function start(host: PictureHost, options: WorldOptions = {}, people = [annWith(host.url("/ann.png"))]) {
  const { egress, ...config } = options.config ?? {};
  world = await createSharedWorld({
    ...options,
    provider: { people },
    config: {
      roles: { default: "user" },
      egress: { allow: ["127.0.0.0/8", "localhost"], ca: await theAuthority(), ...egress },
      ...config,
    },
  });
  return world;
}

async function signedIn(person = "ann-1"): Promise<Browser> {
  const browser = world.browser();
  await world.signIn(browser, person);
  return browser;
}

const pictureOf = async (browser: Browser): Promise<string | null> => {
  const { body } = await world.session(browser);
  return (body.user as unknown as { picture: string | null }).picture;
};
const shownTo = (browser: Browser) =>
  vi.waitFor(async () => {
    const picture = await pictureOf(browser);
    if (picture === null) throw new Error("no picture yet");
    return picture;
  });
const load = (url: string, browser: Browser | undefined, headers: Record<string, string> = {}, method = "GET") => {
  const cookie = browser?.cookies.header(url);
  return world.fetch(new Request(url, { method, headers: { ...(cookie ? { cookie } : {}), ...headers } }));
};
const storedFor = async (browser: Browser) =>
  world.store.pictures.ofUser((await world.session(browser)).body.user?.id as UserId);

describe("a picture", () => {
  test("SI-22 is fetched once the sign-in is done, kept, and shown from our own origin alone", async () => {
    const host = await aPictureHost(answering(png, "text/html"));
    await start(host);
    const ann = await signedIn();
    const url = await shownTo(ann);
    const id = (await world.session(ann)).body.user?.id;
    expect(url).toMatch(new RegExp(`^http://localhost:3000/auth/pictures/${id}\\?v=[A-Za-z0-9_-]{16}$`));
    const answer = await load(url, ann);
    expect([answer.status, Buffer.from(await answer.arrayBuffer())]).toEqual([200, png]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "image/png",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
      "content-disposition": 'attachment; filename="picture.png"',
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "private, no-cache",
      vary: "Cookie, Authorization",
    });
    const page = await ann.get(world.url("/account"));
    expect(page.text).toContain(`src="${url}"`);
    expect(page.text).not.toContain(`localhost:${host.port}`);
    expect(JSON.stringify((await world.session(ann)).body)).not.toContain(String(host.port));
    expect(host.requests).toHaveLength(1);
  });

  test("SI-22 is known again by its ETag, and has no body for HEAD", async () => {
    await start(await aPictureHost(answering(gif)));
    const ann = await signedIn();
    const url = await shownTo(ann);
    const etag = (await load(url, ann)).headers.get("etag") ?? "";
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{43}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await load(url, ann, { "if-none-match": known });
      expect([again.status, await again.text(), again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    expect((await load(url, ann, { "if-none-match": '"other"' })).status).toBe(200);
    const head = await load(url, ann, {}, "HEAD");
    expect([head.status, await head.text(), head.headers.get("content-type")]).toEqual([200, "", "image/gif"]);
  });

  test("SI-22 is for everybody who is signed in and let in, and for nobody else", async () => {
    const host = await aPictureHost(answering(png));
    const ben = { sub: "ben-2", email: "ben@example.com" };
    await start(host, { config: { roles: { default: "pending" } } }, [annWith(host.url("/ann.png")), ben]);
    const ann = await signedIn();
    const url = await shownTo(ann);
    const bens = await signedIn("ben-2");
    expect((await load(url, undefined)).status).toBe(401);
    expect((await load(url, bens)).status).toBe(403);
    const [record] = (await world.store.users.list({ limit: 1 }, { search: "ben@" })).items;
    if (!record) throw new Error("no ben");
    await world.store.transaction(async (tx) => {
      await tx.users.update({ ...record, role: "user", version: record.version + 1 }, record.version);
      await tx.announcements.append("user", record.id, world.clock.now());
    });
    expect((await load(url, bens)).status).toBe(200);
    for (const other of [record.id, crypto.randomUUID(), "..%2f..%2fetc", "x"]) {
      expect((await load(world.url(`/pictures/${other}`), ann)).status).toBe(404);
    }
  });

  test("SI-22 SU-10 nobody's picture: the page shows initials and asks no one", async () => {
    const host = await aPictureHost(answering(png));
    await start(host, {}, [annWith(undefined)]);
    const ann = await signedIn();
    expect(await pictureOf(ann)).toBeNull();
    const { text } = await ann.get(world.url("/account"));
    expect(text).not.toContain("<img");
    expect(text).toContain('<span class="portrait" aria-hidden="true">AE</span>');
  });
});

describe("a later sign-in", () => {
  const update = { signIn: { signUp: true, update: { picture: true } } };
  /** Signs in again, and lets the looking end. */
  const again = async (host: PictureHost, requests: number) => {
    const browser = await signedIn();
    await vi.waitFor(() => expect(host.requests.length).toBe(requests));
    return browser;
  };

  test("SI-22 [option:signIn.update.picture] off: a picture is taken once, and another URL is not followed", async () => {
    const host = await aPictureHost(answering(png));
    const clock = createManualClock();
    await start(host, { clock });
    await shownTo(await signedIn());
    world.provider.people.set("ann-1", annWith(host.url("/new.png")));
    await clock.skip(days(3));
    await signedIn();
    await world.latchkey.close();
    expect(host.requests.map(({ url }) => url)).toEqual(["/ann.png"]);
  });

  test("SI-22 [option:signIn.update.picture] on: another URL is fetched at once, the same one when a day has passed", async () => {
    let bytes = png;
    const host = await aPictureHost((request, response) => answering(bytes)(request, response));
    const clock = createManualClock();
    await start(host, { clock, config: update });
    const first = await shownTo(await signedIn());
    await clock.skip(hours(23));
    await signedIn();
    world.provider.people.set("ann-1", annWith(host.url("/new.png")));
    await again(host, 2);
    bytes = gif;
    await clock.skip(hours(25));
    const ann = await again(host, 3);
    await vi.waitFor(async () => expect(await pictureOf(ann)).not.toBe(first));
    expect(host.requests.map(({ url }) => url)).toEqual(["/ann.png", "/new.png", "/new.png"]);
    expect(await storedFor(ann)).toMatchObject({ contentType: "image/gif", fetchedAt: clock.now() });
  });

  test("SI-22 a failure keeps the picture there was; what never came is fetched at the next sign-in", async () => {
    let answer = answering(Buffer.from("gone"), "text/plain", 404);
    const host = await aPictureHost((request, response) => answer(request, response));
    const clock = createManualClock();
    await start(host, { clock, config: update });
    expect(await pictureOf(await signedIn())).toBeNull();
    await vi.waitFor(() => expect(host.requests).toHaveLength(1));
    answer = answering(png);
    const url = await shownTo(await again(host, 2));
    for (const [index, failing] of [
      answering(png, "image/png", 500),
      answering(Buffer.from("<svg/>"), "image/svg+xml"),
      answering(Buffer.alloc(1_000_001, png)),
      ((_request, response) => void response.socket?.destroy()) as typeof answer,
    ].entries()) {
      answer = failing;
      await clock.skip(hours(25));
      const ann = await again(host, 3 + index);
      expect(await pictureOf(ann)).toBe(url);
    }
    await world.latchkey.close();
    const [record] = (await world.store.users.list({ limit: 1 })).items;
    expect(Buffer.from((await world.store.pictures.ofUser(record?.id as UserId))?.bytes ?? [])).toEqual(png);
  });
});

describe("the sign-in itself", () => {
  test("SI-22 does not wait: the person is in while the picture's host says nothing, and it is left after five seconds", async () => {
    const gone: Promise<unknown>[] = [];
    const host = await aPictureHost((request) => {
      gone.push(new Promise((resolve) => request.socket.once("close", resolve)));
    });
    const clock = createManualClock();
    await start(host, { clock });
    const ann = await signedIn();
    expect((await world.session(ann)).status).toBe(200);
    await vi.waitFor(() => expect(host.requests).toHaveLength(1));
    await clock.advance(seconds(5));
    await Promise.all(gone);
    expect(gone).toHaveLength(1);
    expect(await storedFor(ann)).toBeUndefined();
  });

  test("SI-22 closing waits for a picture that is under way", async () => {
    let answerNow = () => {};
    const host = await aPictureHost((request, response) => {
      answerNow = () => answering(png)(request, response);
    });
    await start(host);
    const ann = await signedIn();
    const id = (await world.session(ann)).body.user?.id as UserId;
    await vi.waitFor(() => expect(host.requests).toHaveLength(1));
    const closed = world.latchkey.close();
    answerNow();
    await closed;
    expect(await world.store.pictures.summaryOf(id)).toMatchObject({ contentType: "image/png" });
  });

  test("SI-22 [option:signIn.claims.picture] null takes no picture", async () => {
    const host = await aPictureHost(answering(png));
    await start(host, { config: { signIn: { signUp: true, claims: { picture: null } } } });
    expect(await pictureOf(await signedIn())).toBeNull();
    await world.latchkey.close();
    expect(host.requests).toEqual([]);
  });

  test("SI-22 people who sign in on many devices at once are fetched for once", async () => {
    const host = await aPictureHost(answering(png));
    await start(host);
    const browsers = Array.from({ length: 8 }, () => world.browser());
    const callbacks: string[] = [];
    for (const browser of browsers) callbacks.push(await world.approve(browser, "ann-1"));
    await Promise.all(browsers.map((browser, index) => browser.get(callbacks[index] ?? "")));
    await shownTo(browsers[0] as Browser);
    await world.latchkey.close();
    expect(host.requests).toHaveLength(1);
  });
});
