/** A file that a key of the configuration names, such as `egress.ca` and `branding.css`. */
import { readFile } from "node:fs/promises";
import { LatchkeyError } from "../kernel/errors.js";

/**
 * Its text; null where the key names none. Read before anything is opened, so that a wrong path leaves nothing behind.
 *
 * @throws LatchkeyError `config.unreadable`
 */
export async function readNamed(path: string, file: string | null): Promise<string | null> {
  if (file === null) return null;
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LatchkeyError("config.unreadable", { cause, data: { path, file } });
  }
}
