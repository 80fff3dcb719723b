/** What pictures promise. */
import { expect, test } from "vitest";
import type { PictureRecord } from "../../store/records.js";
import { aPerson, at, aUser, type TheStore, write } from "./samples.js";

const aPicture = (userId: PictureRecord["userId"], on: Partial<PictureRecord> = {}): PictureRecord => ({
  userId,
  contentType: "image/png",
  // Every value that a byte can have: what is treated as text on its way would not come back.
  bytes: Uint8Array.from({ length: 512 }, (_, index) => index % 256),
  digest: "digest",
  sourceHash: "source",
  fetchedAt: at(7),
  ...on,
});

export function pictureTests(theStore: TheStore): void {
  test("SI-22 a picture comes back byte for byte, with its bytes and without", async () => {
    const { user } = await aPerson(theStore());
    const picture = aPicture(user.id);
    expect(await theStore().pictures.ofUser(user.id)).toBeUndefined();
    expect(await theStore().pictures.summaryOf(user.id)).toBeUndefined();
    await write(theStore(), async (tx) => {
      await tx.pictures.save(picture);
      expect(await tx.pictures.ofUser(user.id)).toStrictEqual(picture);
    });
    const { bytes: _, ...summary } = picture;
    expect(await theStore().pictures.ofUser(user.id)).toStrictEqual(picture);
    expect(await theStore().pictures.summaryOf(user.id)).toStrictEqual(summary);
  });

  test("SI-22 a megabyte is kept, and a later picture replaces it", async () => {
    const { user } = await aPerson(theStore());
    const other = await aPerson(theStore());
    const big = aPicture(user.id, { bytes: new Uint8Array(1_000_000).fill(0xff) });
    const small = aPicture(user.id, {
      contentType: "image/gif",
      bytes: Uint8Array.of(0),
      digest: "other",
      sourceHash: "elsewhere",
      fetchedAt: at(8),
    });
    const theirs = aPicture(other.user.id);
    await write(theStore(), (tx) => tx.pictures.save(theirs));
    for (const picture of [big, small]) {
      await write(theStore(), (tx) => tx.pictures.save(picture));
      const { bytes, ...rest } = picture;
      const { bytes: kept, ...others } = (await theStore().pictures.ofUser(user.id)) ?? { bytes: new Uint8Array() };
      expect(others).toStrictEqual(rest);
      // A comparison of the test library walks a million members one by one.
      expect(Buffer.compare(kept, bytes)).toBe(0);
    }
    expect(await theStore().pictures.ofUser(other.user.id)).toStrictEqual(theirs);
  });

  test("SI-22 a picture goes with its user, and nobody who is not there has one", async () => {
    const { user } = await aPerson(theStore());
    await write(theStore(), (tx) => tx.pictures.save(aPicture(user.id)));
    await write(theStore(), (tx) => tx.users.delete(user.id));
    expect(await theStore().pictures.summaryOf(user.id)).toBeUndefined();
    await expect(write(theStore(), (tx) => tx.pictures.save(aPicture(aUser().id)))).rejects.toThrow();
  });
}
