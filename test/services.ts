/**
 * What a test may find on the machine and may not: Chromium, Postgres, Redis, nginx, curl, Python and a library for it. A suite that needs one is skipped
 * where it is missing, with a line at the end of the run that says so; `LATCHKEY_TEST_REQUIRE=postgres,redis,chromium`
 * turns that skip into a failure, so that a pipeline cannot go green by having less.
 *
 * Nothing here installs or starts anything: `scripts/services` does, and only when it is asked.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";

export const serviceNames = ["postgres", "redis", "chromium", "python3-jwt", "python3", "curl", "nginx"] as const;
export type ServiceName = (typeof serviceNames)[number];

/** The services named by `LATCHKEY_TEST_REQUIRE`. @throws Error for a name that is no service: a typo must not pass. */
export function requiredServices(list: string = process.env["LATCHKEY_TEST_REQUIRE"] ?? ""): readonly ServiceName[] {
  const names = list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  return names.map((name) => {
    const known = serviceNames.find((one) => one === name);
    if (!known) throw new Error(`LATCHKEY_TEST_REQUIRE names ${name}; it may name ${serviceNames.join(", ")}`);
    return known;
  });
}

const browsers = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/snap/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** A Chromium to drive: `CHROMIUM_PATH`, else where systems put it; undefined when there is none. */
export function chromiumPath(): string | undefined {
  const named = process.env["CHROMIUM_PATH"];
  return (named === undefined || named === "" ? browsers : [named]).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** URL of a Postgres that answers: `TEST_POSTGRES_URL`, what `scripts/services up` started, or 127.0.0.1:5432. */
export const postgresUrl = (): Promise<string | undefined> =>
  answering("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres", 5432);

/** URL of a Redis that answers: `TEST_REDIS_URL`, what `scripts/services up` started, or 127.0.0.1:6379. */
export const redisUrl = (): Promise<string | undefined> => answering("TEST_REDIS_URL", "redis://127.0.0.1:6379", 6379);

async function answering(variable: string, usual: string, usualPort: number): Promise<string | undefined> {
  const text = process.env[variable] ?? startedByServices(variable) ?? usual;
  const url = new URL(text);
  const port = url.port === "" ? usualPort : Number(url.port);
  return (await answers(url.hostname, port)) ? text : undefined;
}

/** A Python program that can check a JWT: the version of Debian's python3-jwt; undefined when there is none. */
export function pythonJwt(): string | undefined {
  const asked = spawnSync("/usr/bin/python3", ["-c", "import jwt, cryptography; print(jwt.__version__)"]);
  return asked.status === 0 ? String(asked.stdout).trim() : undefined;
}

/** Debian's own Python, without anything installed into it; undefined when there is none. */
export const python = (): string | undefined => ["/usr/bin/python3"].find(isExecutable);
/** The program; undefined when there is none. */
export const curl = (): string | undefined => ["/usr/bin/curl", "/usr/local/bin/curl"].find(isExecutable);
export const nginx = (): string | undefined => ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].find(isExecutable);

/** What `scripts/services up` left for tests that run in another shell. */
function startedByServices(variable: string): string | undefined {
  try {
    const lines = readFileSync(".results/services/env", "utf8").split("\n");
    return lines.find((line) => line.startsWith(`${variable}=`))?.slice(variable.length + 1);
  } catch {
    return undefined;
  }
}

const answers = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2_000 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });

/**
 * A suite that needs a service. `found` is what the suite works with, or undefined when it is missing: then the
 * suite is skipped, or fails when `LATCHKEY_TEST_REQUIRE` names the service.
 */
export function describeWith<T>(
  service: ServiceName,
  found: T | undefined,
  name: string,
  suite: (found: T) => void,
): void {
  if (found !== undefined) {
    describe(name, () => suite(found));
  } else if (requiredServices().includes(service)) {
    test(`${name} [no ${service}]`, () => expect.fail(`LATCHKEY_TEST_REQUIRE names ${service}, and it is not here`));
  } else {
    // One stand-in: the suite's own body may need what is missing even to be collected.
    describe.skip(`${name} [no ${service}]`, () => test("is not run", () => {}));
  }
}

/** A suite that drives a real browser; it is given the browser's path. */
export const describeWithChromium = (name: string, suite: (executablePath: string) => void): void =>
  describeWith("chromium", chromiumPath(), name, suite);
