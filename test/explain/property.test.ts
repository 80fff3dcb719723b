/** SI-19: what was explained is what a sign-in then does, compared with the rows that it commits. */
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import { explainClaims } from "../../src/explain-claims.js";
import { silentLog } from "../../src/kernel/log.js";
import { write } from "../../src/testing/store-suite/samples.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

// Real sign-ins on a machine that is busy with other tests: a limit for what hangs, not a measure of speed.
vi.setConfig({ testTimeout: 300_000 });

const names = ["staff", "team-a", "boss", "eu-admins", "everybody", " padded ", ""];
const claim = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...names), { maxLength: 5 }) },
  fc.constantFrom("staff,boss", "staff;team-a", "", 7, true, null, undefined),
  fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>,
);
const person = fc.record({
  who: fc.integer({ min: 0, max: 3 }),
  email: fc.oneof(
    { weight: 5, arbitrary: fc.constant("own") },
    fc.constantFrom("shared@example.com", "ｆ@example.com", 7, null),
  ),
  verified: fc.constantFrom(true, true, "true", false, undefined),
  roles: claim,
  groups: claim,
  elsewhere: fc.constantFrom(false, false, false, true),
});
const rules = fc.record({
  signIn: fc.record({
    signUp: fc.boolean(),
    linking: fc.constantFrom("deny", "verified-email"),
    emailFallback: fc.boolean(),
    allowedDomains: fc.constantFrom<string[][]>(["*"], ["example.com"]),
    bootstrapAdmins: fc.constantFrom<string[][]>([], ["p1@example.com"]),
  }),
  roles: fc.record({
    fromClaims: fc.boolean(),
    allowed: fc.constantFrom<string[][]>(["staff"], ["glob:team-*", "staff"]),
    admin: fc.constantFrom<string[][]>([], ["boss"]),
    noMatch: fc.constantFrom("deny", "default"),
    absent: fc.record({
      newUser: fc.constantFrom("deny", "default"),
      knownUser: fc.constantFrom("keep", "deny", "default"),
    }),
    healLoneUser: fc.boolean(),
  }),
  groups: fc.record({
    fromClaims: fc.boolean(),
    create: fc.boolean(),
    absent: fc.constantFrom("keep", "empty"),
    join: fc.constantFrom("own", "any"),
    blocked: fc.constantFrom<string[][]>([], ["*-admins"]),
    default: fc.constantFrom(null, "everybody"),
  }),
  limits: fc.record({ groupsPerClaim: fc.constantFrom(2, 1_000) }),
});

/** Role and memberships of whoever this identity is, as they stand in the database. */
async function rowsOf({ store, provider }: SharedWorld, sub: string) {
  const identity = await store.identities.bySubject(provider.issuer, sub);
  const user = identity && (await store.users.byId(identity.userId));
  const groups = user ? await store.groups.ofUser(user.id) : [];
  return user && { id: user.id, role: user.role, origin: user.roleOrigin, groups: groups.map(membership).sort() };
}
const membership = (one: { group: { name: string }; origin: string }) => `${one.group.name} from ${one.origin}`;

test("SI-19 whatever the claims and the rules, a sign-in does what was explained, row for row", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(rules, fc.array(person, { minLength: 4, maxLength: 8 }), async (config, people) => {
      const world = await createSharedWorld({ config });
      try {
        const resolved = resolveConfig(world.config);
        if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
        await write(world.store, (tx) =>
          tx.groups.insert({
            id: "01930000-0000-7000-8000-000000000001" as never,
            name: "staff",
            permissions: {},
            share: "true",
            createdBy: "manual",
            createdAt: world.clock.now(),
          }),
        );
        for (const one of people) {
          const sub = `p${one.who}`;
          const email = one.email === "own" ? `${sub}@example.com` : one.email;
          const further = {
            email,
            email_verified: one.verified,
            roles: one.roles,
            groups: one.groups,
            ...(one.elsewhere ? { _claim_names: { groups: "s", roles: "s" } } : {}),
          };
          // As JSON carries it.
          const claims = JSON.parse(JSON.stringify({ ...further, sub, iss: world.provider.issuer }));
          world.provider.people.set(sub, { sub, name: sub, claims: further });
          world.provider.tweaks.idTokenClaims = (told) => JSON.parse(JSON.stringify({ ...told, ...further }));
          world.provider.tweaks.userinfo = () => JSON.parse(JSON.stringify({ ...further, sub, name: sub }));

          const before = await rowsOf(world, sub);
          const usersBefore = (await world.store.users.list({ limit: 50 })).items;
          const told = await explainClaims(resolved.value, { provider: "fake", claims }, { log: silentLog });
          const browser = world.browser();
          const page = await world.signIn(browser, sub);
          const error = new URL(page.url).searchParams.get("error");
          const after = await rowsOf(world, sub);
          seen.add(told.kind === "admit" ? `${told.kind} ${told.account.kind}` : told.kind);

          if (told.kind !== "admit") {
            expect(error).toBe(told.kind === "refuse" ? told.reason : told.problem);
            expect(after).toEqual(before);
            expect((await world.store.users.list({ limit: 50 })).items).toEqual(usersBefore);
            if (told.kind === "refuse" && told.signOutEverywhere && after)
              expect(await world.store.sessions.ofUser(after.id)).toEqual([]);
            continue;
          }
          expect(error).toBeNull();
          expect(after?.role).toBe(told.role.role);
          if (told.account.kind !== "create") expect(after?.id).toBe(told.account.userId);
          else expect(usersBefore.map(({ id }) => id)).not.toContain(after?.id);
          if (told.account.role) expect(after?.origin).toBe(told.account.role.origin);
          const stays = told.groups.filter(({ kind }) => kind === "create" || kind === "join" || kind === "keep");
          const expected = stays.map((step) => `${step.name} from ${"origin" in step ? step.origin : ""}`).sort();
          // Where claims are off nobody looks at memberships, and all of them stay.
          const untouched = resolved.value.groups.fromClaims ? [] : (before?.groups ?? []);
          expect(after?.groups).toEqual([...new Set([...expected, ...untouched])].sort());
          expect(told.user?.id ?? after?.id).toBe(after?.id);
        }
      } finally {
        await world.close();
      }
    }),
    { numRuns: 30 },
  );
  // The generator is worth nothing if it stays in one corner.
  for (const kind of ["admit create", "admit update", "refuse", "unreadable"]) expect(seen).toContain(kind);
});
