/**
 * AC-19: who has no address any more, or one that nobody can read, does not keep what they lost. An address that is only
 * unknown costs nothing.
 */
import { describe, expect, test } from "vitest";
import { seconds } from "../../src/kernel/time.js";
import { aWorld, events, eventually, first, refreshed, says } from "./refreshed-claims.js";

describe("AC-19 somebody without an address that can be read", () => {
  const config = { signIn: { signUp: true, allowedDomains: ["example.com"] } };
  const lost = { roles: ["user"], groups: ["staff"] };
  const stays = async (world: Awaited<ReturnType<typeof aWorld>>) => {
    const user = await world.store.users.byEmail("ann@example.com");
    expect(user).toMatchObject({ id: world.mine.user, name: "Ann Archer", emailVerified: true });
    expect(await world.store.identities.ofUser(world.mine.user as never)).toMatchObject([
      { email: "ann@example.com", emailVerified: true },
    ]);
    expect(await world.store.sessions.ofUser(world.mine.user as never)).toHaveLength(2);
  };

  test.each([
    ["without an e-mail claim", undefined, {}],
    ["with an empty address", "", {}],
    ["with a quoted address", '"ann archer"@example.com', {}],
    ["with an address that is a list", ["ann@example.com"], {}],
    ["with a made-up address", "ann@identity.invalid", {}],
    ["without one, where others are made up for newcomers", undefined, { emailFallback: true }],
  ])("AC-19 AC-7 a role that was lost is lost also %s, and name and address stay", async (_how, email, more) => {
    const world = await aWorld({ config: { signIn: { signUp: true, ...more } } });
    says(world, { ...lost, email }, { email });
    await refreshed(world);
    await eventually(async () =>
      expect((await world.session(world.her)).body.user).toMatchObject({ role: "user", groups: ["staff"] }),
    );
    await stays(world);
  });

  test("AC-19 AC-12 whom role rules turn away without one is signed out", async () => {
    const world = await aWorld();
    says(world, { roles: ["former"], email: undefined });
    await refreshed(world);
    await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
  });

  test.each([{}, { emailFallback: true }])(
    "AC-19 AC-5 AC-12 an address that could not be had is unknown, and leaves her domain as it was (%o)",
    async (more) => {
      const world = await aWorld({ config: { signIn: { ...config.signIn, ...more } } });
      says(world, lost, { email: undefined });
      world.provider.script({ userinfo: { status: 503 } });
      await refreshed(world);
      await eventually(async () =>
        expect((await world.session(world.her)).body.user).toMatchObject({ role: "user", groups: ["staff"] }),
      );
      await stays(world);
      // What was not had is asked for again.
      await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 1 }));
      world.provider.script({ userinfo: undefined });
      await world.clock.advance(seconds(11));
      await eventually(async () => expect(await world.store.outbox.waiting()).toMatchObject({ rows: 0 }));
      await stays(world);
    },
  );

  test("AC-19 AC-5 userinfo has it where refreshed ID tokens leave it out", async () => {
    const world = await aWorld({ config });
    says(world, lost, { email: undefined, email_verified: undefined });
    await refreshed(world);
    await eventually(async () => expect((await world.session(world.her)).body.user).toMatchObject({ role: "user" }));
    await stays(world);
  });

  test.each([
    ["no address at all", undefined],
    ["one that cannot be read", "ann@archer@example.com"],
  ])("AC-19 AC-5 who is said to have %s is in no domain, and is signed out", async (_what, email) => {
    const world = await aWorld({ config });
    says(world, { ...first, email }, { email });
    await refreshed(world);
    await eventually(async () => expect((await world.session(world.her)).status).toBe(401));
    expect((await events(world, "claims.refused"))[0]?.code).toBe("account.domain_refused");
    expect(await world.store.identities.ofUser(world.mine.user as never)).toMatchObject([{ email: "ann@example.com" }]);
  });

  test("AC-19 AC-9 an admin by address stays one while the address is unknown", async () => {
    const world = await aWorld({ config: { signIn: { signUp: true, bootstrapAdmins: ["ann@example.com"] } } });
    says(world, { roles: ["former"], groups: ["staff"] }, { email: undefined });
    world.provider.script({ userinfo: { status: 503 } });
    await refreshed(world);
    await eventually(async () =>
      expect((await world.session(world.her)).body.user).toMatchObject({ role: "admin", groups: ["staff"] }),
    );
    await stays(world);
  });
});
