/** Checks between the keys of services: names that meet, and a reach that nobody meant to give. */
import { type ConfigProblem, problem } from "./problems.js";
import { textAt, written } from "./written.js";

export function serviceChecks(input: unknown): readonly ConfigProblem[] {
  const list = written(input, "services");
  if (!Array.isArray(list)) return [];
  const first = new Map<string, number>();
  return list.flatMap((_, index) => {
    const found: ConfigProblem[] = [];
    const id = textAt(input, "services", index, "id");
    const earlier = id === undefined ? undefined : first.get(id);
    if (id !== undefined && earlier === undefined) first.set(id, index);
    if (earlier !== undefined)
      found.push(problem(["services", index, "id"], "invalid", `is already the id of services.${earlier}`, input));
    const connections = written(input, "services", index, "connections");
    const everything = !Array.isArray(connections) || connections.includes("*");
    // Every token of everybody, at any time, without anybody being there.
    if (written(input, "services", index, "offline") === true && everything)
      found.push(
        problem(["services", index, "connections"], "invalid", "must be named for a service that is offline", input, {
          allowed: "connections such as provider:corp, without *",
        }),
      );
    return found;
  });
}
