/** `npm run demo`, as somebody meets it who has just cloned the project. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { describeWithChromium } from "../services.js";
import { launch, sessionOf, signIn } from "./setting.js";

interface Ready {
  readonly event: string;
  readonly url: string;
  readonly base: string;
  readonly admin: string;
  readonly provider: { readonly id: string; readonly issuer: string };
  readonly toolServer: { readonly id: string; readonly url: string };
  readonly people: readonly {
    readonly name: string;
    readonly email: string;
    readonly password: string;
    readonly role: string;
  }[];
}

const running: ChildProcess[] = [];
const folders: string[] = [];
/** One for all demos of this file: the compiler's cache lives there too, and is slow to fill. */
const scratch = mkdtempSync(join(tmpdir(), "latchkey-demo-test-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const temporaryFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-demo-test-"));
  folders.push(folder);
  return folder;
};

async function startDemo(...options: string[]) {
  const child = spawn("npm", ["run", "--silent", "demo", "--", "--port", "0", "--json", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    // A process group of its own, so that a test that fails leaves nothing running.
    detached: true,
    // The temporary folder is ours to look into, so that what is left behind can be seen.
    env: { ...process.env, TMPDIR: scratch },
  });
  running.push(child);
  const output: string[] = [];
  let complaints = "";
  child.stderr.on("data", (chunk) => {
    complaints += String(chunk);
  });
  const lines = createInterface({ input: child.stdout });
  const first = new Promise<string>((resolve, reject) => {
    lines.on("line", (line) => {
      output.push(line);
      resolve(line);
    });
    child.once("exit", (code) => reject(new Error(`the demo ended with ${code}: ${complaints}`)));
  });
  const ready = JSON.parse(await first) as Ready;
  const stop = async (signal: "SIGTERM" | "SIGINT" = "SIGTERM") => {
    const exited = once(child, "exit");
    child.kill(signal);
    const [code] = await exited;
    return code as number | null;
  };
  return { ready, output, stop };
}

afterEach(() => {
  for (const { pid } of running.splice(0)) {
    try {
      if (pid !== undefined) process.kill(-pid, "SIGTERM");
    } catch {
      // The group has ended, as it should.
    }
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe("SU-13 the demo", () => {
  test("SU-13 prints one ready line, answers, ends on SIGTERM with 0, and leaves nothing behind", async () => {
    const demo = await startDemo();
    const { ready } = demo;
    expect(ready).toEqual({
      event: "ready",
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      base: `${ready.url}/auth`,
      admin: `${ready.url}/auth/admin`,
      provider: { id: "example", issuer: expect.stringMatching(/^http:\/\/localhost:\d+$/) },
      toolServer: { id: "notes", url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/mcp$/) },
      people: [
        expect.objectContaining({
          role: "admin",
          name: expect.any(String),
          email: expect.any(String),
          password: expect.any(String),
        }),
        expect.objectContaining({ role: "user" }),
        expect.objectContaining({ role: "pending" }),
      ],
    });
    expect((await fetch(`${ready.base}/sign-in`)).status).toBe(200);
    expect((await fetch(`${ready.provider.issuer}/.well-known/openid-configuration`)).status).toBe(200);
    expect((await fetch(ready.url, { redirect: "manual" })).headers.get("Location")).toBe(`${ready.base}/account`);
    expect(readdirSync(scratch).filter((name) => name.startsWith("latchkey-demo-"))).toHaveLength(1);

    expect(await demo.stop()).toBe(0);
    expect(demo.output).toHaveLength(1);
    await expect(fetch(`${ready.base}/sign-in`)).rejects.toThrow();
    expect(readdirSync(scratch).filter((name) => name.startsWith("latchkey-demo-"))).toEqual([]);
  });
});

describeWithChromium("SU-13 the demo in Chromium", (path) => {
  test("SU-13 TS-14 a person connects the tool server, calls a tool, is asked for more, gives it, and disconnects", async () => {
    const browser = await launch(path);
    const demo = await startDemo();
    try {
      const [, person] = demo.ready.people;
      if (!person) throw new Error("nobody");
      const page = await (await browser.newContext()).newPage();
      await signIn(page, demo.ready, person);
      await page.goto(`${demo.ready.url}/tools`);
      await page.getByRole("link", { name: "Connect" }).click();
      await page.getByLabel("E-mail").fill(person.email);
      await page.getByLabel("Password").fill(person.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("button", { name: "Allow" }).click();
      await page.waitForURL(`${demo.ready.url}/tools`);
      await page.getByRole("button", { name: "List my notes" }).click();
      expect(await page.locator("pre").textContent()).toContain("has no notes");

      await page.getByLabel("A note:").fill("buy milk");
      await page.getByRole("button", { name: "Keep it" }).click();
      expect(await page.getByRole("alert").textContent()).toContain("notes:write");
      await page.getByRole("link", { name: "Give it" }).click();
      await page.getByRole("button", { name: "Allow" }).click();
      await page.waitForURL(`${demo.ready.url}/tools`);
      await page.getByLabel("A note:").fill("buy milk");
      await page.getByRole("button", { name: "Keep it" }).click();
      expect(await page.locator("pre").textContent()).toContain("has 1 note(s)");

      await page.getByRole("button", { name: "Disconnect" }).click();
      await page.waitForURL(/done=disconnected/);
      await page.goto(`${demo.ready.url}/tools`);
      expect(await page.locator("#status").textContent()).toBe("not connected");
    } finally {
      await browser.close();
      await demo.stop();
    }
  });

  test("SU-13 every person signs in with the printed password and has the printed role", async () => {
    const data = temporaryFolder();
    const browser = await launch(path);
    try {
      const first = await startDemo("--data", data);
      for (const person of first.ready.people) {
        const context = await browser.newContext();
        const page = await context.newPage();
        await signIn(page, first.ready, person);
        expect((await sessionOf(context, first.ready.base)).body.user).toMatchObject({
          email: person.email,
          role: person.role,
        });
        const heading = await page.getByRole("heading", { level: 1 }).textContent();
        expect(heading).toBe(person.role === "pending" ? "Waiting for approval" : person.name);
        await context.close();
      }
      expect(await first.stop("SIGINT")).toBe(0);
      expect(existsSync(join(data, "latchkey.db"))).toBe(true);
    } finally {
      await browser.close();
    }
  });
});
