/** SU-15: what `npm pack` makes works in an empty folder: every subpath, the command, the types. */
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { filesIn, type Packed, packLatchkey } from "./packed.js";

// Compiling the whole package on a busy machine: a limit for what hangs.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const { version, exports } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
  version: string;
  exports: Record<string, unknown>;
};
const subpaths = Object.keys(exports)
  .filter((path) => !path.endsWith(".json"))
  .map((path) => path.replace(/^\./, "latchkey"));

let packed: Packed;
let folder: string;
beforeAll(async () => {
  packed = await packLatchkey();
  folder = await mkdtemp(join(tmpdir(), "latchkey-empty-"));
  await packed.installInto(folder, "fastify", "@types/express", "@types/node", "express");
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await packed.remove();
});

test("SU-15 every subpath is imported, with the names it is documented by", async () => {
  const script = `const names = {};
for (const path of ${JSON.stringify(subpaths)}) names[path] = Object.keys(await import(path)).sort();
console.log(JSON.stringify(names));`;
  await writeFile(join(folder, "all.js"), script);
  const { stdout } = await run(process.execPath, ["all.js"], { cwd: folder });
  const names = JSON.parse(stdout) as Record<string, string[]>;
  expect(names).toMatchObject({
    latchkey: ["ConsentRequired", "LatchkeyError", "createLatchkey", "errorCatalog"],
    "latchkey/hono": ["latchkeyHandler", "requireUser"],
    "latchkey/express": ["latchkeyHandler", "requireUser"],
    "latchkey/fastify": ["latchkeyPlugin", "requireUser"],
    "latchkey/next": ["currentUser", "requireUser", "routeHandlers"],
  });
  expect(names["latchkey/node"]).toEqual(expect.arrayContaining(["latchkeyHandler", "requireUser"]));
  expect(names["latchkey/testing"]).toEqual(expect.arrayContaining(["createWorld", "startFakeProvider"]));
});

test("SU-11 SU-15 the command runs", async () => {
  const { stdout } = await run(join(folder, "node_modules/.bin/latchkey"), ["version"], { cwd: folder });
  expect(stdout).toContain(version);
});

test("SU-15 the types of every subpath resolve in an app", async () => {
  const imports = subpaths.map((path, at) => `import * as module${at} from "${path}";\nexport { module${at} };`);
  await writeFile(join(folder, "app.ts"), imports.join("\n"));
  const options = ["--module", "nodenext", "--target", "es2023", "--strict", "--noEmit", "--skipLibCheck"];
  await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, "app.ts"], { cwd: folder });
});

test.each([
  ["the same Hono", false, "new Hono()"],
  ["another Hono 4", true, "new Hono<SignedInEnv>()"],
])("SU-15 latchkey/hono compiles in an app that has %s", async (_which, another, made) => {
  const app = join(folder, another ? "another-hono" : "same-hono");
  await mkdir(join(app, "node_modules"), { recursive: true });
  if (another) {
    const copy = join(app, "node_modules/hono");
    await cp(join(root, "node_modules/hono"), copy, { recursive: true });
    // Two copies of one version are one to the compiler.
    const described = JSON.parse(await readFile(join(copy, "package.json"), "utf8")) as object;
    await writeFile(join(copy, "package.json"), JSON.stringify({ ...described, version: "4.0.0" }));
  }
  await writeFile(
    join(app, "app.mts"),
    `import { Hono } from "hono";
import type { Latchkey } from "latchkey";
import { latchkeyHandler, requireUser, type SignedInEnv } from "latchkey/hono";
declare const latchkey: Latchkey;
export const app = ${made};
export type Env = SignedInEnv;
app.use(latchkeyHandler(latchkey));
app.use("/in/*", requireUser(latchkey));
app.get("/", requireUser(latchkey), (c) => c.text(\`Hello \${c.var.user.name}, \${c.var.session.id}\`));
new Hono().get("/", requireUser(latchkey), (c) => c.text("Hello"));
`,
  );
  const options = ["--module", "nodenext", "--target", "es2023", "--strict", "--noEmit", "--skipLibCheck"];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout } = await run(process.execPath, [tsc, ...options, "app.mts"], { cwd: app }).catch((failed) => failed);
  expect(stdout).toBe("");
});

test("SU-15 publint and attw find nothing wrong with the tarball", async () => {
  const installed = join(folder, "node_modules/latchkey");
  const { messages } = await publint({ pkgDir: installed, strict: true, pack: false });
  expect(messages).toEqual([]);
  const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
  await run(process.execPath, [attw, packed.tarball, "--profile", "esm-only"]);
});

test("SU-15 the tarball holds the build and the papers, and no source, test or map of a test", async () => {
  const files = await filesIn(join(folder, "node_modules/latchkey"));
  expect(files).toEqual(
    expect.arrayContaining([
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
      "dist/index.d.ts",
      "dist/cli/THIRD-PARTY-NOTICES.txt",
    ]),
  );
  expect(files.filter((file) => /\.test\.|^src\/|^test\/|\.db$|(?<!\.d)\.tsx?$/.test(file))).toEqual([]);
});
