/**
 * The log port. Shaped like pino (`fields` first, then a sentence), so that a pino logger fits as it is.
 * What reaches it must already be free of tokens; sinks redact known member names as a second line.
 */
import type { JsonValue } from "./json.js";

/** Facts of one line, by name. An `Error` is written with its stack and causes. */
export type LogFields = Readonly<Record<string, JsonValue | Error | undefined>>;

/** Where lines go. A pino logger is one. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether lines of a level are written at all, so that a hot path need not make them. @default they are */
  isLevelEnabled?(level: "debug" | "info" | "warn" | "error"): boolean;
}

/** Drops everything: for tests, and for an embedder who wants silence. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Member names whose values are replaced before a line is written, wherever they stand in the fields. */
export const redactedNames: ReadonlySet<string> = new Set([
  "access_token",
  "refresh_token",
  "id_token",
  "code",
  "code_verifier",
  "client_secret",
  "client_assertion",
  "authorization",
  "cookie",
  "set-cookie",
  "password",
  "secret",
  "secrets",
  "clientSecret",
  "clientKey",
  "accessToken",
  "refreshToken",
  "idToken",
  "logout_token",
  "subject_token",
  "state",
  "nonce",
]);
