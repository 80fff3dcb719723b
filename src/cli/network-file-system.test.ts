import { expect, test } from "vitest";
import { networkFileSystem } from "./network-file-system.js";

const missing = () => Promise.reject(Object.assign(new Error("no such file"), { code: "ENOENT" }));

test.each<[type: number, name: string | undefined]>([
  [0x6969, "NFS"],
  [0xff534d42, "CIFS"],
  [0xff534d42 | 0, "CIFS"],
  [0xfe534d42, "SMB 2"],
  [0x65735546, "FUSE"],
  [0xef53, undefined],
  [0x01021994, undefined],
])("SU-14 file system type %i is told as %s", async (type, name) => {
  expect(await networkFileSystem("/data/latchkey.db", async () => type)).toBe(name);
});

test("SU-14 a database that is not there yet is judged by its folder", async () => {
  expect(
    await networkFileSystem("/data/latchkey.db", (path) => (path === "/data" ? Promise.resolve(0x6969) : missing())),
  ).toBe("NFS");
});

test("SU-14 what cannot be asked is no reason to warn, and memory is never on a network", async () => {
  expect(await networkFileSystem("/data/latchkey.db", missing)).toBeUndefined();
  expect(await networkFileSystem(":memory:", async () => 0x6969)).toBeUndefined();
  expect(await networkFileSystem(import.meta.filename)).toBeUndefined();
});
