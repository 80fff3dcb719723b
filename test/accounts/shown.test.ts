/** What people and programs are shown of where a role or a group comes from. */
import { afterEach, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

let world: SharedWorld;
afterEach(() => world.close());

test("AC-11 AC-15 SU-8 the account page says which provider gave the role and the groups, and names no issuer", async () => {
  world = await createSharedWorld({
    config: { roles: { fromClaims: true }, groups: { fromClaims: true, create: true, default: "everybody" } },
  });
  await world.signIn(world.browser(), "ann-1");
  const claims = { roles: ["user"], groups: ["staff"] };
  world.provider.people.set("ben-2", { sub: "ben-2", email: "ben@example.com", name: "Ben", claims });
  const browser = world.browser();
  const { text } = await world.signIn(browser, "ben-2");
  expect(text).toContain("Fake says so, each time you sign in.");
  expect(text).toMatch(/staff<\/span>\s*<span class="small">from Fake</);
  expect(text).toMatch(/everybody<\/span>\s*<span class="small">everybody who joins is in it</);
  expect(text).not.toContain("claims:");

  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const administration = await openAdministration(resolved.value, { store: world.store, log: silentLog });
  const details = await administration.userDetails("ben@example.com");
  expect(details.user.roleOrigin).toBe("claims:fake");
  expect(details.groups).toEqual([
    { name: "everybody", origin: "default" },
    { name: "staff", origin: "claims:fake" },
  ]);
});
