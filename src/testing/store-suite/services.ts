/** What services promise, and identities by the provider's own `sub`. */
import { expect, test } from "vitest";
import type { ServiceRecord } from "../../store/records.js";
import { anIdentity, aPerson, at, type TheStore, write } from "./samples.js";

const aService = (on: Partial<ServiceRecord> = {}): ServiceRecord => ({
  id: "chat",
  secretHash: "hash",
  formerSecretHash: null,
  formerSecretEndsAt: null,
  connections: ["provider:acme", "tool:wiki"],
  offline: false,
  audience: null,
  createdAt: at(1),
  updatedAt: at(1),
  ...on,
});

export function serviceTests(theStore: TheStore): void {
  test("VA-15 a service comes back as it was saved, is replaced by its id, and goes", async () => {
    const first = aService();
    const second = aService({
      id: "a-nightly",
      connections: ["*"],
      offline: true,
      audience: "https://nightly.example",
      formerSecretHash: "older",
      formerSecretEndsAt: at(9),
    });
    for (const service of [first, second]) await write(theStore(), (tx) => tx.services.save(service));
    expect(await theStore().services.all()).toStrictEqual([second, first]);
    const changed = aService({ secretHash: "another", updatedAt: at(2) });
    await write(theStore(), (tx) => tx.services.save(changed));
    expect(await theStore().services.byId("chat")).toStrictEqual(changed);
    for (const id of ["", "Chat", "chat ", "\ud800"]) expect(await theStore().services.byId(id)).toBeUndefined();
    expect(await write(theStore(), (tx) => tx.services.delete("chat"))).toBe(true);
    expect(await write(theStore(), (tx) => tx.services.delete("chat"))).toBe(false);
    expect(await theStore().services.all()).toStrictEqual([second]);
  });

  test("VA-15 identities are found by issuer and sub, byte for byte, whatever their subject is", async () => {
    const { user, identity } = await aPerson(theStore());
    const bySub = (issuer: string, sub: string) => theStore().identities.bySub(issuer, sub);
    const other = anIdentity(user, { issuer: identity.issuer, subject: "oid-1", sub: "Sub-1" });
    const elsewhere = anIdentity(user, { issuer: "https://other.example.test", sub: "Sub-1" });
    for (const one of [other, elsewhere]) await write(theStore(), (tx) => tx.identities.insert(one));
    expect(await bySub(identity.issuer, "Sub-1")).toStrictEqual([other]);
    for (const sub of ["sub-1", "Sub-1 ", "Sub-%", "oid-1", "\ud800"])
      expect(await bySub(identity.issuer, sub)).toEqual([]);
  });
}
