/**
 * The package as `npm publish` would send it, made in a folder of its own so that nobody's `dist` is touched, and put
 * into an empty folder as `npm install` would. The dependencies are those of this checkout: nothing is fetched.
 */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

export interface Packed {
  readonly tarball: string;
  /** Puts the package and other packages of this checkout into a folder's node_modules. */
  installInto(folder: string, ...others: string[]): Promise<void>;
  remove(): Promise<void>;
}

export async function packLatchkey(): Promise<Packed> {
  const work = await mkdtemp(join(tmpdir(), "latchkey-pack-"));
  const source = join(work, "source");
  await mkdir(source);
  try {
    await run(process.execPath, ["--import", "tsx", "scripts/build.ts", join(source, "dist")], { cwd: root });
  } catch (problem) {
    await rm(work, { recursive: true, force: true });
    // tsc says what is wrong on its standard output.
    throw new Error(`the build failed:\n${(problem as { stdout?: string }).stdout ?? ""}`, { cause: problem });
  }
  for (const name of ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "docs"])
    await cp(join(root, name), join(source, name), { recursive: true });
  const { stdout } = await run("npm", ["pack", "--json", "--ignore-scripts", "--offline"], { cwd: source });
  const [{ filename = "" } = {}] = JSON.parse(stdout) as { filename?: string }[];
  const tarball = join(source, filename);
  const { dependencies } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };

  /** Only what package.json names: an import of anything else fails, as it would at a user's. */
  async function link(modules: string, name: string): Promise<void> {
    await mkdir(join(modules, name, ".."), { recursive: true });
    await symlink(join(root, "node_modules", name), join(modules, name));
  }

  return {
    tarball,
    async installInto(folder, ...others) {
      const modules = join(folder, "node_modules");
      const unpacked = await mkdtemp(join(work, "unpacked-"));
      await run("tar", ["-xzf", tarball, "-C", unpacked]);
      await mkdir(modules, { recursive: true });
      await cp(join(unpacked, "package"), join(modules, "latchkey"), { recursive: true });
      for (const name of [...Object.keys(dependencies), ...others]) await link(modules, name);
      await mkdir(join(modules, ".bin"), { recursive: true });
      await symlink("../latchkey/dist/cli/main.js", join(modules, ".bin", "latchkey"));
    },
    remove: () => rm(work, { recursive: true, force: true }),
  };
}

/** Names of everything in the tarball's folder, for tests of what is and is not published. */
export const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
