/** What holds for the decision whatever the provider says and whatever the operator wrote. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/kernel/json.js";
import { corp, decide, type KnownPerson, type Question } from "./setting.js";

const name = fc.constantFrom("a", "b", "x-admins", "user", "admin", " a ", "");
const claim = fc.oneof(
  fc.constant(undefined),
  fc.array(fc.oneof(name, fc.string({ unit: "binary" }), fc.integer(), fc.boolean())),
  name,
  fc.jsonValue(),
);
const claims = fc.record({
  roles: claim,
  groups: claim,
  _claim_names: fc.oneof(fc.constant(undefined), fc.constant({ groups: "s", roles: "s" }), fc.jsonValue()),
  hasgroups: fc.oneof(fc.constant(undefined), fc.boolean()),
}) as fc.Arbitrary<JsonObject>;
const memberships = fc.uniqueArray(
  fc
    .tuple(fc.constantFrom("a", "b", "x-admins"), fc.constantFrom("corp", "manual", "default"))
    .map(([group, origin]) => `${group} from ${origin}`),
);
const person: fc.Arbitrary<KnownPerson> = fc.record({
  role: fc.constantFrom("pending", "user", "admin"),
  lastAdmin: fc.boolean(),
  groups: memberships,
});
const question: fc.Arbitrary<Question> = fc.record({
  known: fc.oneof(fc.constant("new" as const), person),
  claims,
  unknown: fc.record({
    roles: fc.constantFrom(null, "userinfo_failed"),
    groups: fc.constantFrom(null, "userinfo_failed"),
  }),
  existing: fc.dictionary(fc.constantFrom("a", "b", "x-admins"), fc.constantFrom("corp", "manual")),
  roles: fc.record({
    fromClaims: fc.boolean(),
    noMatch: fc.constantFrom("deny", "default"),
    absent: fc.record({
      newUser: fc.constantFrom("deny", "default"),
      knownUser: fc.constantFrom("keep", "deny", "default"),
    }),
  }),
  groups: fc.record({
    fromClaims: fc.boolean(),
    create: fc.boolean(),
    absent: fc.constantFrom("keep", "empty"),
    join: fc.constantFrom("own", "any"),
    blocked: fc.constantFrom([], ["*-admins"]),
  }),
}) as fc.Arbitrary<Question>;

test("SI-17 AC-12 AC-15 AC-16 whatever is claimed, the decision is the same each time and keeps its promises", () => {
  fc.assert(
    fc.property(question, (asked) => {
      const decision = decide(asked);
      expect(decide(asked)).toEqual(decision);
      if (decision.kind === "unreadable") throw new Error(decision.problem);
      const known = typeof asked.known === "object" ? asked.known : null;
      const { roles, groups } = decision.person;
      if (decision.kind === "refuse") {
        expect(asked.roles?.fromClaims).toBe(true);
        // Nobody who is known is turned away for what nobody knows.
        if (known) expect(roles.result.kind).not.toBe("unknown");
        expect(decision.signOutEverywhere).toBe(known !== null);
        return;
      }
      if (known?.role === "admin" && known.lastAdmin) expect(decision.role.role).toBe("admin");
      if (known && roles.result.kind === "unknown")
        expect(decision.role).toMatchObject({ kind: "keep", role: known.role });
      for (const step of decision.groups) {
        if (step.kind !== "create" && step.kind !== "join" && step.kind !== "leave") continue;
        expect(step.origin).toBe(corp);
        expect(asked.groups?.fromClaims).toBe(true);
        expect(groups.result.kind).not.toBe("unknown");
        if (asked.groups?.blocked?.length) expect(step.name.endsWith("-admins")).toBe(false);
        if (step.kind === "join" && asked.groups?.join === "own") expect(asked.existing?.[step.name]).toBe("corp");
        if (step.kind !== "leave") expect(groups.result).toMatchObject({ kind: "values" });
      }
      const settled = decision.groups.filter(({ kind }) => kind === "join" || kind === "keep" || kind === "leave");
      const places = settled.map((step) => `${step.name} ${"origin" in step ? step.origin : ""}`);
      expect(new Set(places).size).toBe(places.length);
    }),
    { numRuns: 500 },
  );
});
