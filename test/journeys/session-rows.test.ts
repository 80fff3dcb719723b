/** What a session is (LO-1, LO-2), read from the database beside the browser that has it. */
import { createHash } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import type { UserId } from "../../src/kernel/ids.js";
import { days, milliseconds } from "../../src/kernel/time.js";
import { createBrowser } from "../../src/testing/browser.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld | undefined;
afterEach(() => world?.close());

async function annSignedIn(options: Parameters<typeof createSharedWorld>[0] = {}) {
  const here = await createSharedWorld(options);
  world = here;
  const browser = createBrowser((request) => {
    const ours = request.url.startsWith(here.baseUrl);
    return ours ? here.latchkey.fetch(request, { address: "192.0.2.7" }) : here.fetch(request);
  });
  await here.signIn(browser, "ann-1");
  const { user } = (await here.session(browser)).body;
  const [row] = await here.store.sessions.ofUser(user?.id as UserId);
  const value = /latchkey=([\w-]+)/.exec(browser.cookies.header(here.url("/session")) ?? "")?.[1] ?? "";
  if (!row) throw new Error("no row");
  return { here, browser, row, value, user };
}

test("LO-1 a session is a row that says who, by which provider and session there, when, until when, and from where", async () => {
  const clock = createManualClock();
  const { here, row, user } = await annSignedIn({ clock });
  const now = clock.now();
  const [identity] = await here.store.identities.ofUser(row.userId);
  expect(row).toMatchObject({
    userId: user?.id,
    provider: "fake",
    identityId: identity?.id,
    issuer: here.provider.issuer,
    sub: "ann-1",
    sid: here.provider.sidOf("ann-1"),
    clientId: here.provider.client.clientId,
    createdAt: now,
    lastSeenAt: now,
    address: "192.0.2.7",
    roleAtIssue: user?.role,
  });
  expect(row.userAgent).toContain("Chrome");
});

test("LO-1 the cookie holds 256 random bits, the database their SHA-256 and nothing of them, and Bearer takes the same", async () => {
  const { here, row, value } = await annSignedIn();
  expect(Buffer.from(value, "base64url")).toHaveLength(32);
  expect(row.tokenHash).toBe(createHash("sha256").update(value).digest("base64url"));
  expect(JSON.stringify(row)).not.toContain(value);
  const bearer = await here.request("/session", { headers: { authorization: `Bearer ${value}` } });
  expect(bearer.status).toBe(200);
  // Another browser gets another one.
  const other = here.browser();
  await here.signIn(other, "ann-1");
  expect(other.cookies.header(here.url("/session"))).not.toContain(value);
});

test("LO-2 30 days, and 7 days without use, where the operator says nothing else", async () => {
  const clock = createManualClock();
  const { here, browser, row } = await annSignedIn({ clock });
  await clock.skip(milliseconds(days(7) - 1));
  expect((await here.session(browser)).status).toBe(200);
  await clock.skip(days(7));
  expect((await here.session(browser)).status).toBe(401);

  const again = here.browser();
  await here.signIn(again, "ann-1");
  const cookie = again.cookies.header(here.url("/session")) ?? "";
  const status = async () => (await here.request("/session", { headers: { cookie } })).status;
  for (let week = 0; week < 5; week++) {
    await clock.skip(days(6));
    if (week === 4) break;
    expect(await status()).toBe(200);
    // That somebody was here is written beside the answer, and takes real time.
    const seen = async () => (await here.store.sessions.ofUser(row.userId)).map(({ lastSeenAt }) => lastSeenAt);
    await expect.poll(seen).toContain(clock.now());
  }
  expect(await status()).toBe(401);
});
