/** VA-15: a backend in each of three languages calls an API for a person, as the examples' README says. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, systemClock } from "../../src/kernel/time.js";
import { type Serving, serve } from "../../src/server/serve.js";
import { createWorld, type World } from "../../src/testing/world.js";
import { curl, describeWith, python } from "../services.js";

// A process that compiles as it loads, on a machine busy with other tests: a limit for what hangs.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const root = join(import.meta.dirname, "../..");
const service = { id: "chat", secret: "a secret of the service in this test: kX9f2LqP0" };
const connection = "provider:fake";

let world: World;
let serving: Serving;
afterEach(async () => {
  await serving.stop(milliseconds(0));
  await world.close();
});

/** Ann has signed in, and her browser has brought its cookie to the app. */
async function aSession(): Promise<{ value: string; user: string }> {
  const scopes = ["openid", "email", "profile", "offline_access"];
  world = await createWorld({ config: { services: [service] }, providerConfig: { scopes } });
  serving = await serve({
    handler: world.latchkey.fetch,
    host: "127.0.0.1",
    port: 0,
    clock: systemClock,
    log: silentLog,
  });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const value = /latchkey=([\w-]{43})/.exec(ann.cookies.header(world.url("/session")) ?? "")?.[1] ?? "";
  return { value, user: (await world.session(ann)).body.user?.id ?? "" };
}

async function run(command: readonly [string, ...string[]], session: string) {
  const [program, ...rest] = command;
  const env = {
    PATH: process.env["PATH"],
    BASE: `${serving.url}/auth`,
    SERVICE_ID: service.id,
    SERVICE_SECRET: service.secret,
    CONNECTION: connection,
    SESSION: session,
    API: `${world.provider.issuer}/userinfo`,
  };
  const child = spawn(program, rest, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  let problems = "";
  child.stdout.on("data", (text) => {
    out += String(text);
  });
  child.stderr.on("data", (text) => {
    problems += String(text);
  });
  const [code] = await once(child, "close");
  return { code, out: out.trim(), problems };
}

const refreshes = () =>
  world.provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length;

function example(command: readonly [string, ...string[]]): void {
  test("VA-15 calls the API with the person's token, and once more with another where that was refused", async () => {
    const { value } = await aSession();
    const first = await run(command, value);
    expect([first.code, first.problems]).toEqual([0, ""]);
    expect(JSON.parse(first.out)).toMatchObject({ sub: "ann-1", email: "ann@example.com" });
    expect(refreshes()).toBe(0);

    world.provider.next("userinfo", { status: 401, headers: { "WWW-Authenticate": "Bearer" } });
    const second = await run(command, value);
    expect([second.code, second.problems]).toEqual([0, ""]);
    expect(JSON.parse(second.out)).toMatchObject({ sub: "ann-1" });
    expect(refreshes()).toBe(1);
  });

  test("VA-15 says where the person connects, and what else is wrong", async () => {
    const { value, user } = await aSession();
    expect((await run(command, "x".repeat(43))).code).toBe(1);
    await world.latchkey.vault.disconnect({ user, connection });
    const { code, out } = await run(command, value);
    expect([code, out]).toEqual([3, `connect first: ${world.url("/providers/fake/start")}`]);
  });
}

describe("in TypeScript", () => example([process.execPath, "--import", "tsx", "examples/services/call.ts"]));
describeWith("curl", curl(), "with curl", () => example(["sh", "examples/services/call.sh"]));
describeWith("python3", python(), "in Python", (program) => example([program, "examples/services/call.py"]));
