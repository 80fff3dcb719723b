import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../kernel/errors.js";
import { redactedNames } from "../kernel/log.js";
import { secret } from "../kernel/secret.js";
import { toInstant } from "../kernel/time.js";
import { createPinoLog, type PinoLogOptions } from "./pino-log.js";

function capture(options: Partial<PinoLogOptions> = {}, isTTY = false) {
  const lines: string[] = [];
  const stream = { write: (line: string) => lines.push(line), isTTY };
  const clock = { now: () => toInstant(1_700_000_000_123) };
  return { lines, log: createPinoLog({ level: "debug", format: "auto", stream, clock, ...options }) };
}

/** What the protocols and the configuration call their secrets: none may fall off the list unseen. */
const secrets = [
  ...["access_token", "refresh_token", "id_token", "code", "code_verifier", "client_secret", "client_assertion"],
  ...["logout_token", "subject_token", "state", "nonce", "authorization", "cookie", "set-cookie", "password"],
  ...["secret", "secrets", "clientSecret", "clientKey", "accessToken", "refreshToken", "idToken"],
];

describe.each(["json", "pretty"] as const)("%s lines", (format) => {
  test("SI-24 hide every secret name, at any depth, in lists, errors and causes", () => {
    for (const name of new Set([...redactedNames, ...secrets])) {
      const { lines, log } = capture({ format });
      const hidden = "canary-value";
      const cause = Object.assign(new Error("inner"), { [name]: hidden });
      const err = new LatchkeyError("signin.code_rejected", {
        data: { [name]: hidden, list: [{ [name.toUpperCase()]: hidden }] },
        cause,
      });
      log.error({ [name]: hidden, deep: { er: [{ [name]: hidden }] }, err }, "said");
      expect(lines.join("")).not.toContain(hidden);
      expect(lines).toHaveLength(1);
    }
  });

  test("VA-5 a boxed secret stays in its box", () => {
    const { lines, log } = capture({ format });
    log.info({ clientId: "x", value: secret("canary-value") as never }, "said");
    expect(lines.join("")).not.toContain("canary-value");
    expect(lines.join("")).toContain("x");
  });

  test("SI-24 a code of our catalog stays readable although an authorization code does not", () => {
    const { lines, log } = capture({ format });
    log.info({ code: "signin.state_expired" }, "one");
    log.info({ code: "4/0AX4XfWh" }, "two");
    expect(lines[0]).toContain("signin.state_expired");
    expect(lines[1]).not.toContain("4/0AX4XfWh");
  });

  test("SI-24 an error tells its code where that is ours or the system's, its data without secrets, and its cause", () => {
    const { lines, log } = capture({ format });
    const cause = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
    const data = { provider: "corp", nested: { refresh_token: "canary-value" } };
    log.error({ err: new LatchkeyError("signin.code_rejected", { data, cause }) }, "one");
    log.error({ err: Object.assign(new Error("x"), { code: "4/0AX4XfWh" }) }, "two");
    expect(lines[0]).toContain("signin.code_rejected");
    expect(lines[0]).toContain("ECONNREFUSED");
    expect(lines[0]).toContain("corp");
    expect(lines.join("")).not.toMatch(/canary-value|4\/0AX4XfWh/);
  });

  test("SI-24 lines below the level are not written", () => {
    const { lines, log } = capture({ format, level: "warn" });
    log.info({}, "no");
    log.warn({}, "yes");
    expect(lines).toHaveLength(1);
    const silent = capture({ format, level: "silent" });
    silent.log.error({}, "no");
    expect(silent.lines).toEqual([]);
  });

  test("a circle of objects ends", () => {
    const { lines, log } = capture({ format });
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    log.info({ circle } as never, "said");
    expect(lines).toHaveLength(1);
  });

  test("one call is one line, whatever characters come", () => {
    const { lines, log } = capture({ format });
    log.info({ name: "a\nb\u001b[2Jc\u2028", "odd\nname": 1 } as never, "said\r\nfake line \u001b[31m");
    expect(lines).toHaveLength(1);
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\n\r\u001b]/);
  });

  // U+009B is CSI in one character; U+202E turns around what stands behind it.
  test("SI-24 nothing that a stranger writes moves a terminal's cursor or turns the line around", () => {
    for (const character of ["\u007f", "\u0085", "\u009b2J", "\u2028", "\u202e", "\u2066"]) {
      const { lines, log } = capture({ format });
      log.warn({ userAgent: `a${character}b`, two: `a ${character}b`, err: new Error(character) }, `said ${character}`);
      expect(lines.join("").slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
      if (format === "json") expect(JSON.parse(lines[0] ?? "")).toMatchObject({ userAgent: `a${character}b` });
    }
  });
});

test("SI-24 auto is pretty on a terminal and JSON otherwise", () => {
  const piped = capture();
  piped.log.info({ requestId: "r1" }, "said");
  expect(JSON.parse(piped.lines[0] ?? "")).toEqual({
    level: "info",
    time: "2023-11-14T22:13:20.123Z",
    requestId: "r1",
    msg: "said",
  });
  const seen = capture({}, true);
  seen.log.info({ requestId: "r1", text: "two words" }, "said");
  expect(seen.lines).toEqual(['22:13:20.123 INFO  said requestId=r1 text="two words"\n']);
});
