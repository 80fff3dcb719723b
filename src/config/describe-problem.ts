/** A problem as a sentence. Apart from the schema, so that a failure can be told without loading it. */
import type { ConfigProblem } from "./problems.js";

/** One line for a person. */
export function describeProblem(found: ConfigProblem): string {
  const parts = [`${found.path === "" ? "the configuration" : found.path} ${found.message}`];
  if (found.found !== null) parts.push(`found: ${found.found}`);
  if (found.allowed !== null) parts.push(`allowed: ${found.allowed}`);
  if (found.nearest !== null) parts.push(`did you mean ${found.nearest}?`);
  return parts.join("; ");
}
