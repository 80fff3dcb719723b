/** The checker is shown small made-up trees: it must see every kind of violation, and none in good code. */
import { describe, expect, test } from "vitest";
import { checkArchitecture, type Rules, type ViolationKind } from "./checker.js";

const rules: Rules = {
  rooms: {
    kernel: { values: [] },
    keys: { values: ["kernel"] },
    web: { values: ["kernel"] },
    desk: { values: ["kernel", "web/door.ts"], types: ["keys"] },
    "desk/wiring.ts": { values: ["web"] },
    "index.ts": { values: ["*"] },
    testing: { values: ["*"] },
  },
  modules: [
    { names: ["node:crypto"], onlyIn: ["keys"], instead: "use keys" },
    { names: ["node:net"], onlyIn: ["web"], instead: "use web", allowed: ["isIP"] },
  ],
  globals: [
    { names: ["fetch"], onlyIn: ["web"], instead: "use web" },
    { names: ["Date", "setTimeout", "AbortSignal.timeout"], onlyIn: ["kernel/time.ts"], instead: "take a clock" },
    { names: ["process.env"], onlyIn: [], instead: "take a config" },
  ],
  sqlIn: ["keys"],
  forbiddenFolders: ["utils"],
  publicEntries: ["index.ts"],
  exempt: ["testing"],
  longestFile: 5,
};

/** Kinds of what is found in a tree, given as path → text. */
const kinds = (tree: Record<string, string>): ViolationKind[] =>
  checkArchitecture(new Map(Object.entries(tree)), rules).map((one) => one.kind);

/** Kinds of what is found in one file of the room `desk`. */
const inDesk = (text: string): ViolationKind[] => kinds({ "src/desk/a.ts": text });

const neighbours = {
  "src/kernel/time.ts": "export const now = () => Date.now();",
  "src/keys/seal.ts": "export interface Seal {}\nexport const seal = 1;",
  "src/web/door.ts": "export const door = () => fetch('x');",
  "src/web/wall.ts": "export const wall = 1;",
};

describe("QU-1 arrows", () => {
  test.each<[why: string, text: string, found: ViolationKind[]]>([
    ["an arrow of the table", 'import { now } from "../kernel/time.js"; export const a = now;', []],
    ["an arrow to one file", 'import { door } from "../web/door.js"; export const a = door;', []],
    ["another file of that room", 'import { wall } from "../web/wall.js"; export const a = wall;', ["arrow"]],
    ["types where the table says types", 'import type { Seal } from "../keys/seal.js"; export type A = Seal;', []],
    ["types marked one by one", 'import { type Seal } from "../keys/seal.js"; export type A = Seal;', []],
    ["an import() type", 'export type A = import("../keys/seal.js").Seal;', []],
    [
      "a value where the table says types",
      'import { type Seal, seal } from "../keys/seal.js"; export const a: Seal = seal;',
      ["arrow"],
    ],
    ["an import for its effect", 'import "../web/wall.js";', ["arrow"]],
    ["a dynamic import", 'export const a = import("../web/wall.js");', ["arrow"]],
    ["a re-export", 'export { wall } from "../web/wall.js"; export const a = 1;', ["arrow"]],
    ["a file outside src", 'import { x } from "../../test/x.js"; export const a = x;', ["arrow"]],
  ])("%s", (_why, text, found) => {
    expect(kinds({ ...neighbours, "src/desk/a.ts": text })).toEqual(found);
  });

  test("a room without a row is told", () => {
    expect(kinds({ "src/attic/a.ts": "export const a = 1;" })).toEqual(["unknown-room"]);
    expect(kinds({ "src/constructor/a.ts": "export const a = 1;" })).toEqual(["unknown-room"]);
  });

  test("a row for one file stands in place of its room's", () => {
    const wall = 'import { wall } from "../web/wall.js"; export const a = wall;';
    const now = 'import { now } from "../kernel/time.js"; export const a = now;';
    expect(kinds({ ...neighbours, "src/desk/wiring.ts": wall })).toEqual([]);
    expect(kinds({ ...neighbours, "src/desk/wiring.ts": now })).toEqual(["arrow"]);
  });

  test("a violation carries its file, line and words", () => {
    const found = checkArchitecture(
      new Map([
        ["src/web/wall.ts", neighbours["src/web/wall.ts"]],
        ["src/desk/a.ts", '\nimport { wall } from "../web/wall.js";'],
      ]),
      rules,
    );
    expect(found).toEqual([
      { kind: "arrow", file: "src/desk/a.ts", line: 2, message: "desk may not import web/wall.ts" },
    ]);
  });
});

describe("QU-1 cycles", () => {
  test("between two files of one room, types included", () => {
    const tree = {
      "src/desk/a.ts": 'import type { B } from "./b.js"; export type A = B;',
      "src/desk/b.ts": 'import type { A } from "./a.js"; export type B = A;',
    };
    expect(kinds(tree)).toEqual(["cycle"]);
  });

  test("over three files, told once with its path", () => {
    const next = (name: string) => `import "./${name}.js";`;
    const found = checkArchitecture(
      new Map([
        ["src/desk/a.ts", next("b")],
        ["src/desk/b.ts", next("c")],
        ["src/desk/c.ts", next("a")],
        ["src/desk/d.ts", next("a")],
      ]),
      rules,
    );
    expect(found.map((one) => one.message)).toEqual(["desk/a.ts → desk/b.ts → desk/c.ts → desk/a.ts"]);
  });

  test("a diamond is none", () => {
    const tree = {
      "src/desk/a.ts": 'import "./b.js"; import "./c.js";',
      "src/desk/b.ts": 'import "./d.js";',
      "src/desk/c.ts": 'import "./d.js";',
      "src/desk/d.ts": "export const d = 1;",
    };
    expect(kinds(tree)).toEqual([]);
  });
});

describe("QU-1 a policy is pure", () => {
  const policy = (text: string) =>
    kinds({
      ...neighbours,
      "src/desk/b.ts": "export const b = 1;",
      "src/desk/policy/c.ts": "export const c = 1;",
      "src/desk/policy/a.ts": text,
    });
  test.each<[why: string, text: string, found: ViolationKind[]]>([
    ["kernel", 'import { now } from "../../kernel/time.js"; export const a = now;', []],
    ["its own folder", 'import { c } from "./c.js"; export const a = c;', []],
    ["types of a neighbour", 'import type { Seal } from "../../keys/seal.js"; export type A = Seal;', []],
    ["its own room", 'import { b } from "../b.js"; export const a = b;', ["policy"]],
    ["an arrow that its room has", 'import { door } from "../../web/door.js"; export const a = door;', ["policy"]],
    ["a package", 'import { z } from "zod"; export const a = z;', ["policy"]],
  ])("%s", (_why, text, found) => {
    expect(policy(text)).toEqual(found);
  });
});

describe("QU-1 bans", () => {
  test.each<[why: string, text: string, found: ViolationKind[]]>([
    ["fetch", "export const a = () => fetch('x');", ["global"]],
    ["fetch by another name", "const get = fetch; export const a = get;", ["global"]],
    ["fetch in a shorthand", "export const a = { fetch };", ["global"]],
    ["fetch of globalThis", "export const a = globalThis.fetch('x');", ["global"]],
    ["fetch of globalThis, quoted", "export const a = globalThis['fetch']('x');", ["global"]],
    ["fetch exported", "export { fetch };", ["global"]],
    ["a parameter called fetch", "export const a = (fetch: () => void) => fetch();", []],
    ["a member called fetch", "export const a = (b: { fetch(): void }) => ({ fetch: b.fetch });", []],
    [
      "a local fetch does not hide a global one elsewhere",
      "export const a = (fetch: () => void) => fetch();\nexport const b = () => fetch('x');",
      ["global"],
    ],
    ["the type of fetch", "export type A = typeof fetch;", []],
    ["new Date", "export const a = new Date(0);", ["global"]],
    ["a class on Date", "export class A extends Date {}", ["global"]],
    ["the type Date", "export interface A { at: Date | null }", []],
    ["a timer", "export const a = () => setTimeout(() => {}, 1);", ["global"]],
    ["a timer in a signal", "export const a = AbortSignal.timeout(1);", ["global"]],
    ["another signal", "export const a = AbortSignal.abort();", []],
    ["process.env", "export const a = process.env['X'];", ["global"]],
    ["process.env of globalThis", "export const a = globalThis.process.env;", ["global"]],
    ["process.env taken apart", "const { env } = process; export const a = env;", ["global"]],
    ["another member of process", "export const a = process.pid;", []],
    ["a banned word in a comment or string", "/** fetch Date */ export const a = 'new Date, fetch()';", []],
  ])("global: %s", (_why, text, found) => {
    expect(inDesk(text)).toEqual(found);
  });

  test.each<[why: string, text: string, found: ViolationKind[]]>([
    ["a module", 'import { createHash } from "node:crypto"; export const a = createHash;', ["module"]],
    ["a module asked for later", 'export const a = import("node:crypto");', ["module"]],
    [
      "a module required",
      'declare const require: (name: string) => unknown; export const a = require("node:crypto");',
      ["module"],
    ],
    ["a path below it", 'import { x } from "node:crypto/x"; export const a = x;', ["module"]],
    ["its types", 'import type { KeyObject } from "node:crypto"; export type A = KeyObject;', []],
    ["a harmless name", 'import { isIP } from "node:net"; export const a = isIP;', []],
    [
      "a harmless name beside another",
      'import { connect, isIP } from "node:net"; export const a = [connect, isIP];',
      ["module"],
    ],
    ["the whole of it", 'import * as net from "node:net"; export const a = net;', ["module"]],
  ])("module: %s", (_why, text, found) => {
    expect(inDesk(text)).toEqual(found);
  });

  test("what is banned here is allowed in its place, and in what is exempt", () => {
    expect(kinds({ "src/web/a.ts": 'import { connect } from "node:net"; export const a = [fetch, connect];' })).toEqual(
      [],
    );
    expect(
      kinds({ "src/keys/a.ts": 'import { createHash } from "node:crypto"; export const a = createHash;' }),
    ).toEqual([]);
    expect(kinds({ "src/kernel/time.ts": "export const a = Date.now();" })).toEqual([]);
    expect(kinds({ "src/kernel/timer.ts": "export const a = Date.now();" })).toEqual(["global"]);
    expect(kinds({ "src/testing/a.ts": "export const a = [fetch, Date.now()];" })).toEqual([]);
    expect(kinds({ "src/desk/a.test.ts": "export const a = [fetch, Date.now()];" })).toEqual([]);
  });

  test.each<[text: string, found: ViolationKind[]]>([
    ["'select id from users'", ["sql"]],
    ["'  INSERT INTO users (id) values (?)'", ["sql"]],
    ["`delete from ${table} where 1`", ["sql"]],
    ["`select a,\n b from x where`", ["sql"]],
    ["'pragma busy_timeout = 20'", ["sql"]],
    ["'select 1'", ["sql"]],
    ["'Select a provider from the list.'", []],
    ["'Update your browser'", []],
    ["'Delete this session'", []],
  ])("SQL: %s", (text, found) => {
    expect(inDesk(`export const table = 't'; export const a = ${text};`)).toEqual(found);
    expect(kinds({ "src/keys/a.ts": `export const table = 't'; export const a = ${text};` })).toEqual([]);
  });
});

describe("QU-3 files", () => {
  test.each<[why: string, path: string, found: ViolationKind[]]>([
    ["a folder that says nothing", "src/desk/utils/a.ts", ["folder"]],
    ["a room that says nothing", "src/utils/a.ts", ["folder", "unknown-room"]],
    ["a name in camel case", "src/desk/myDesk.ts", ["file-name"]],
    ["a name in kebab case", "src/desk/my-desk.tsx", []],
  ])("%s", (_why, path, found) => {
    expect(kinds({ [path]: "export const a = 1;" })).toEqual(found);
  });

  test.each<[why: string, text: string, found: ViolationKind[]]>([
    ["a default function", "export default function a() {}", ["default-export"]],
    ["a default value", "export default 1;", ["default-export"]],
    ["a default by renaming", "const a = 1; export { a as default };", ["default-export"]],
    ["a barrel", 'export { b } from "./b.js";', ["barrel"]],
    ["a star", 'export const a = 1; export * from "./b.js";', ["barrel"]],
    ["six lines", "export const a = [\n1,\n2,\n3,\n4,\n];", ["long-file"]],
    ["six lines with a reason", "/** Long because it is one table. */\nexport const a = [\n1,\n2,\n3,\n4,\n];", []],
    [
      "six lines with a reason in the wrong place",
      "export const a = [\n1, // Long because\n2,\n3,\n4,\n];",
      ["long-file"],
    ],
    ["five lines and an end of line", "export const a = [\n1,\n2,\n3,\n];\n", []],
  ])("%s", (_why, text, found) => {
    expect(kinds({ "src/desk/a.ts": text, "src/desk/b.ts": "export const b = 1;" })).toEqual(found);
  });

  test("a public entry may re-export", () => {
    expect(kinds({ ...neighbours, "src/index.ts": 'export { wall } from "./web/wall.js";' })).toEqual([]);
  });

  test("a mocked module is told, in tests anywhere", () => {
    const text = 'import { vi } from "vitest"; vi.mock("./b.js"); export const spy = vi.fn();';
    expect(kinds({ "src/desk/a.test.ts": text })).toEqual(["module-mock"]);
    expect(kinds({ "test/a.test.ts": text })).toEqual(["module-mock"]);
  });
});
