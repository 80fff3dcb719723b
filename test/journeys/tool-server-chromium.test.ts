/** A person in a real Chromium connects a protected MCP server on the account page, is asked for more, and disconnects. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterEach, expect, test } from "vitest";
import { ConsentRequired } from "../../src/vault/consent-required.js";
import { startToolServer } from "../provider/tool-server.js";
import { describeWithChromium } from "../services.js";
import { ann, createSetting, launch, proveWho, signIn } from "./setting.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describeWithChromium("a tool server in Chromium", (path) => {
  test("TS-12 TS-14 TS-17 SU-8 Connect, a further permission, Disconnect; its authorization server knows of no token afterwards", async () => {
    const tools = await startToolServer({ people: [ann] });
    closing.push(() => tools.stop());
    const setting = await createSetting({
      config: {
        toolServers: [{ id: "notes", name: "Notes", url: tools.url }],
        egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost", "127.0.0.1"] },
      },
    });
    closing.push(() => setting.close());
    const browser = await launch(path);
    closing.push(() => browser.close());
    const context = await browser.newContext();
    const page = await context.newPage();
    await signIn(page, setting, ann);
    const card = page.getByRole("region", { name: "Connected tool servers" });
    await expect.poll(() => card.textContent()).toContain("not connected");
    await card.getByRole("button", { name: "Connect Notes" }).click();
    await page.getByLabel("E-mail").waitFor();
    expect(new URL(page.url()).origin).toBe(tools.authorizationServer.issuer);
    await proveWho(page, ann);
    await page.waitForURL(/done=connected/);
    await card.getByRole("button", { name: "Disconnect Notes" }).waitFor();

    const { user } = (await (await context.request.get(`${setting.base}/session`)).json()) as { user: { id: string } };
    const fetch = setting.latchkey.toolServers.fetch({ user: user.id, connection: "tool:notes" });
    const client = new Client({ name: "app", version: "1.0.0" });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(tools.url), { fetch: fetch as typeof globalThis.fetch }),
    );
    closing.push(() => client.close());
    const add = () => client.callTool({ name: "add-note", arguments: { note: "buy milk" } });
    const asked = await add().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(asked).toBeInstanceOf(ConsentRequired);
    await page.reload();
    await expect.poll(() => card.textContent()).toContain("asks for more");
    await card.getByRole("button", { name: "Reconnect Notes" }).click();
    await page.getByRole("button", { name: "Allow" }).click();
    await page.waitForURL(/done=connected/);
    await add();
    expect(tools.notesOf("ann-1")).toEqual(["buy milk"]);

    expect(tools.authorizationServer.tokensOf("ann-1")).toBeGreaterThan(0);
    await card.getByRole("button", { name: "Disconnect Notes" }).click();
    await page.waitForURL(/done=disconnected/);
    await expect.poll(() => tools.authorizationServer.tokensOf("ann-1"), { timeout: 20_000 }).toBe(0);
  });

  test("AT-43 TS-12 a link on another site leads to a page that asks, whose button goes on", async () => {
    const tools = await startToolServer({ people: [ann] });
    closing.push(() => tools.stop());
    const setting = await createSetting({
      config: {
        toolServers: [{ id: "notes", name: "Notes", url: tools.url }],
        egress: { allow: ["localhost", "127.0.0.0/8", "::1/128"], allowHttp: ["localhost", "127.0.0.1"] },
      },
    });
    closing.push(() => setting.close());
    const browser = await launch(path);
    closing.push(() => browser.close());
    const page = await (await browser.newContext()).newPage();
    await signIn(page, setting, ann);
    // `localhost` is another site than 127.0.0.1.
    await page.goto(setting.provider.issuer);
    await page.evaluate((to) => {
      const link = Object.assign(document.createElement("a"), { href: to, textContent: "go" });
      document.body.append(link);
    }, `${setting.base}/connections/notes/start`);
    await page.getByRole("link", { name: "go" }).click();
    await page.getByRole("heading", { name: "Connect Notes?" }).waitFor();
    expect(tools.authorizationServer.registered()).toEqual([]);
    await page.getByRole("button", { name: "Connect Notes" }).click();
    await page.getByLabel("E-mail").waitFor();
    expect(new URL(page.url()).origin).toBe(tools.authorizationServer.issuer);
  });
});
