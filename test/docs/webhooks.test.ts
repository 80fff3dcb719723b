/** The receivers of docs/webhooks.md, run as they stand there against messages that Latchkey has sent. */
import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aReceiver, aWebhookWorld, signingSecret } from "../webhooks/setting.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const page = await readFile(join(root, "docs/webhooks.md"), "utf8");
const block = (name: string): string => {
  const found = new RegExp(`^\`\`\`\\S+ ${name}\\n(.*?)^\`\`\`$`, "ms").exec(page)?.[1];
  if (found === undefined) throw new Error(`docs/webhooks.md has no block ${name}`);
  return found;
};
const python = spawnSync("python3", ["--version"]).status === 0;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latchkey-receivers-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Message {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What Latchkey sent for one sign-up, and what an attacker would make of it. */
async function messages(): Promise<{ readonly good: Message; readonly bad: readonly Message[] }> {
  const receiver = await aReceiver();
  const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
  await world.signIn(world.browser(), "ann-1");
  await expect.poll(() => receiver.requests.length).toBe(1);
  const [request] = receiver.requests;
  const headers = Object.fromEntries(
    Object.entries(request?.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const good = { headers, body: request?.body ?? "" };
  const having = (changed: Record<string, string>) => ({ ...good, headers: { ...headers, ...changed } });
  return {
    good,
    bad: [
      { ...good, body: good.body.replace("admin", "owner") },
      having({ "webhook-id": "another" }),
      having({ "webhook-timestamp": String(Number(headers["webhook-timestamp"]) - 3_600) }),
      having({ "webhook-timestamp": "soon" }),
      having({ "webhook-signature": "v1,AAAA" }),
      having({ "webhook-signature": "" }),
    ],
  };
}

/** Runs a receiver over the messages and answers what it made of each. */
async function verdicts(command: string, file: string, driver: string, all: readonly Message[]): Promise<unknown> {
  await writeFile(join(folder, "messages.json"), JSON.stringify(all));
  await writeFile(join(folder, file), driver);
  const loader = command === process.execPath ? ["--import", import.meta.resolve("tsx")] : [];
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder, CRM_WEBHOOK_SECRET: signingSecret };
  const { stdout } = await run(command, [...loader, file], { cwd: folder, env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

test("SI-23 the TypeScript receiver of the docs takes what Latchkey signs, once, and nothing that was changed", async () => {
  const { good, bad } = await messages();
  await writeFile(join(folder, "receive.ts"), block("receive.ts"));
  const driver = `
    import { readFileSync } from "node:fs";
    import { receive } from "./receive.ts";
    const told = [];
    const log = console.log;
    console.log = (line) => told.push(line);
    const statuses = [];
    for (const { headers, body } of JSON.parse(readFileSync("messages.json", "utf8"))) {
      const request = new Request("https://crm.example.com/", { method: "POST", body, headers });
      statuses.push((await receive(request)).status);
    }
    log(JSON.stringify({ statuses, told }));
  `;
  expect(await verdicts(process.execPath, "driver.mts", driver, [good, good, ...bad])).toEqual({
    statuses: [204, 204, ...bad.map(() => 401)],
    told: ["ann@example.com has an account"],
  });
}, 60_000);

test.skipIf(!python)(
  "SI-23 the Python receiver of the docs does the same with its standard library",
  async () => {
    const { good, bad } = await messages();
    await writeFile(join(folder, "receive.py"), block("receive.py"));
    const driver = [
      "import json",
      "from receive import verified",
      "events = [verified(m['headers'], m['body'].encode()) for m in json.load(open('messages.json'))]",
      "print(json.dumps([event and event['data']['user']['email'] for event in events]))",
    ].join("\n");
    expect(await verdicts("python3", "driver.py", driver, [good, ...bad])).toEqual([
      "ann@example.com",
      ...bad.map(() => null),
    ]);
  },
  60_000,
);
