/** Files that are written all or not at all: half of an installation is worse than none (SU-11). */
import { constants } from "node:fs";
import { access, type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { LatchkeyError } from "../kernel/errors.js";

export interface FileToWrite {
  readonly path: string;
  readonly text: string;
  /** True where one that is there is written over; else it stays, and nothing is written. */
  readonly over: boolean;
  /** Of a new file, and of one that is written over. */
  readonly mode?: number;
}

/** @throws LatchkeyError `config.unwritable` when the folder takes no new file; `path` is that file */
export async function mustTakeFiles(path: string): Promise<void> {
  await access(dirname(path), constants.W_OK).catch((thrown: unknown) => {
    throw unwritable(path, dirname(path), thrown);
  });
  // `/file/` is looked for as a folder, which `/file` need not be.
  await access(`${dirname(path)}/.`).catch((thrown: unknown) => {
    throw unwritable(path, dirname(path), thrown);
  });
}

/** @throws LatchkeyError `config.unwritable`, with everything as it was before */
export async function writeTogether(files: readonly FileToWrite[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  for (const { path, text, over, mode } of files) {
    let before: Buffer | undefined;
    try {
      before = over ? await textBefore(path) : undefined;
      const file = await open(path, before === undefined ? "wx" : "w", mode);
      undo.push(() => (before === undefined ? rm(path, { force: true }) : writeFile(path, before)));
      await fill(file, text, mode);
    } catch (thrown) {
      for (const step of undo.reverse()) await step().catch(() => {});
      throw unwritable(path, before === undefined ? dirname(path) : path, thrown);
    }
  }
}

async function fill(file: FileHandle, text: string, mode: number | undefined): Promise<void> {
  try {
    await file.writeFile(text);
    // A file that was there before has kept its mode.
    if (mode !== undefined) await file.chmod(mode);
  } finally {
    await file.close();
  }
}

const textBefore = (path: string): Promise<Buffer | undefined> =>
  readFile(path).catch((thrown: unknown) => {
    if (codeOf(thrown) === "ENOENT") return undefined;
    throw thrown;
  });

const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";

function unwritable(file: string, place: string, cause: unknown): LatchkeyError {
  return new LatchkeyError("config.unwritable", {
    cause,
    data: { file, reason: reasonOf(codeOf(cause), file, place) },
  });
}

function reasonOf(code: string, file: string, place: string): string {
  switch (code) {
    case "ENOENT":
      return `the folder ${place} does not exist (${code})`;
    case "ENOTDIR":
      return `${place} is no folder (${code})`;
    case "EACCES":
    case "EPERM":
      return `this account may not write to ${place} (${code})`;
    case "EROFS":
      return `${place} is on a file system that can only be read (${code})`;
    default:
      return `${file} cannot be written (${code})`;
  }
}
