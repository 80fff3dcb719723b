/** SU-11: what the exit status of a failure is, as docs/reference/cli.md says. */
import { expect, test } from "vitest";
import type { ErrorCode } from "../kernel/error-catalog.js";
import { LatchkeyError } from "../kernel/errors.js";
import { exitCodeOf } from "./exit-codes.js";
import { printFailure } from "./output.js";
import type { Terminal } from "./terminal.js";

test.each<[code: ErrorCode, status: number]>([
  ["config.invalid", 3],
  ["egress.url_refused", 4],
  ["store.busy", 4],
  ["store.unavailable", 4],
  ["store.not_migrated", 1],
  ["account.not_found", 1],
])("SU-11 %s ends with %i", (code, status) => expect(exitCodeOf(new LatchkeyError(code))).toBe(status));

test("SU-11 what nobody foresaw ends with 1", () => expect(exitCodeOf(new Error("x"))).toBe(1));

test("SU-11 a failure is coloured only where standard error is a terminal", () => {
  const failing = (errIsTerminal: boolean) => {
    const said = { out: "", err: "" };
    const write = (stream: "out" | "err") => (text: string) => {
      said[stream] += text;
    };
    const streams = { out: write("out"), err: write("err") };
    printFailure(
      { ...streams, color: true, errIsTerminal } as unknown as Terminal,
      new LatchkeyError("store.busy"),
      false,
    );
    return { ...said, coloured: said.err.includes("\u001b[") };
  };
  expect(failing(true)).toMatchObject({ out: "", coloured: true });
  expect(failing(false)).toMatchObject({ out: "", coloured: false, err: expect.stringContaining("store.busy") });
});
