/**
 * The log that `serve` and the library write when they are given none: JSON lines by pino, or one readable line each
 * on a terminal. Both replace the values of known secret names first, as a second line of defence (SI-24).
 *
 * Lines go to standard error, so that standard output stays for what a command answers.
 */
import { pino } from "pino";
import { isLatchkeyError } from "../kernel/errors.js";
import type { Log, LogFields } from "../kernel/log.js";
import { redactedNames } from "../kernel/log.js";
import { type Clock, systemClock, toRfc3339 } from "../kernel/time.js";
import { escapeUnprintable, escapeUnprintableJson, unprintable } from "../kernel/unprintable.js";

/** Where lines go: a stream, or a test's list. */
export interface LogStream {
  write(line: string): unknown;
  readonly isTTY?: boolean | undefined;
}

export interface PinoLogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** `auto`: pretty on a terminal, JSON otherwise. */
  readonly format: "auto" | "pretty" | "json";
  /** @default standard error */
  readonly stream?: LogStream;
  /** Colours in pretty lines. @default false */
  readonly color?: boolean;
  /** @default the system clock */
  readonly clock?: Pick<Clock, "now">;
}

const levels = { debug: 20, info: 30, warn: 40, error: 50, silent: 99 } as const;
type Level = Exclude<keyof typeof levels, "silent">;

export function createPinoLog(options: PinoLogOptions): Log {
  const stream = options.stream ?? process.stderr;
  const clock = options.clock ?? systemClock;
  const pretty = options.format === "pretty" || (options.format === "auto" && stream.isTTY === true);
  const least = levels[options.level];
  const write = pretty ? prettyWriter(stream, clock, options.color ?? false) : jsonWriter(stream, clock);
  const at = (level: Level) =>
    levels[level] < least ? () => {} : (fields: LogFields, message: string) => write(level, redact(fields), message);
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    isLevelEnabled: (level) => levels[level] >= least,
  };
}

type Writer = (level: Level, fields: Readonly<Record<string, unknown>>, message: string) => void;

function jsonWriter(stream: LogStream, clock: Pick<Clock, "now">): Writer {
  const logger = pino(
    {
      level: "debug",
      base: null,
      timestamp: () => `,"time":"${toRfc3339(clock.now())}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Errors are plain data by now, with their secrets taken out; pino would print them again in its own way.
      serializers: { err: (error: unknown) => error },
    },
    { write: (line: string) => void stream.write(escapeUnprintableJson(line)) },
  );
  return (level, fields, message) => logger[level](fields, message);
}

const colors: Readonly<Record<Level, string>> = {
  debug: "\u001b[90m",
  info: "\u001b[36m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
};

function prettyWriter(stream: LogStream, clock: Pick<Clock, "now">, color: boolean): Writer {
  return (level, fields, message) => {
    const label = level.toUpperCase().padEnd(5);
    const time = toRfc3339(clock.now()).slice(11, 23);
    const rest = Object.entries(fields).flatMap(([name, value]) =>
      value === undefined ? [] : ` ${escapeUnprintable(name)}=${inOneLine(value)}`,
    );
    stream.write(
      `${time} ${color ? `${colors[level]}${label}\u001b[0m` : label} ${escapeUnprintable(message)}${rest.join("")}\n`,
    );
  };
}

/** A name that somebody typed must not move the operator's cursor. */
const inOneLine = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /^[^\s"=]+$/.test(text) && text.search(unprintable) < 0
    ? text
    : escapeUnprintable(typeof value === "string" ? JSON.stringify(text) : text);
};

const lowerNames: ReadonlySet<string> = new Set([...redactedNames].map((name) => name.toLowerCase()));
/** Deeper than anything we log; a circle ends here too. */
const maxDepth = 12;

function redact(fields: LogFields): Readonly<Record<string, unknown>> {
  return plain(fields, 0) as Readonly<Record<string, unknown>>;
}

function plain(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return typeof value === "bigint" ? String(value) : value;
  if (depth > maxDepth) return "[too deep]";
  if (value instanceof Error) return plainError(value, depth);
  if (Array.isArray(value)) return value.map((item) => plain(item, depth + 1));
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON(), depth + 1);
  const members = Object.entries(value).map(([name, member]) => {
    // A code of ours, such as signin.state_expired, is what the log is for; an authorization code is not.
    const hidden = lowerNames.has(name.toLowerCase()) && member !== undefined && !isOwnCode(name, member);
    return [name, hidden ? "[redacted]" : plain(member, depth + 1)] as const;
  });
  return Object.fromEntries(members);
}

/** Our catalog's codes and Node's (`ECONNREFUSED`): neither form is one that an authorization server hands out. */
const isOwnCode = (name: string, value: unknown): boolean =>
  name === "code" && typeof value === "string" && (/^[a-z]+\.[a-z_]+$/.test(value) || /^E[A-Z_0-9]+$/.test(value));

function plainError(error: Error, depth: number): unknown {
  const { cause } = error;
  return {
    type: error.name,
    message: error.message,
    ...(isLatchkeyError(error) ? { code: error.code, data: plain(error.data, depth + 1) } : {}),
    ...("code" in error && !isLatchkeyError(error) && isOwnCode("code", error.code) ? { code: error.code } : {}),
    stack: error.stack,
    ...(cause === undefined ? {} : { cause: plain(cause, depth + 1) }),
  };
}
