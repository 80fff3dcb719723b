/** The version in the package's own package.json, which lies at the same place above `src/cli` and `dist/cli`. */
import { readFile } from "node:fs/promises";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";

export async function packageVersion(): Promise<string> {
  const content = parseJson(await readFile(new URL("../../package.json", import.meta.url), "utf8"));
  return (isJsonObject(content) ? stringMember(content, "version") : undefined) ?? "unknown";
}
