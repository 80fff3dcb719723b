/**
 * Whether a file lies on a file system that another machine serves. SQLite's locks and its shared-memory index do not
 * hold there: two processes can corrupt the database, and nothing says so until it is too late (SU-14).
 */
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";

/** `f_type` of Linux's statfs(2). FUSE is among them: sshfs, rclone, s3fs and Docker's shared folders are FUSE. */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB 2"],
  [0xff534d42, "CIFS"],
  [0x65735546, "FUSE"],
  [0x01021997, "9P"],
  [0x5346414f, "AFS"],
  [0x6b414653, "AFS"],
  [0x73757245, "Coda"],
  [0x00c36400, "Ceph"],
  [0x0bd00bd0, "Lustre"],
  [0x47504653, "GPFS"],
  [0x786f4256, "VirtualBox shared folder"],
]);

export type FileSystemType = (path: string) => Promise<number>;
const typeOf: FileSystemType = async (path) => (await statfs(path)).type;

/** The name of the network file system that `path` lies on, or undefined: a local one, none that is known, or no file at all. */
export async function networkFileSystem(
  path: string,
  fileSystemType: FileSystemType = typeOf,
): Promise<string | undefined> {
  if (path === ":memory:") return undefined;
  for (const place of [path, dirname(path)]) {
    try {
      // The kernel's number has 32 bits; some come back negative.
      return networkTypes.get((await fileSystemType(place)) >>> 0);
    } catch {
      // The file may not be there yet; its folder says the same.
    }
  }
  return undefined;
}
