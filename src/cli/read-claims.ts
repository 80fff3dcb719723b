/**
 * The claims that a command is given: a file, or `-` for standard input. At most 4 MB, which is more than the longest
 * list that may be in a claim, so that a mistaken path (or a device that never ends) costs nothing.
 */
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, parseJson } from "../kernel/json.js";
import type { Terminal } from "./terminal.js";

const mostBytes = 4 * 1_024 * 1_024;

/** @throws LatchkeyError `signin.claims_unreadable`, whose `reason` never quotes what was read */
export async function readClaims(terminal: Pick<Terminal, "cwd" | "input">, file: string): Promise<JsonObject> {
  const refuse = (reason: string, cause?: unknown) =>
    new LatchkeyError("signin.claims_unreadable", { cause, data: { file, reason } });
  if (file === "-" && !terminal.input) throw refuse("there is no standard input");
  const source = file === "-" && terminal.input ? terminal.input() : createReadStream(resolve(terminal.cwd, file));
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of source) {
      size += chunk.length;
      if (size > mostBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw refuse("it cannot be read", cause);
  }
  if (size > mostBytes) throw refuse("it is larger than 4 MB");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw refuse("it is not text in UTF-8");
  }
  const value = parseJson(text);
  if (value === undefined)
    throw refuse(
      /^\s*ey[\w-]+\.[\w-]+\./.test(text) ? "it is a token; its payload is wanted, as JSON" : "it is not JSON",
    );
  if (!isJsonObject(value)) throw refuse("it is JSON, but no object with a claim for each member");
  return value;
}
