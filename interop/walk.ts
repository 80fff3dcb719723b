/** Goes on with what a server's pages ask until one of ours is shown. */
import type { Page } from "playwright-core";

/** How long a page, a token or a frame may take before it counts as not come. A limit for what hangs. */
export const patience = 60_000;

export async function walk(page: Page, until: string, act: (page: Page) => Promise<boolean>): Promise<void> {
  const end = Date.now() + patience;
  while (!page.url().startsWith(until)) {
    if (Date.now() > end)
      throw new Error(
        `did not come back; stopped at ${page.url().split("?")[0]}: ${(await textOf(page)).slice(0, 200)}`,
      );
    // A page that is left while it is looked at is looked at again.
    if (!(await act(page).catch(() => false))) await page.waitForTimeout(100);
  }
  await page.waitForLoadState();
}

const textOf = async (page: Page) =>
  (
    await page
      .locator("body")
      .textContent()
      .catch(() => null)
  )
    ?.replace(/\s+/g, " ")
    .trim() ?? "";
