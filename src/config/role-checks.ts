/** Checks between the keys about roles: every role that is named exists, for all providers and for each. */
import { mostPatterns } from "./pattern.js";
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { type Path, providersOf, written } from "./written.js";

/** The order holds the three roles that the product itself knows, and each role once. */
function orderCheck(input: unknown, order: readonly unknown[]): readonly ConfigProblem[] {
  const places = ["pending", "user", "admin"].map((name) => order.indexOf(name));
  const inOrder = places.every((place, index) => place >= 0 && (index === 0 || place > (places[index - 1] ?? -1)));
  if (inOrder && new Set(order).size === order.length) return [];
  const message = "must hold pending, user and admin in this order, and no role twice";
  return [problem(["roles", "order"], "invalid", message, input)];
}

function namedRoles(input: unknown, order: readonly unknown[], at: Path): readonly ConfigProblem[] {
  const allowed = order.filter((name) => typeof name === "string").join(" · ");
  const check = (path: Path): readonly ConfigProblem[] => {
    const role = at[0] === "roles" ? written(input, ...path) : valueAt(input, path);
    if (typeof role !== "string" || order.includes(role)) return [];
    return [problem(path, "invalid", "is not in roles.order", input, { allowed })];
  };
  const rules = valueAt(input, [...at, "rules"]);
  const list: readonly unknown[] = Array.isArray(rules) ? rules : [];
  return [check([...at, "default"]), ...list.map((_, index) => check([...at, "rules", index, "role"]))].flat();
}

/** Each pattern may meet each value of a claim: what all rules hold together is bounded, like one list. */
function ruleSize(input: unknown, at: Path): readonly ConfigProblem[] {
  const rules = valueAt(input, [...at, "rules"]);
  if (!Array.isArray(rules)) return [];
  const count = rules.reduce((sum: number, rule: unknown) => {
    const when = valueAt(rule, ["when"]);
    return sum + (Array.isArray(when) ? when.length : 0);
  }, 0);
  if (count <= mostPatterns) return [];
  return [problem([...at, "rules"], "invalid", `holds more than ${mostPatterns} patterns in all its rules`, input)];
}

export function roleChecks(input: unknown): readonly ConfigProblem[] {
  const order = written(input, "roles", "order");
  if (!Array.isArray(order)) return [];
  const places: readonly Path[] = [["roles"], ...providersOf(input).map((_, index) => ["providers", index, "roles"])];
  return [
    ...orderCheck(input, order),
    ...places.flatMap((at) => [...namedRoles(input, order, at), ...ruleSize(input, at)]),
  ];
}
