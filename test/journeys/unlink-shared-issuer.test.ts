/** AC-4, VA-14: one issuer behind two provider ids, as one Keycloak realm with a client for staff and one for everybody. */
import { afterEach, expect, test } from "vitest";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { createSharedWorld } from "../support/shared-file.js";
import { add, identityOf, remove, userIdOf } from "../support/sign-in-methods.js";
import { providerEntry } from "../support/two-providers.js";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** Ann is admin by what `giver` says of her; somebody else is the first admin. */
async function annAt(giver: "staff" | "club") {
  const people = [{ sub: "ann-1", email: "ann@example.com", name: "Ann", claims: { roles: ["admin"] } }];
  const realm = await startFakeProvider({ people });
  const club = await startFakeProvider();
  open.push(
    () => realm.stop(),
    () => club.stop(),
  );
  club.people.set("ann-c", { sub: "ann-c", email: "ann@club.example", claims: { roles: ["admin"] } });
  const giving = (id: string) => (id === giver ? { roles: { fromClaims: true } } : {});
  const providers = [
    providerEntry("staff", realm, giving("staff")),
    providerEntry("public", realm),
    providerEntry("club", club, giving("club")),
  ];
  const world = await createSharedWorld({
    config: { roles: { default: "user" }, signIn: { signUp: true }, providers },
  });
  open.push(() => world.close());
  await world.signIn(world.browser(), "cleo-3", { provider: "club" });
  const ann = world.browser();
  await world.signIn(ann, "ann-1", { provider: "staff" });
  const id = await userIdOf(world, ann);
  await world.signIn(ann, "ann-1", { provider: "public" });
  await add(world, ann, "club", "ann-c");
  expect(await world.store.users.byId(id)).toMatchObject({ role: "admin", roleOrigin: `claims:${giver}` });
  await remove(world, ann, (await identityOf(world, id, "public")).id);
  expect((await world.store.identities.ofUser(id)).map(({ provider }) => provider)).toEqual(["club"]);
  return world.store.users.byId(id);
}

test("AC-4 VA-14 whoever removes a sign-in method is admin no more where another provider id of its issuer had said so", async () => {
  expect(await annAt("staff")).toMatchObject({ role: "user", roleOrigin: "default" });
});

test("AC-4 VA-14 whom another issuer made admin stays one", async () => {
  expect(await annAt("club")).toMatchObject({ role: "admin", roleOrigin: "claims:club" });
});
