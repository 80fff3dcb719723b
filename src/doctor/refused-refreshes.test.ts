/** SU-12: what an operator is told to look at, by whose fault it is. */
import { expect, test } from "vitest";
import { judgeRefreshes } from "./refused-refreshes.js";

const seen = (...faults: readonly ("client" | "request")[]) => {
  const refused = faults.map((fault) => ({ connection: "provider:corp", fault, reason: "x", grants: 1 }));
  return judgeRefreshes({ kind: "open", refused } as never)[0];
};

test.each([
  ["a client that is refused", ["client"], true, false],
  ["a request that is refused", ["request"], false, true],
  ["both", ["client", "request"], true, true],
] as const)("SU-12 VA-9 %s", (_what, faults, client, request) => {
  const finding = seen(...faults);
  expect(finding?.status).toBe("warn");
  expect([/clientSecret/.test(finding?.fix ?? ""), /refreshScope/.test(finding?.fix ?? "")]).toEqual([client, request]);
});
