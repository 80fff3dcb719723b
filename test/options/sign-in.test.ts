/** What `signIn`, `roles` and `branding` change. Sign-up, linking, domains and updates are in the journeys and attacks. */
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld } from "../support/shared-file.js";
import { aWorld, closing, errorOf, signsIn } from "./setting.js";

describe("where people end", () => {
  test("SI-7 [option:signIn.defaultReturnTo] is where a sign-in leads that named no place", async () => {
    const landing = async (signIn: ConfigInput["signIn"]) => {
      const world = await aWorld({ config: { signIn: { signUp: true, ...signIn } } });
      const browser = world.browser();
      const away = await browser.get(world.url("/providers/fake/start"), { follow: false });
      return (
        await browser.follow(away, { stopBefore: (url) => !url.includes("/callback") && url.startsWith(world.baseUrl) })
      ).location;
    };
    expect(await landing({})).toBe("http://localhost:3000/");
    expect(await landing({ defaultReturnTo: "/chat?new=1" })).toBe("http://localhost:3000/chat?new=1");
  });

  test("LO-5 [option:signIn.signOut.returnTo] is where a sign-out leads that named no place", async () => {
    const landing = async (
      signOut: NonNullable<ConfigInput["signIn"]>["signOut"],
      fields: Record<string, string> = {},
    ) => {
      const world = await aWorld({
        config: { signIn: { signUp: true, signOut } },
        providerConfig: { logout: "local" },
      });
      const { browser } = await signsIn(world);
      return (await browser.post(world.url("/sign-out"), fields, { follow: false })).location;
    };
    expect(await landing({})).toBe("http://localhost:3000/auth/signed-out");
    expect(await landing({ returnTo: "/bye" })).toBe("http://localhost:3000/bye");
    expect(await landing({ returnTo: "/bye" }, { return_to: "/elsewhere" })).toBe("http://localhost:3000/elsewhere");
    const partner = "https://partner.example";
    expect(await landing({ returnTo: `${partner}/bye`, allowedReturnTo: [partner] })).toBe(`${partner}/bye`);
  });
});

describe("clocks", () => {
  test("SI-10 [option:signIn.clockTolerance] is how far a provider's clock may be off", async () => {
    for (const [clockTolerance, error] of [
      ["60s", "signin.id_token_invalid"],
      ["3m", null],
    ] as const) {
      const clock = createManualClock();
      const world = await aWorld({ clock, config: { signIn: { signUp: true, clockTolerance } } });
      const expired = Math.floor(clock.now() / 1_000) - 120;
      world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, iat: expired - 60, exp: expired });
      expect((await signsIn(world)).error).toBe(error);
    }
  });

  test("SI-8 [option:signIn.flowLifetime] is how long a person may be at the provider", async () => {
    for (const [flowLifetime, error] of [
      ["10m", null],
      ["2m", expect.stringMatching(/^signin\.state_/)],
    ] as const) {
      const clock = createManualClock();
      const world = await aWorld({ clock, config: { signIn: { signUp: true, flowLifetime } } });
      const browser = world.browser();
      const away = await browser.get(world.url("/providers/fake/start?return_to=/auth/account"), { follow: false });
      await clock.skip(minutes(3));
      expect(errorOf(await browser.follow(away))).toEqual(error);
    }
  });
});

test("AC-20 [option:roles.default] is what a new person gets who is not the first", async () => {
  for (const role of ["pending", "user"]) {
    const world = await aWorld({ config: { roles: { default: role } } });
    expect((await signsIn(world, "ann-1")).user?.role).toBe("admin");
    expect((await signsIn(world, "ben-2")).user?.role).toBe(role);
  }
});

test("AC-13 [option:roles.order] a role that the operator added can be given, and another cannot", async () => {
  const world = await closing(createSharedWorld());
  await signsIn(world, "ann-1");
  const { browser } = await signsIn(world, "ben-2");
  const giveAuditor = async (roles: ConfigInput["roles"]) => {
    const resolved = resolveConfig({ ...world.config, ...(roles ? { roles } : {}) });
    if (!resolved.ok) throw new Error("configuration");
    const administration = await openAdministration(resolved.value, { log: silentLog });
    return administration.setRole("ben@example.com", "auditor").finally(() => administration.close());
  };
  await expect(giveAuditor(undefined)).rejects.toMatchObject({ code: "account.role_unknown" });
  await giveAuditor({ order: ["pending", "user", "auditor", "admin"] });
  expect((await world.session(browser)).body.user?.role).toBe("auditor");
});

test("SU-8 [option:branding.name] is the name of the installation on its pages", async () => {
  const plain = await (await (await aWorld()).request("/sign-in")).text();
  const named = await (
    await (await aWorld({ config: { branding: { name: "Corp Chat" } } })).request("/sign-in")
  ).text();
  expect([plain.includes("Latchkey"), plain.includes("Corp Chat")]).toEqual([true, false]);
  expect([named.includes("Corp Chat"), named.includes("Latchkey")]).toEqual([true, false]);
});
