/** What the keys that we sign with promise: they come back whole, are retired once, and go when their time has come. */
import { expect, test } from "vitest";
import type { SigningKeyRecord } from "../../store/records.js";
import { at, type TheStore, write } from "./samples.js";

const aKey = (id: string, on: Partial<SigningKeyRecord> = {}): SigningKeyRecord => ({
  id,
  purpose: "assertion",
  alg: "EdDSA",
  publicKey: { kty: "OKP", crv: "Ed25519", x: "AA", kid: id, alg: "EdDSA", use: "sig" },
  sealed: `sealed ${id}`,
  createdAt: at(1),
  signsFrom: at(2),
  retiresAt: null,
  ...on,
});

export function signingKeyTests(theStore: TheStore): void {
  test("LO-11 keys come back whole, oldest first; one is retired once, and goes when its time has come", async () => {
    const [old, young] = [aKey("old"), aKey("young", { createdAt: at(5), retiresAt: at(900) })];
    await write(theStore(), async (tx) => {
      await tx.signingKeys.insert(young);
      await tx.signingKeys.insert(old);
    });
    expect(await theStore().signingKeys.all("assertion")).toStrictEqual([old, young]);
    await write(theStore(), async (tx) => {
      await tx.signingKeys.retire("old", at(500));
      await tx.signingKeys.retire("old", at(700));
      await tx.signingKeys.retire("young", at(100));
      await tx.signingKeys.retire("nobody", at(100));
    });
    expect(await theStore().signingKeys.all("assertion")).toStrictEqual([{ ...old, retiresAt: at(500) }, young]);
    expect(await write(theStore(), (tx) => tx.signingKeys.deleteRetired(at(499)))).toBe(0);
    expect(await write(theStore(), (tx) => tx.signingKeys.deleteRetired(at(500)))).toBe(1);
    expect(await theStore().signingKeys.all("assertion")).toStrictEqual([young]);
  });

  test("LO-11 VA-4 the sealed half is among what is sealed anew, and nothing else of the row changes", async () => {
    const key = aKey("sealed");
    await write(theStore(), (tx) => tx.signingKeys.insert(key));
    const row = { id: "sealed", userId: null, connection: null, sealed: "sealed sealed" };
    expect(await theStore().sealed.page("signing_keys", 10)).toStrictEqual([row]);
    expect(await theStore().sealed.count("signing_keys")).toBe(1);
    const swap = { id: "sealed", expected: "sealed sealed", next: "anew" };
    expect(await write(theStore(), (tx) => tx.sealed.swap("signing_keys", [swap]))).toBe(1);
    expect(await theStore().signingKeys.all("assertion")).toStrictEqual([{ ...key, sealed: "anew" }]);
  });
}
