/** Further certificate authorities, from a file of the operator's (EG-1). */
import { readFile } from "node:fs/promises";
import { LatchkeyError } from "../kernel/errors.js";

/**
 * Read before anything is opened, so that a wrong path leaves nothing behind.
 *
 * @throws LatchkeyError `config.unreadable`
 */
export async function readCa(path: string | null): Promise<string | null> {
  if (path === null) return null;
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new LatchkeyError("config.unreadable", { cause, data: { path: "egress.ca", file: path } });
  }
}
