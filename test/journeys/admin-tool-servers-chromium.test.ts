/** An admin in a real Chromium adds a tool server by its URL, tests it, and removes it; a mistake on the way loses nothing. */
import { afterEach, expect, test } from "vitest";
import { startToolServer } from "../provider/tool-server.js";
import { describeWithChromium } from "../services.js";
import { axeFindings } from "../support/page-states.js";
import { ann, createSetting, launch, proveWho, signIn } from "./setting.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeWithChromium("the admin page of tool servers in Chromium", (path) => {
  test("TS-18 SU-8 SU-9 LO-5 type, look, change, add, connect, test, remove; the secret is in no page", async () => {
    const tools = await startToolServer({ people: [ann] });
    closing.push(() => tools.stop());
    const setting = await createSetting({
      config: { egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost", "127.0.0.1"] } },
    });
    closing.push(() => setting.close());
    const browser = await launch(path);
    closing.push(() => browser.close());
    const page = await (await browser.newContext()).newPage();
    const seen: string[] = [];
    page.on("load", async () => void seen.push(await page.content().catch(() => "")));
    await signIn(page, setting, ann);
    await page.goto(`${setting.base}/admin`);
    await page.getByRole("link", { name: "Providers" }).click();
    await page.getByText(`${setting.base}/signed-out`, { exact: true }).first().waitFor();

    await page.getByRole("link", { name: "Tool servers" }).click();
    await page.getByRole("link", { name: "Add a tool server" }).click();
    await page.getByLabel("URL").fill(tools.url);
    await page.getByLabel("Id", { exact: true }).fill("Not an id");
    await page.getByLabel("Name that people see").fill("Notes");
    await page.getByText("Scopes, access, a client of your own").click();
    await page.getByLabel("Client id").fill("by-hand");
    await page.getByLabel("Client secret").fill("canary-client-secret");
    await page.getByRole("button", { name: "Look at it" }).click();

    await page.getByText("Some of it cannot be used").waitFor();
    const id = page.getByLabel("Id", { exact: true });
    expect(await id.getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("Client secret").inputValue()).toBe("");
    expect(await axeFindings(page)).toEqual([]);
    await id.fill("notes");
    await page.getByRole("button", { name: "Look at it" }).click();

    await page.getByRole("heading", { name: "Add Notes?" }).waitFor();
    await page.getByText("the client id that is set, since a client id is set").waitFor();
    await page.getByText(`${setting.base}/connections/notes/callback`, { exact: true }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    // This one registers people by itself: the client of one's own goes again.
    await page.getByRole("button", { name: "Change something" }).click();
    await page.getByText("The one that you typed is kept").waitFor();
    expect(await page.getByLabel("URL").inputValue()).toBe(tools.url);
    expect(await page.getByRole("checkbox", { name: "user" }).isChecked()).toBe(true);
    await page.goto(`${setting.base}/admin/tool-servers/add`);
    await page.getByLabel("URL").fill(tools.url);
    await page.getByLabel("Id", { exact: true }).fill("notes");
    await page.getByRole("button", { name: "Look at it" }).click();
    await page.getByText("dynamic registration, since baseUrl is not public").waitFor();
    await page.getByRole("button", { name: "Add it as notes" }).click();
    await page.waitForURL(/done=server-added/);

    await page.getByRole("link", { name: "Your account" }).click();
    await page.getByRole("button", { name: "Connect notes" }).click();
    await page.getByLabel("E-mail").waitFor();
    await proveWho(page, ann);
    await page.waitForURL(/done=connected/);

    await page.goto(`${setting.base}/admin/tool-servers`);
    await page.getByRole("button", { name: "Test notes" }).click();
    await page.getByText(/Its authorization endpoint (takes our request|answers)/).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("link", { name: "All tool servers" }).click();
    await page.getByRole("link", { name: "Remove notes" }).click();
    await page.getByText("People who have connected it: 1.").waitFor();
    expect(tools.authorizationServer.tokensOf("ann-1")).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Remove" }).click();
    await page.waitForURL(/done=server-removed/);
    await page.getByText("There is none yet.").waitFor();
    await expect.poll(() => tools.authorizationServer.tokensOf("ann-1"), { timeout: 20_000 }).toBe(0);
    expect(seen.length).toBeGreaterThan(10);
    expect(seen.join()).not.toContain("canary");
  });
});
