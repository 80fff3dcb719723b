import { afterEach, describe, expect, test } from "vitest";
import { days, minutes } from "../kernel/time.js";
import { createManualClock } from "./manual-clock.js";
import { createWorld, type World, type WorldOptions } from "./world.js";

let world: World;
const start = async (options?: WorldOptions) => {
  world = await createWorld(options);
  return world;
};
afterEach(() => world.close());

describe("SU-15 a world", () => {
  test("SU-15 signs people in, each in a browser of their own", async () => {
    await start();
    const [first, second] = [world.browser(), world.browser()];
    const page = await world.signIn(first, "ann-1");
    await Promise.all([world.signIn(second, "ben@example.com"), world.signIn(world.browser(), "cleo-3")]);
    expect([page.url, page.status]).toEqual([world.url("/account"), 200]);
    expect(page.text).toContain("Ann Archer");
    expect((await world.session(first)).body.user?.email).toBe("ann@example.com");
    expect((await world.session(second)).body.user?.email).toBe("ben@example.com");
    const request = new Request("http://localhost:3000/", {
      headers: { Cookie: first.cookies.header(world.baseUrl) ?? "" },
    });
    expect((await world.latchkey.sessions.authenticate(request))?.user.name).toBe("Ann Archer");
    expect((await world.session(world.browser())).status).toBe(401);
  });

  test("SU-15 plays https, with the cookies that go with it, and another base path", async () => {
    await start({
      config: {
        baseUrl: "https://app.example.com",
        basePath: "/login",
        signIn: { bootstrapAdmins: ["ann@example.com"] },
      },
    });
    const browser = world.browser();
    await world.signIn(browser, "ann-1", { returnTo: "/login/account" });
    expect(browser.cookies.all().map(({ name, secure }) => [name, secure])).toEqual([["__Host-latchkey", true]]);
    expect((await world.session(browser)).body.user?.role).toBe("admin");
  });

  test("SU-15 stands at any moment: a flow and a session end when the clock says so", async () => {
    const clock = createManualClock();
    await start({ clock });
    const browser = world.browser();
    const callback = await world.approve(browser);
    await clock.advance(minutes(11));
    const late = await browser.get(callback, { from: world.provider.issuer });
    expect(late.url).toContain("error=signin.state_");
    await world.signIn(browser);
    expect((await world.session(browser)).status).toBe(200);
    await clock.skip(days(8));
    expect((await world.session(browser)).status).toBe(401);
  });

  test("SU-15 the provider lies when told to, and the log has no token", async () => {
    await start();
    const tokens: string[] = [];
    world.provider.tweaks.tokenAnswer = (answer) => {
      tokens.push(String(answer["access_token"]), String(answer["id_token"]));
      return answer;
    };
    world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, aud: "somebody-else" });
    const page = await world.signIn(world.browser());
    expect(page.url).toContain("error=signin.id_token_invalid");
    world.provider.reset();
    world.provider.signInAs(null);
    expect((await world.signIn(world.browser())).url).toContain("error=signin.denied");
    expect(world.log.lines.length).toBeGreaterThan(0);
    expect(tokens).toHaveLength(2);
    for (const token of tokens) expect(world.log.text()).not.toContain(token);
  });

  test("SU-15 goes the other ways a browser can be sent: form_post and pushed requests", async () => {
    await start({ providerConfig: { responseMode: "form_post", par: "always" } });
    const browser = world.browser();
    const page = await world.signIn(browser, "ben-2");
    expect([page.url, page.status]).toEqual([world.url("/account"), 200]);
    expect(world.provider.requestsTo("par")).toHaveLength(1);
    expect((await world.session(browser)).body.user?.email).toBe("ben@example.com");
  });
});
