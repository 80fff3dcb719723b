/** Installations and sign-ins as fast-check makes them: small words, so that they meet, and odd ones among them. */
import fc from "fast-check";
import type { GroupKeys, Json, RoleKeys } from "./accounts-model.js";

const value = fc.constantFrom("staff", "team-a", "team-b", "boss", "eu-admins", "all", "guest", " staff ", "");
const claim: fc.Arbitrary<Json | undefined> = fc.oneof(
  { weight: 10, arbitrary: fc.array(value, { maxLength: 4 }) },
  { weight: 2, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constant([] as Json) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Json[]>("staff,boss", "team-a;team-b", "staff", " ", 7, true, null, { staff: true }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Json[]>([1, "staff", null, ["x"], { y: 1 }], ["x".repeat(300), "boss"], [true]),
  },
  { weight: 3, arbitrary: fc.constant(["a", "b", "c", "d", "e", "staff"] as Json) },
);

export const person = fc.record({
  kind: fc.constant("sign-in" as const),
  who: fc.integer({ min: 0, max: 9 }),
  provider: fc.constantFrom(0, 0, 0, 1),
  email: fc.oneof(
    { weight: 12, arbitrary: fc.constant("own") },
    {
      weight: 4,
      arbitrary: fc.constantFrom("OWN", "folded", "p1@example.com", "new@example.com", "p2@sub.example.org"),
    },
    { weight: 1, arbitrary: fc.constantFrom<Json[]>(null, "", 7, "a@x.test, b@x.test", "no address") },
  ),
  verified: fc.constantFrom<(Json | undefined)[]>(true, true, true, true, "true", false, "yes", undefined),
  name: fc.constantFrom<(Json | undefined)[]>("Person", "Person", "Other Name", "", undefined, 7),
  roles: claim,
  groups: claim,
  rolesAt: fc.constantFrom("token", "token", "token", "userinfo", "both"),
  groupsAt: fc.constantFrom("token", "token", "token", "userinfo", "both"),
  userinfoFails: fc.constantFrom(false, false, false, false, false, true),
  elsewhere: fc.constantFrom(...Array<string>(12).fill("nothing"), "roles", "groups", "hasgroups"),
});
const act = fc.record({
  kind: fc.constantFrom("add", "disable", "role", "join"),
  who: fc.integer({ min: 0, max: 9 }),
  role: fc.constantFrom("pending", "user", "admin", "admin"),
  group: fc.constantFrom("staff", "lunch", "eu-admins"),
});
/** What happens one after the other: mostly sign-ins, and now and then an operator. */
export const step = fc.oneof({ weight: 6, arbitrary: person }, { weight: 1, arbitrary: act });

const lists = <T>(...all: T[][]) => fc.constantFrom<T[][]>(...all);
const roles: fc.Arbitrary<RoleKeys> = fc.record({
  default: fc.constantFrom("pending", "user"),
  fromClaims: fc.constantFrom(true, true, false),
  allowed: lists<string>(["staff", "glob:team-*"], ["exact:staff"], []),
  admin: lists<string>(["boss"], ["regex:bo.s"], []),
  rules: lists<RoleKeys["rules"][number]>(
    [],
    [],
    [
      { when: ["*"], role: "user" },
      { when: ["regex:team-[a-z]"], role: "auditor" },
      { when: ["boss"], role: "admin" },
    ],
  ),
  noMatch: fc.constantFrom("deny", "default"),
  absent: fc.record({
    newUser: fc.constantFrom("deny", "default"),
    knownUser: fc.constantFrom("keep", "keep", "deny", "default"),
  }),
});
const groups: fc.Arbitrary<GroupKeys> = fc.record({
  fromClaims: fc.constantFrom(true, true, true, false),
  create: fc.constantFrom(true, true, false),
  absent: fc.constantFrom("keep", "empty"),
  join: fc.constantFrom("own", "own", "any"),
  blocked: lists<string>([], ["*-admins"], ["regex:team-.*", "exact:boss"]),
  default: fc.constantFrom(null, "all"),
});

export const installation = fc.record({
  signIn: fc.record({
    signUp: fc.constantFrom(true, true, true, false),
    linking: fc.constantFrom("deny", "verified-email"),
    allowedDomains: lists<string>(["*"], ["*"], ["example.com"], ["*.example.org", "example.com"]),
    emailFallback: fc.boolean(),
    bootstrapAdmins: lists<string>([], [], ["p1@example.com"]),
    update: fc.record({ name: fc.boolean(), email: fc.boolean() }),
  }),
  healLoneUser: fc.boolean(),
  groupsPerClaim: fc.constantFrom(1_000, 1_000, 4),
  providers: fc.tuple(
    fc.record({
      roles,
      groups,
      emailVerified: fc.constant("claim" as const),
      claims: fc.constant({ roles: "roles", groups: "groups", rolesSeparator: ",", groupsSeparator: ";" }),
    }),
    fc.record({
      roles,
      groups,
      emailVerified: fc.constantFrom("claim", "always"),
      claims: fc.constant({
        roles: "realm.roles",
        groups: "https://x.y/groups",
        rolesSeparator: "",
        groupsSeparator: ",",
      }),
    }),
  ),
});
