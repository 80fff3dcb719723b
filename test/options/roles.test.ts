/** What `roles`, a provider's `roles` and the names of the roles claim change: each key, written for all or for one. */
import { describe, expect, test } from "vitest";
import type { WorldOptions } from "../../src/testing/world.js";
import { createSharedWorld } from "../support/shared-file.js";
import { aWorld, closing, signsIn } from "./setting.js";

type Claims = Readonly<Record<string, unknown>>;
type Roles = NonNullable<NonNullable<WorldOptions["config"]>["roles"]>;
type OwnRoles = NonNullable<NonNullable<WorldOptions["providerConfig"]>["roles"]>;

/** Ann is the first and so the admin; Ben signs in with each of these claims in turn. */
async function benBecomes(options: WorldOptions, ...claims: readonly Claims[]): Promise<string | undefined | null> {
  const world = await aWorld(options);
  await signsIn(world, "ann-1");
  let last: Awaited<ReturnType<typeof signsIn>> | undefined;
  for (const said of claims) {
    world.provider.people.set("ben-2", { sub: "ben-2", email: "ben@example.com", name: "Ben", claims: said });
    last = await signsIn(world, "ben-2");
  }
  return last?.error ?? last?.user?.role;
}

const places = ["roles", "providers.*.roles"] as const;
/** The keys that are asked about, written globally or at the provider; `base` is always global. */
const writing = (place: (typeof places)[number], over: OwnRoles, base: Roles = { fromClaims: true }): WorldOptions =>
  place === "roles"
    ? { config: { roles: { ...base, ...over } as Roles } }
    : { config: { roles: base }, providerConfig: { roles: over } };

describe.each(places)("%s", (place) => {
  const by = (over: OwnRoles, ...claims: readonly Claims[]) => benBecomes(writing(place, over), ...claims);

  test(`AC-10 AC-11 [option:${place}.fromClaims] lets the claim decide`, async () => {
    const asked = (over: OwnRoles) => benBecomes(writing(place, over, {}), { roles: ["user"] });
    expect(await asked({})).toBe("pending");
    expect(await asked({ fromClaims: true })).toBe("user");
  });

  test(`AC-10 [option:${place}.default] is what a new person gets`, async () => {
    const asked = (over: OwnRoles) => benBecomes(writing(place, over, {}), {});
    expect(await asked({})).toBe("pending");
    expect(await asked({ default: "user" })).toBe("user");
  });

  test(`AC-11 AC-16 [option:${place}.allowed] says which values give user`, async () => {
    expect(await by({}, { roles: ["staff-1"] })).toBe("account.role_refused");
    expect(await by({ allowed: ["staff-*"] }, { roles: ["staff-1"] })).toBe("user");
    expect(await by({ allowed: ["staff-*"] }, { roles: ["user"] })).toBe("account.role_refused");
  });

  test(`AC-11 AC-16 [option:${place}.admin] says which values give admin`, async () => {
    expect(await by({}, { roles: ["boss"] })).toBe("account.role_refused");
    expect(await by({ admin: ["regex:b.ss"] }, { roles: ["boss"] })).toBe("admin");
    expect(await by({ admin: [] }, { roles: ["admin"] })).toBe("user");
  });

  test(`AC-11 [option:${place}.rules.*.when] [option:${place}.rules.*.role] replace the simple form`, async () => {
    expect(await by({}, { roles: ["ops-eu"] })).toBe("account.role_refused");
    expect(await by({ rules: [{ when: ["glob:ops-*"], role: "admin" }] }, { roles: ["ops-eu"] })).toBe("admin");
    expect(await by({ rules: [{ when: ["glob:ops-*"], role: "user" }] }, { roles: ["ops-eu"] })).toBe("user");
    expect(await by({ rules: [{ when: ["glob:dev-*"], role: "user" }] }, { roles: ["ops-eu"] })).toBe(
      "account.role_refused",
    );
    expect(await by({ rules: [{ when: ["ops-eu"], role: "user" }] }, { roles: ["admin"] })).toBe(
      "account.role_refused",
    );
  });

  test(`AC-12 [option:${place}.noMatch] is what happens when nothing fits`, async () => {
    expect(await by({}, { roles: ["guest"] })).toBe("account.role_refused");
    expect(await by({ noMatch: "default" }, { roles: ["guest"] })).toBe("pending");
    expect(await by({ noMatch: "default" }, { roles: ["user"] }, { roles: [] })).toBe("pending");
  });

  test(`AC-12 [option:${place}.absent.newUser] is what a claim that is not there means for somebody new`, async () => {
    expect(await by({}, {})).toBe("account.roles_absent");
    expect(await by({ absent: { newUser: "default" } }, {})).toBe("pending");
  });

  test(`AC-12 [option:${place}.absent.knownUser] is what it means for somebody known`, async () => {
    const known = (over: OwnRoles) => by(over, { roles: ["user"] }, {});
    expect(await known({})).toBe("user");
    expect(await known({ absent: { knownUser: "deny" } })).toBe("account.roles_absent");
    expect(await known({ absent: { knownUser: "default" } })).toBe("pending");
  });
});

test("SU-1 AC-11 a provider's roles go over the global ones key by key, and a list as a whole", async () => {
  const options: WorldOptions = {
    config: {
      roles: { fromClaims: true, allowed: ["a"], admin: ["b"], absent: { newUser: "default", knownUser: "deny" } },
    },
    providerConfig: { roles: { allowed: ["c"], absent: { newUser: "deny" } } },
  };
  expect(await benBecomes(options, { roles: ["a"] })).toBe("account.role_refused");
  expect(await benBecomes(options, { roles: ["c"] })).toBe("user");
  expect(await benBecomes(options, { roles: ["b"] })).toBe("admin");
  expect(await benBecomes(options, {})).toBe("account.roles_absent");
  expect(await benBecomes(options, { roles: ["c"] }, {})).toBe("account.roles_absent");
});

describe.each(["signIn.claims", "providers.*.claims"] as const)("%s", (place) => {
  const by = (over: { roles?: string; rolesSeparator?: string }, claims: Claims) =>
    benBecomes(
      {
        config: {
          roles: { fromClaims: true },
          ...(place === "signIn.claims" ? { signIn: { signUp: true, claims: over } } : {}),
        },
        ...(place === "signIn.claims" ? {} : { providerConfig: { claims: over } }),
      },
      claims,
    );

  test(`SI-16 [option:${place}.roles] names the roles claim, as it stands or as a path`, async () => {
    expect(await by({}, { realm_access: { roles: ["user"] } })).toBe("account.roles_absent");
    expect(await by({ roles: "realm_access.roles" }, { realm_access: { roles: ["user"] } })).toBe("user");
    expect(await by({ roles: "https://x.y/roles" }, { "https://x.y/roles": "admin" })).toBe("admin");
  });

  test(`SI-17 [option:${place}.rolesSeparator] splits a text`, async () => {
    expect(await by({}, { roles: "guest,user" })).toBe("user");
    expect(await by({ rolesSeparator: "|" }, { roles: "guest,user" })).toBe("account.role_refused");
    expect(await by({ rolesSeparator: "|" }, { roles: "guest | user" })).toBe("user");
    expect(await by({ rolesSeparator: "" }, { roles: "guest,user" })).toBe("account.role_refused");
  });
});

test("AC-9 [option:roles.healLoneUser] makes the only user an admin where none is left", async () => {
  const annBecomes = async (healLoneUser: boolean, others: number) => {
    const world = await closing(createSharedWorld({ config: { roles: { default: "user", healLoneUser } } }));
    await signsIn(world, "ann-1");
    if (others > 0) await signsIn(world, "ben-2");
    // As a restore from a backup, or a hand in the database, would leave it.
    await world.store.transaction(async (tx) => {
      const ann = await tx.users.byEmail("ann@example.com");
      if (ann) await tx.users.update({ ...ann, role: "user", version: ann.version + 1 }, ann.version);
    });
    return (await signsIn(world, "ann-1")).user?.role;
  };
  expect(await annBecomes(false, 0)).toBe("user");
  expect(await annBecomes(true, 1)).toBe("user");
  expect(await annBecomes(true, 0)).toBe("admin");
});
