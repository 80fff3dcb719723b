/** Checks between the keys of webhooks: names that meet, and a secret that is missing or would sign nothing. */
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { textAt, urlAt, written } from "./written.js";

export function webhookChecks(input: unknown): readonly ConfigProblem[] {
  const list = written(input, "webhooks");
  if (!Array.isArray(list)) return [];
  const first = new Map<string, number>();
  return list.flatMap((_, index) => {
    const found: ConfigProblem[] = [];
    const id = textAt(input, "webhooks", index, "id");
    const name = id ?? urlAt(input, "webhooks", index, "url")?.host;
    const earlier = name === undefined ? undefined : first.get(name);
    if (name !== undefined && earlier === undefined) first.set(name, index);
    if (earlier !== undefined) {
      const message =
        id === undefined
          ? `is missing: webhooks.${earlier} goes to the same host`
          : `is already the name of webhooks.${earlier}`;
      found.push(problem(["webhooks", index, "id"], id === undefined ? "missing" : "invalid", message, input));
    }
    const format = textAt(input, "webhooks", index, "format") ?? "standard";
    const path = ["webhooks", index, "secret"];
    const has = (valueAt(input, path) ?? null) !== null;
    if (format === "standard" && !has) found.push(problem(path, "missing", "is needed for format standard", input));
    // It would look as if those messages were signed.
    if (["slack", "discord", "teams"].includes(format) && has)
      found.push(problem(path, "invalid", `is not used by format ${format}, which has no signature`, input));
    return found;
  });
}
