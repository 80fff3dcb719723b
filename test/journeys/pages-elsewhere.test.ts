/** Every page in every state in every other language, as a real Chromium shows it: accessible, and whole at 320 pixels. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { describeWithChromium } from "../services.js";
import { axeFindings, type Gallery, openGallery, pageLanguages, pageStates } from "../support/page-states.js";
import { rightToLeft } from "../support/right-to-left.js";

// A browser on a machine that is busy with other tests: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describeWithChromium("the pages in other languages in Chromium", (executablePath) => {
  let gallery: Gallery;
  beforeAll(async () => {
    gallery = await openGallery(executablePath);
  });
  afterAll(() => gallery.close());

  const elsewhere = pageLanguages.filter((language) => language !== "en");
  const translated = pageStates.flatMap((state) => elsewhere.map((language) => [state, language] as const));
  test.each(translated.map(([state, language]) => [`${state.page}, ${state.state}`, language, state] as const))(
    "SU-9 %s in %s: axe finds nothing in words that are new, and they fit 320 pixels",
    async (_name, language, state) => {
      const look = async (page: Page) => {
        // The made-up language has English's words: how it is laid out is what is new.
        const findings = language === rightToLeft.language ? [] : await axeFindings(page);
        await page.setViewportSize({ width: 320, height: 640 });
        return {
          findings,
          said: await page.locator("html").getAttribute("lang"),
          // In a page from right to left, what sticks out sticks out on the left, and the width counts it all the same.
          width: await page.evaluate(() => document.documentElement.scrollWidth),
        };
      };
      const seen = await gallery.show(state, "phone", look, language);
      expect(seen).toMatchObject({ findings: [], said: language });
      expect(seen.width).toBeLessThanOrEqual(320);
    },
  );
});
