/** VA-4: what is sealed and travels (flows, set-up links) while nodes change from one secret to another. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { createBrowser } from "../../src/testing/browser.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { aSecret } from "./filling.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const [old, newest, stranger] = [aSecret().reveal(), aSecret().reveal(), aSecret().reveal()];

/** Two nodes over one file, each with secrets of its own. */
async function twoNodes(first: string[], second: string[], baseUrl = "http://localhost:3000") {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-travelling-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  const config = { baseUrl, database: `sqlite:${join(folder, "latchkey.db")}` };
  const world = await createWorld({ config: { ...config, secrets: first } });
  closing.push(() => world.close());
  const later = await createLatchkey({ ...world.config, secrets: second, ports: { log: silentLog } });
  closing.push(() => later.close());
  return { world, later };
}

/** A browser whose requests to us go to whichever node `at` names. */
function behindBoth({ world, later }: Awaited<ReturnType<typeof twoNodes>>) {
  const at = { later: false };
  const browser = createBrowser((request) =>
    at.later && new URL(request.url).origin === world.baseUrl
      ? later.fetch(request, { address: "127.0.0.1" })
      : world.fetch(request),
  );
  return { at, browser };
}

const finish = async (world: World, { at, browser }: ReturnType<typeof behindBoth>) => {
  const callback = await world.approve(browser, "ann-1");
  at.later = true;
  return browser.get(callback, { from: world.provider.issuer });
};

test.each([
  ["the old secret, ended by a node that has the new one first", [old], [newest, old], true],
  ["the new secret, ended by a node that has it at the end so far", [newest, old], [old, newest], true],
  ["the new secret, ended by a node that does not know it yet", [newest, old], [old], false],
  ["a secret that is not configured any more", [old], [newest, stranger], false],
])("VA-4 SI-8 a sign-in begun with %s", async (_what, first, second, works) => {
  const nodes = await twoNodes(first, second);
  const visit = behindBoth(nodes);
  const landed = await finish(nodes.world, visit);
  if (works) expect(landed.url).toBe(nodes.world.url("/account"));
  else expect(landed.text).toContain("One more step");
  expect((await visit.browser.get(nodes.world.url("/session"))).status).toBe(works ? 200 : 401);
});

test.each([
  ["while the old one still opens", [old], [newest, old], true],
  ["when the old one is gone, which does not let anybody in", [old], [newest], false],
])("VA-4 AC-9 a set-up link made with the old secret, used %s", async (_what, first, second, works) => {
  const nodes = await twoNodes(first, second, "https://app.example");
  const { world } = nodes;
  const link = await world.latchkey.setupUrl();
  const { at, browser } = behindBoth(nodes);
  at.later = true;
  const setup = new URL(link ?? "").searchParams.get("setup") ?? "";
  const started = await browser.get(`${world.url("/providers/fake/start")}?${new URLSearchParams({ setup })}`, {
    follow: false,
  });
  const answered = await browser.get(started.location ?? "", { from: started.url, follow: false });
  const landed = await browser.get(answered.location ?? "", { from: world.provider.issuer });
  if (works) expect(await nodes.later.setupUrl()).toBeNull();
  else expect(landed.url + landed.text).toContain("signin.setup_required");
});
