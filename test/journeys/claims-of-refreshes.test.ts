/**
 * AC-19: people who never sign out do not keep what they lost. What a refresh brings of roles, groups and domains is put to
 * the decision that signs people in, takes effect in live sessions at once, and never costs the token.
 */
import { describe, expect, test } from "vitest";
import { createLatchkey } from "../../src/create-latchkey.js";
import { minutes, seconds } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { connection } from "../vault/setting.js";
import { aWorld, events, eventually, first, fromClaims, people, refreshed, says } from "./refreshed-claims.js";

describe("what a refresh brings", () => {
  test("AC-19 AC-13 a role and groups that were lost are gone from the live session, and it is audited", async () => {
    const world = await aWorld();
    expect((await world.session(world.her)).body.user).toMatchObject({ role: "admin", groups: ["lab", "staff"] });
    says(world, { roles: ["user"], groups: ["staff", "new"] });
    expect(await refreshed(world)).toMatch(/^access-/);
    await eventually(async () => {
      expect((await world.session(world.her)).body.user).toMatchObject({ role: "user", groups: ["new", "staff"] });
    });
    const target = { kind: "user", id: world.mine.user };
    const actor = { kind: "provider", id: "fake" };
    expect((await events(world, "role.changed"))[0]).toMatchObject({
      actor,
      target,
      rule: "claims:fake",
      data: { from: "admin", to: "user", by: "roles.allowed: user", through: "refresh" },
    });
    expect((await events(world, "groups.synced"))[0]).toMatchObject({
      actor,
      target,
      rule: "refresh",
      data: { created: { names: ["new"] }, joined: { names: [] }, left: { names: ["lab"] } },
    });
    // Nothing of it is a sign-in.
    expect(await events(world, "sign_in.succeeded")).toHaveLength(3);
  });

  test("AC-19 AC-12 whom the rules turn away is signed out everywhere, and the token was answered all the same", async () => {
    const world = await aWorld();
    says(world, { roles: ["former"] });
    expect(await refreshed(world)).toMatch(/^access-/);
    await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
    expect(await world.store.sessions.ofUser(world.mine.user as never)).toEqual([]);
    expect(await world.grants()).toEqual([]);
    expect((await events(world, "claims.refused"))[0]).toMatchObject({
      code: "account.role_refused",
      rule: "roles.noMatch",
      target: { kind: "user", id: world.mine.user },
      data: { through: "refresh" },
    });
    expect((await events(world, "session.ended")).filter(({ rule }) => rule === "access_refused")).toHaveLength(2);
    // What she is stays for an operator to see (AC-6).
    expect(await world.store.users.byEmail("ann@example.com")).toMatchObject({ role: "admin" });
  });

  test("AC-19 AC-5 an address that moved to a domain which may not sign in ends her sessions", async () => {
    const world = await aWorld({ config: { signIn: { signUp: true, allowedDomains: ["example.com"] } } });
    says(world, first, { email: "ann@elsewhere.example", email_verified: true });
    await refreshed(world);
    await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
    expect((await events(world, "claims.refused"))[0]?.code).toBe("account.domain_refused");
  });

  test("AC-19 AC-7 AC-12 name and address stay a sign-in's; a claim that is not there keeps the role", async () => {
    const world = await aWorld({ config: { signIn: { signUp: true, update: { name: true, email: true } } } });
    says(world, { groups: ["staff"] }, { name: "Other", email: "other@example.com", email_verified: true });
    await refreshed(world);
    await eventually(async () => expect((await world.session(world.her)).body.user?.groups).toEqual(["staff"]));
    const user = await world.store.users.byEmail("ann@example.com");
    expect(user).toMatchObject({ name: "Ann Archer", role: "admin" });
    expect(user?.lastSignInAt).toBeLessThan(world.clock.now() - minutes(50));
  });

  test("AC-19 AC-12 the last admin stays one", async () => {
    const world = await aWorld();
    const cleo = await world.store.users.byEmail("cleo@example.com");
    await world.store.transaction((tx) =>
      tx.users.update({ ...(cleo as NonNullable<typeof cleo>), role: "user", version: 9 }, cleo?.version ?? 0),
    );
    says(world, { roles: ["user"] });
    await refreshed(world);
    await eventually(async () => expect(await events(world, "role.last_admin_kept")).not.toEqual([]));
    expect((await world.session(world.her)).body.user?.role).toBe("admin");
  });

  test("AC-19 SI-11 where the ID token says nothing of them, userinfo is asked", async () => {
    const world = await aWorld({ provider: { claimsInIdToken: false } });
    const asked = world.provider.requestsTo("userinfo").length;
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, roles: ["user"], groups: [] });
    await refreshed(world);
    await eventually(async () => {
      expect((await world.session(world.her)).body.user).toMatchObject({ role: "user", groups: [] });
    });
    expect(world.provider.requestsTo("userinfo")).toHaveLength(asked + 1);
  });

  test("AC-19 with no rule that looks at claims, a refresh asks nobody else anything", async () => {
    const world = await aWorld({
      provider: { claimsInIdToken: false },
      config: { roles: { default: "user" }, groups: {} },
    });
    const asked = world.provider.requestsTo("userinfo").length;
    await refreshed(world);
    await world.latchkey.close();
    expect(world.provider.requestsTo("userinfo")).toHaveLength(asked);
  });
});

describe("AC-19 AT-16 what must not follow from a refresh", () => {
  test("AT-16 VA-8 AC-19 an ID token with a defect brings no claims, and one without claims of its own neither", async () => {
    const world = await aWorld();
    says(world, { roles: ["user"], groups: [] }, { nonce: "another" });
    await refreshed(world);
    world.provider.tweaks.tokenAnswer = ({ id_token: _gone, ...answer }) => answer;
    await refreshed(world);
    await world.latchkey.close();
    expect(await world.store.users.byEmail("ann@example.com")).toMatchObject({ role: "admin" });
    expect(await world.store.groups.ofUser(world.mine.user as never)).toHaveLength(2);
  });

  test("AT-16 AC-12 an overage is unknown, and takes nothing", async () => {
    const world = await aWorld({
      config: {
        roles: { ...fromClaims.roles, absent: { knownUser: "deny" } },
        groups: { ...fromClaims.groups, absent: "empty" },
      },
    });
    says(world, { _claim_names: { roles: "src1", groups: "src1" } });
    await refreshed(world);
    await world.latchkey.close();
    expect(await world.store.users.byEmail("ann@example.com")).toMatchObject({ role: "admin" });
    expect(await world.store.groups.ofUser(world.mine.user as never)).toHaveLength(2);
    expect(await world.store.sessions.ofUser(world.mine.user as never)).toHaveLength(2);
  });

  test("AT-9 AC-19 claims that name another subject change nobody, neither her nor that person", async () => {
    const [ann, cleo] = people(first).map((person, at) => ({
      ...person,
      claims: { ...person.claims, oid: `o-${at}` },
    }));
    const world = await aWorld({
      config: { signIn: { signUp: true, claims: { subject: "oid" } } },
      provider: { people: [ann, cleo].flatMap((person) => person ?? []) },
    });
    // The ID token is hers by its `sub`; what the operator reads as the subject is Cleo's.
    says(world, { roles: ["user"], groups: [], oid: "o-1" });
    await refreshed(world);
    await world.latchkey.close();
    for (const email of ["ann@example.com", "cleo@example.com"])
      expect(await world.store.users.byEmail(email)).toMatchObject({ role: "admin" });
    expect(await world.store.groups.ofUser(world.mine.user as never)).toHaveLength(2);
  });

  test("AC-19 claims of an earlier ID token never overrule those of a later one", async () => {
    const world = await aWorld();
    // A second session's refresh was under way for a while: its ID token is older than what a sign-in brought since.
    const iat = Math.floor(world.clock.now() / 1_000);
    await world.clock.advance(minutes(5));
    await world.signIn(world.browser(), "ann-1");
    says(world, { roles: ["user"], groups: [] }, { iat });
    await refreshed(world);
    await world.latchkey.close();
    expect(await world.store.users.byEmail("ann@example.com")).toMatchObject({ role: "admin" });
    expect(await world.store.groups.ofUser(world.mine.user as never)).toHaveLength(2);
  });

  test("AC-19 nor do they when those of the later one come between the decision and its writing", async () => {
    const world = await aWorld();
    let armed = 0;
    const reads = { ...world.store.identities };
    const store: Store = {
      ...world.store,
      identities: {
        ...reads,
        async bySubject(issuer, subject) {
          const found = await reads.bySubject(issuer, subject);
          // The decision is made of this; the next transaction writes it.
          armed += 1;
          return found;
        },
      },
      async transaction(work) {
        if (armed === 1) {
          armed = 2;
          says(world, first);
          await world.signIn(world.browser(), "ann-1");
        }
        return world.store.transaction(work);
      },
      close: async () => {},
    };
    const node = await createLatchkey({ ...world.config, ports: { store, clock: world.clock, log: world.log } });
    says(world, { roles: ["user"], groups: [] }, { iat: Math.floor(world.clock.now() / 1_000) });
    await world.clock.advance(minutes(57));
    await node.vault.accessToken(world.mine);
    await node.close();
    expect(armed).toBeGreaterThanOrEqual(2);
    expect(await world.store.users.byEmail("ann@example.com")).toMatchObject({ role: "admin" });
    expect(await world.store.groups.ofUser(world.mine.user as never)).toHaveLength(2);
  });

  test("AC-19 AC-8 somebody disabled in between is left as they are", async () => {
    const world = await aWorld();
    says(world, { roles: ["user"], groups: [] });
    world.provider.next("token", async (honest) => {
      const answer = await honest();
      const user = await world.store.users.byEmail("ann@example.com");
      if (user)
        await world.store.transaction((tx) =>
          tx.users.update({ ...user, disabledAt: world.clock.now(), version: user.version + 1 }, user.version),
        );
      return answer;
    });
    await world.clock.advance(minutes(57));
    await world.latchkey.vault.accessToken(world.mine).catch(() => {});
    await world.latchkey.close();
    expect(await world.store.groups.ofUser(world.mine.user as never)).toHaveLength(2);
    expect(await events(world, "claims.refused")).toEqual([]);
  });
});

describe("AC-19 a failure there", () => {
  test("AC-19 is tried again from the outbox, and never fails the token", async () => {
    const world = await aWorld({ provider: { claimsInIdToken: false } });
    world.provider.script({ userinfo: { status: 503 } });
    expect(await refreshed(world)).toMatch(/^access-/);
    await eventually(async () => {
      expect(await world.store.outbox.waiting()).toMatchObject({ rows: 1 });
    });
    expect((await world.session(world.her)).body.user).toMatchObject({ role: "admin", groups: ["lab", "staff"] });

    world.provider.script({ userinfo: undefined });
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, roles: ["user"], groups: ["staff"] });
    await world.clock.advance(seconds(11));
    await eventually(async () => {
      expect((await world.session(world.her)).body.user).toMatchObject({ role: "user", groups: ["staff"] });
      expect(await world.store.outbox.waiting()).toMatchObject({ rows: 0 });
    });
  });

  test("AC-19 AC-12 roles that could not be had then are kept, and had later", async () => {
    const world = await aWorld();
    // Who it is stands in the ID token; roles and groups are userinfo's, which is down.
    says(world, {});
    world.provider.script({ userinfo: { status: 500 } });
    await refreshed(world);
    await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 1 }));
    expect((await world.session(world.her)).body.user).toMatchObject({ role: "admin" });
    world.provider.script({ userinfo: undefined });
    world.provider.tweaks.userinfo = (claims) => ({ ...claims, roles: ["former"] });
    await world.clock.advance(seconds(11));
    await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
  });

  test("AC-19 VA-5 what waits is sealed, and goes with its grant", async () => {
    const world = await aWorld({ provider: { claimsInIdToken: false } });
    world.provider.script({ userinfo: { status: 503 } });
    await refreshed(world);
    await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 1 }));
    const [row] = (await world.store.outbox.list({ limit: 9 }, { kind: "claims" })).items;
    expect(row?.sealed.split(".")).toHaveLength(5);
    await world.latchkey.vault.disconnect({ user: world.mine.user, connection });
    await eventually(async () => {
      // The outbox looks again as time goes by; what it does takes real time in between.
      await world.clock.advance(seconds(30));
      expect((await world.store.outbox.list({ limit: 9 }, { kind: "claims" })).items).toEqual([]);
    });
  });
});
