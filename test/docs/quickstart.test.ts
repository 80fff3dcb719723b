/**
 * SU-15: docs/quickstart.md, followed literally in an empty folder: its files, its commands. Only two things differ:
 * `npm install` of the two packages takes what is here and not a registry's, and the ports are free ones.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createBrowser } from "../../src/testing/browser.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { type Packed, packLatchkey } from "../package/packed.js";
import { freePort } from "../support/free-port.js";

// Compiling the whole package on a busy machine: a limit for what hangs.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const run = promisify(execFile);
const install = "npm install ../latchkey express";
const text = await readFile(join(import.meta.dirname, "../../docs/quickstart.md"), "utf8");
const blocks = [...text.matchAll(/^```(\S+) ?(\S*)\n(.*?)^```$/gms)].map(([, language, name = "", body = ""]) => ({
  language,
  name,
  body,
}));
const named = (name: string): string => {
  const found = blocks.find((block) => block.name === name);
  if (!found) throw new Error(`docs/quickstart.md has no block ${name}`);
  return found.body;
};

let packed: Packed;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  packed = await packLatchkey();
  folder = await mkdtemp(join(tmpdir(), "latchkey-quickstart-"));
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.pid) process.kill(-child.pid, "SIGTERM");
  await Promise.all(children.map((child) => (child.exitCode === null ? once(child, "close") : undefined)));
  await rm(folder, { recursive: true, force: true });
  await packed.remove();
});

/** Runs a block in a terminal of its own; resolves with the rest of the line that begins with `sign`. */
async function start(commands: string, env: Record<string, string>, sign: string): Promise<string> {
  const child = spawn("bash", ["-euc", commands], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that what the shell started ends with it.
    detached: true,
  });
  children.push(child);
  let output = "";
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk;
      const found = new RegExp(`^${sign} (\\S+)$`, "m").exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout?.on("data", hear);
    child.stderr?.on("data", hear);
    child.once("exit", () => reject(new Error(`ended before "${sign}":\n${output}`)));
  });
}

test("SU-15 the app has under 30 lines of its own", () => {
  expect(named("file=app.js").trimEnd().split("\n").length).toBeLessThan(30);
});

test("SU-15 whoever follows the page signs in", async () => {
  const [first] = blocks.filter(({ language, name }) => language === "sh" && name === "");
  const commands = (first?.body ?? "").trim().split("\n");
  expect(commands).toContain(install);
  for (const command of commands) {
    if (command === install) await packed.installInto(folder, "express");
    else await run("bash", ["-euc", command], { cwd: folder });
  }
  for (const { name, body } of blocks)
    if (name.startsWith("file=")) await writeFile(join(folder, name.slice("file=".length)), body);

  const issuer = await start(named("provider"), { PROVIDER_PORT: String(await freePort()) }, "Provider at");
  const wanted = `http://localhost:${await freePort()}`;
  const origin = await start(named("app"), { BASE_URL: wanted, ISSUER: issuer }, "Open");
  expect(origin).toBe(wanted);

  const browser = createBrowser(loopbackFetch);
  const choice = await browser.get(origin);
  expect(choice.url).toContain(`${origin}/auth/sign-in?`);
  const link = /href="([^"]*\/providers\/corp\/start[^"]*)"/.exec(choice.text)?.[1] ?? "";
  const page = await browser.get(new URL(link.replaceAll("&amp;", "&"), origin).href, { from: choice.url });
  expect(page.text).toBe("Hello Kim, you are admin here.");
  expect((await browser.get(`${origin}/auth/account`)).text).toContain("kim@example.com");
});
