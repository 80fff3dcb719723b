// The example of docs/testing.md. A test below compares the two, so that what is printed there runs here.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createManualClock, createWorld, days } from "./index.js";

// example begins
test("SU-15 a person signs in, and is gone after a week of doing nothing", async () => {
  const clock = createManualClock();
  const world = await createWorld({ clock, config: { roles: { default: "user" } } });
  try {
    world.provider.people.set("kim-9", { sub: "kim-9", email: "kim@example.com", name: "Kim" });
    const browser = world.browser();
    const page = await world.signIn(browser, "kim-9", { returnTo: "/auth/account" });
    expect(page.text).toContain("Kim");

    const request = new Request(world.baseUrl, { headers: { Cookie: browser.cookies.header(world.baseUrl) ?? "" } });
    expect((await world.latchkey.sessions.authenticate(request))?.user.email).toBe("kim@example.com");

    await clock.skip(days(8));
    expect(await world.latchkey.sessions.authenticate(request)).toBeNull();
  } finally {
    await world.close();
  }
});

test("SU-15 a provider that is in trouble does not end in a crash", async () => {
  const world = await createWorld();
  try {
    world.provider.next("token", { status: 503, body: "try later" });
    const page = await world.signIn(world.browser());
    expect(new URL(page.url).searchParams.get("error")).toBe("signin.provider_unavailable");
    expect((await world.signIn(world.browser())).url).toBe(world.url("/account"));
  } finally {
    await world.close();
  }
});
// example ends

test("SU-15 the example of docs/testing.md is this file's", () => {
  const source = readFileSync(import.meta.filename, "utf8");
  const example = source.slice(source.indexOf("// example begins\n") + 18, source.indexOf("// example ends\n")).trim();
  expect(readFileSync("docs/testing.md", "utf8")).toContain(example);
});
