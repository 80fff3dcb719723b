/** AT-1 through the front door: whatever a stranger puts into a URL or a form, the browser stays with us. */
import { afterEach, describe, expect, test } from "vitest";
import { createWorld, type World, type WorldOptions } from "../../src/testing/world.js";
import { openRedirects, ownTargets } from "./open-redirect-corpus.js";

let world: World | undefined;
const start = async (options?: WorldOptions): Promise<World> => {
  world = await createWorld(options);
  return world;
};
afterEach(async () => {
  await world?.close();
  world = undefined;
});

const origin = "http://localhost:3000";
const page = `${origin}/auth/sign-in`;

/** True when a browser of ours that is sent to `location` is still with us, also after one more decoding in between. */
function staysHere(location: string): boolean {
  const here = (text: string) => URL.canParse(text, page) && new URL(text, page).origin === origin;
  let decoded = location;
  try {
    decoded = decodeURIComponent(location);
  } catch {
    // Not decodable: nobody in between can decode it either.
  }
  return here(location) && here(decoded);
}

/** What leads away from a page: links, forms, pictures, styles, scripts. */
const leadsTo = (html: string): string[] =>
  [...html.matchAll(/\s(?:href|action|src|formaction)="([^"]*)"/g)].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&"),
  );

const inGroups = async (texts: readonly string[], each: (text: string) => Promise<void>): Promise<void> => {
  for (let at = 0; at < texts.length; at += 10) await Promise.all(texts.slice(at, at + 10).map(each));
};

describe("AT-1 open redirects over HTTP", () => {
  test("AT-1 what this file looks for is there to be found: a naive app would send people away", () => {
    expect(openRedirects.filter((text) => !staysHere(text)).length).toBeGreaterThan(200);
    expect(openRedirects.filter((text) => text.startsWith("/") && !staysHere(text)).length).toBeGreaterThan(50);
  });

  test("AT-1 SI-7 after a whole sign-in with any of them as return_to, the Location is on our origin", async () => {
    const world = await start({ config: { signIn: { signUp: true, defaultReturnTo: "/home" } } });
    const sent: string[] = [];
    await inGroups(openRedirects, async (text) => {
      const browser = world.browser();
      const callback = await world.approve(browser, "ann-1", { returnTo: text });
      const landed = await browser.get(callback, { from: world.provider.issuer, follow: false });
      const location = landed.headers.get("Location") ?? "";
      expect([landed.status, staysHere(location)], JSON.stringify([text, location])).toEqual([303, true]);
      expect(location).toMatch(/^\/(?![/\\])/);
      sent.push(location);
    });
    expect(sent.length).toBe(openRedirects.length);
    // Refused ones are replaced by the default, and said so in the log, without the text itself.
    expect(sent.filter((location) => location === "/home").length).toBeGreaterThan(200);
    const refusals = world.log.lines.filter(({ fields }) => fields["code"] === "signin.return_refused");
    expect(refusals.length).toBeGreaterThan(200);
    expect(world.log.text()).not.toContain("evil.example");
  }, 120_000);

  test("AT-1 SI-7 what is ours is kept through a whole sign-in", async () => {
    const world = await start();
    for (const [given, becomes] of ownTargets) {
      const browser = world.browser();
      const callback = await world.approve(browser, "ann-1", { returnTo: given });
      const landed = await browser.get(callback, { from: world.provider.issuer, follow: false });
      expect(landed.headers.get("Location")).toBe(becomes);
    }
  });

  test("AT-1 SI-13 no link, form or Location of the sign-in page, with or without a failure, leads away", async () => {
    const world = await start();
    await inGroups(openRedirects, async (text) => {
      const evil = encodeURIComponent(text.toWellFormed());
      for (const query of [
        `return_to=${evil}`,
        `error=signin.denied&request=request-0001&return_to=${evil}`,
        `error=${evil}&request=${evil}&return_to=${evil}&setup=${evil}`,
        `next=${evil}&redirect_uri=${evil}&post_logout_redirect_uri=${evil}`,
      ]) {
        const answer = await world.request(`/sign-in?${query}`);
        const html = await answer.text();
        expect([answer.status, answer.headers.get("Location")]).toEqual([200, null]);
        const links = leadsTo(html).filter((link) => !link.startsWith("data:"));
        expect(links.length).toBeGreaterThan(0);
        for (const link of links) {
          expect(staysHere(link), `${text} made ${link}`).toBe(true);
          const onwards = new URL(link, world.url("/sign-in")).searchParams.get("return_to");
          if (onwards !== null) expect(staysHere(onwards), `${text} made ${onwards}`).toBe(true);
        }
      }
    });
  }, 120_000);

  test("AT-1 SI-13 a callback that fails leads to our sign-in page, whatever stands in its query", async () => {
    const world = await start();
    await inGroups(
      openRedirects.filter((_, index) => index % 4 === 0),
      async (text) => {
        const evil = encodeURIComponent(text.toWellFormed().slice(0, 2_000));
        for (const query of [
          `return_to=${evil}`,
          `error=${evil}&state=x&repeat=1`,
          `state=${evil}&code=c&repeat=1&redirect_uri=${evil}`,
        ]) {
          const answer = await world.request(`/providers/fake/callback?${query}`);
          expect(answer.headers.get("Location") ?? "").toMatch(
            /^http:\/\/localhost:3000\/auth\/sign-in\?error=signin\.[a-z_]+&request=[0-9a-f-]+$/,
          );
        }
      },
    );
  });

  test("AT-1 LO-5 [option:signIn.signOut.allowedReturnTo] sign-out's return_to stays with us, or goes to an origin that the operator listed", async () => {
    const world = await start({
      config: { signIn: { signUp: true, signOut: { allowedReturnTo: ["https://partner.example"] } } },
    });
    const signOut = async (returnTo: string) => {
      const answer = await world.request("/sign-out", {
        method: "POST",
        headers: { Origin: world.baseUrl, "Content-Type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({ return_to: returnTo }).toString(),
      });
      // Over 64 KB no form is read at all, and there is no Location.
      expect(answer.status).toBe(returnTo.length > 60_000 ? 400 : 303);
      return answer.headers.get("Location") ?? "/";
    };
    const nearMisses = [
      "https://partner.example.evil.example/",
      "https://partner.example@evil.example/",
      "https://partner.exampleevil.example/",
      "https://partner.example:8443/",
      "http://partner.example/",
      "blob:https://partner.example/x",
      "https://evil.example#https://partner.example",
      "https://user@partner.example/",
      "https://evilpartner.example/",
      "https://sub.partner.example/",
      "javascript:alert(1)//https://partner.example",
      "wss://partner.example/",
    ];
    // A backslash is a slash to a URL parser, so these do go to the partner, and to nobody else.
    const partners = ["https://partner.example\\@evil.example/", "https:\\\\partner.example\\@evil.example"];
    await inGroups([...openRedirects, ...nearMisses, ...partners], async (text) => {
      const location = await signOut(text);
      const target = new URL(location, page);
      expect([origin, "https://partner.example"], `${text} made ${location}`).toContain(target.origin);
      expect([target.username, target.password]).toEqual(["", ""]);
      if (nearMisses.includes(text)) expect(target.origin, text).toBe(origin);
    });
    expect(await signOut("https://partner.example/bye?x=1")).toBe("https://partner.example/bye?x=1");
    expect(await signOut("/bye")).toBe("/bye");
  }, 60_000);

  test("AT-1 LO-5 back from the provider's sign-out, the target is what was asked before, and never what the URL says", async () => {
    const world = await start();
    const evil = openRedirects.filter((text, index) => index % 12 === 0 && text.length < 1_000);
    for (const text of evil) {
      const browser = world.browser();
      await world.signIn(browser, "ann-1");
      const account = await browser.get(world.url("/account"));
      const form = account.forms.findIndex(({ action }) => action.endsWith("/sign-out"));
      const away = await browser.submit(account, { return_to: text, choice: "provider" }, { form, follow: false });
      expect(new URL(away.location ?? "").origin).toBe(world.provider.issuer);
      const asked = new URL(away.location ?? "").searchParams.get("post_logout_redirect_uri");
      expect(asked).toBe(world.url("/signed-out"));
      // The attacker also adds parameters of their own to the way back.
      const back = await browser.follow(away, { follow: false });
      const tampered = `${back.location}&return_to=${encodeURIComponent(text)}&post_logout_redirect_uri=${encodeURIComponent(text)}`;
      const landed = await browser.get(tampered, { from: world.provider.issuer, follow: false });
      if (landed.status !== 200) expect(staysHere(landed.headers.get("Location") ?? "//evil.example"), text).toBe(true);
    }
    // And without the cookie that belongs to the state there is nowhere to go on to.
    const forged = await world.request(`/signed-out?state=x&return_to=${encodeURIComponent("https://evil.example")}`);
    expect([forged.status, forged.headers.get("Location")]).toEqual([200, null]);
  }, 60_000);
});
