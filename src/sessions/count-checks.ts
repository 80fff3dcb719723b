/** A session checker that tells metrics what each check came to; beside the checker, whose path stays as short as it is. */
import type { Metrics } from "../kernel/metrics.js";
import type { SessionChecker } from "./check-session.js";

export function countChecks(checker: SessionChecker, metrics: Metrics): SessionChecker {
  return {
    async check(headers) {
      try {
        const found = await checker.check(headers);
        metrics.sessionChecked(found.kind === "signed-in" ? "signed_in" : found.kind);
        return found;
      } catch (thrown) {
        metrics.sessionChecked("unknown");
        throw thrown;
      }
    },
    byId: (id) => checker.byId(id),
    userOf: (id) => checker.userOf(id),
  };
}
