/** Every page in every state, as a real Chromium shows it: accessible, whole at 320 pixels, and usable by keyboard. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { describeWithChromium } from "../services.js";
import { axeFindings, type Gallery, openGallery, pageStates } from "../support/page-states.js";
import { rightToLeft } from "../support/right-to-left.js";

// A browser on a machine that is busy with other tests: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithChromium("the pages in Chromium", (executablePath) => {
  let gallery: Gallery;
  beforeAll(async () => {
    gallery = await openGallery(executablePath);
  });
  afterAll(() => gallery.close());

  const stateOf = (page: string, state: string) => {
    const found = pageStates.find((one) => one.page === page && one.state === state);
    if (!found) throw new Error(`there is no state ${state} of ${page}`);
    return found;
  };

  describe.each(pageStates.map((state) => [`${state.page}, ${state.state}`, state] as const))("%s", (_name, state) => {
    test("SU-9 axe finds nothing, in light or dark, and everything fits 320 pixels", async () => {
      const seen = await gallery.show(state, "phone", async (page) => {
        const light = await axeFindings(page);
        await page.emulateMedia({ colorScheme: "dark" });
        const dark = await axeFindings(page, "colours");
        await page.setViewportSize({ width: 320, height: 640 });
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        const crash = await page.getByText("server.unexpected").count();
        return { light, dark, width, crash, headings: await page.locator("h1").count() };
      });
      const crash = state.page === "error" && state.state === "unexpected" ? 1 : 0;
      expect(seen).toMatchObject({ light: [], dark: [], headings: 1, crash });
      expect(seen.width).toBeLessThanOrEqual(320);
    });
  });

  test("SU-9 from right to left the layout is mirrored: icons stand right of the words, buttons left of the facts", async () => {
    const placesOf = async (language: string) => {
      const left = async (page: Page, selector: string) => (await page.locator(selector).first().boundingBox())?.x ?? 0;
      const icon = await gallery.show(
        stateOf("sign-in", "several"),
        "desktop",
        async (page) => (await left(page, ".provider .icon")) - (await left(page, ".provider .words")),
        language,
      );
      const end = await gallery.show(
        stateOf("account", "full"),
        "desktop",
        async (page) => (await left(page, ".rows form")) - (await left(page, ".rows li:has(form) .name")),
        language,
      );
      return { iconFirst: icon < 0, buttonLast: end > 0 };
    };
    expect(await placesOf("en")).toEqual({ iconFirst: true, buttonLast: true });
    expect(await placesOf(rightToLeft.language)).toEqual({ iconFirst: false, buttonLast: false });
  });

  test("SU-9 from right to left an address keeps its order: what comes first stands left", async () => {
    const edges = await gallery.show(
      stateOf("account", "full"),
      "desktop",
      (page) =>
        page.evaluate(() => {
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
            const start = node.nodeValue?.indexOf("2001:db8::17") ?? -1;
            if (start === -1) continue;
            const leftOf = (from: number, to: number) => {
              const range = document.createRange();
              range.setStart(node as Node, start + from);
              range.setEnd(node as Node, start + to);
              return range.getBoundingClientRect().left;
            };
            return { first: leftOf(0, 4), last: leftOf(10, 12) };
          }
          return null;
        }),
      rightToLeft.language,
    );
    expect(edges?.first).toBeLessThan(edges?.last ?? 0);
  });

  test("SU-9 the check would see a fault: an image without words, and text too pale to read, in the dark as well", async () => {
    const findings = await gallery.show(stateOf("sign-in", "one"), "desktop", async (page) => {
      await page.evaluate(() => {
        document.querySelector("main")?.append(document.createElement("img"));
        document.querySelector<HTMLElement>(".lead")?.style.setProperty("color", "#888");
        document.querySelector<HTMLElement>(".lead")?.style.setProperty("background", "#999");
      });
      const light = await axeFindings(page);
      await page.emulateMedia({ colorScheme: "dark" });
      return { light, dark: await axeFindings(page, "colours") };
    });
    const names = (lines: readonly string[]) => lines.map((line) => line.split(":", 1)[0]).sort();
    expect(names(findings.light)).toEqual(["color-contrast", "image-alt"]);
    expect(names(findings.dark)).toEqual(["color-contrast"]);
  });

  test("SU-8 the provider that this browser used last comes first and says so", async () => {
    const buttons = await gallery.show(stateOf("sign-in", "several"), "desktop", (page) =>
      page.getByRole("link", { name: "Continue with" }).allInnerTexts(),
    );
    expect(buttons.map((text) => text.split("\n").filter((line) => line.length > 1))).toEqual([
      ["Continue with Google", "Last used"],
      ["Continue with Corp SSO"],
      ["Continue with Microsoft"],
      ["Continue with GitHub"],
    ]);
  });

  test("SU-9 the sign-in page is walked with the keyboard, in the order it is read, and where one stands is seen", async () => {
    const walked = await gallery.show(stateOf("sign-in", "several"), "desktop", async (page) => {
      const stops: string[] = [];
      for (let step = 0; step < 5; step++) {
        await page.keyboard.press("Tab");
        const stop = page.locator(":focus");
        const outline = await stop.evaluate((element) => getComputedStyle(element).outlineStyle);
        stops.push(`${((await stop.getAttribute("href")) ?? "").replace(/^.*\/auth/, "")} ${outline}`);
      }
      return stops;
    });
    expect(walked).toEqual([
      "#content solid",
      "/providers/google/start solid",
      "/providers/corp/start solid",
      "/providers/microsoft/start solid",
      "/providers/github/start solid",
    ]);
  });
});
