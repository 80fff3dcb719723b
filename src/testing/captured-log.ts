/** A log that keeps its lines, so that a test can say what was told, and that no secret was. */
import type { Log, LogFields } from "../kernel/log.js";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly fields: LogFields;
  readonly message: string;
}

export interface CapturedLog extends Log {
  readonly lines: readonly LogLine[];
  /** Everything as one text, causes and stacks of errors included: what a canary token must not be found in. */
  text(): string;
}

const describeError = (error: Error): object => ({
  ...error,
  name: error.name,
  message: error.message,
  stack: error.stack,
  cause: error.cause instanceof Error ? describeError(error.cause) : error.cause,
});

export function createCapturedLog(): CapturedLog {
  const lines: LogLine[] = [];
  const keep = (level: LogLine["level"]) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  return {
    lines,
    text: () =>
      JSON.stringify(lines, (_name, value: unknown) => (value instanceof Error ? describeError(value) : value)),
    debug: keep("debug"),
    info: keep("info"),
    warn: keep("warn"),
    error: keep("error"),
  };
}
