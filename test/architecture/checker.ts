/**
 * Reads sources and reports where they break the rules of the house (QU-1, QU-3). Sources come in as text and the
 * rules as data, so that the checker itself is tested on small made-up trees.
 *
 * Names are resolved by the TypeScript binder, without libraries: a name that nothing in the file declares is a
 * global. So `const { fetch } = ports` is fine, and a parameter called `performance` is too.
 *
 * Not here: which arrows exist (test/architecture.test.ts), style (biome.json), types (tsc).
 */
import { posix } from "node:path";
import ts from "typescript";

/** What one room may import besides itself. `"*"` is every room. */
export interface Room {
  /** Rooms, or single files as `server/features.ts`, whose values it may use. */
  readonly values: readonly string[];
  /** Rooms or files of which it may use the types alone. */
  readonly types?: readonly string[];
}

/** Something that only a few places may touch. A place is a folder or file under `src`, e.g. `egress`. */
export interface Ban {
  readonly names: readonly string[];
  readonly onlyIn: readonly string[];
  readonly instead: string;
  /** For a module: names that are harmless wherever they are imported. */
  readonly allowed?: readonly string[];
}

export interface Rules {
  /** By room, as `server`; a row for a single file, as `server/wiring.ts`, stands in place of its room's. */
  readonly rooms: Readonly<Record<string, Room>>;
  /** Modules, by specifier. */
  readonly modules: readonly Ban[];
  /** Global names, and members of globals as `process.env`. */
  readonly globals: readonly Ban[];
  /** Where SQL text may stand. */
  readonly sqlIn: readonly string[];
  readonly forbiddenFolders: readonly string[];
  /** Files that exist to re-export. */
  readonly publicEntries: readonly string[];
  /** Rooms and files to which bans do not apply. */
  readonly exempt: readonly string[];
  readonly longestFile: number;
}

export type ViolationKind =
  | "arrow"
  | "unknown-room"
  | "cycle"
  | "policy"
  | "module"
  | "global"
  | "sql"
  | "folder"
  | "file-name"
  | "default-export"
  | "barrel"
  | "long-file"
  | "module-mock";

export interface Violation {
  readonly kind: ViolationKind;
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Path relative to the root, with `/`, to text. */
export type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly specifier: string;
  readonly target: string | undefined;
  readonly typeOnly: boolean;
  readonly names: readonly string[] | undefined;
  readonly node: ts.Node;
}

const isTest = (file: string) => /\.test\.tsx?$/.test(file);
const roomOf = (file: string) => {
  const inside = file.slice("src/".length);
  return inside.includes("/") ? inside.slice(0, inside.indexOf("/")) : inside;
};
const policyFolder = (file: string) => /^(src\/(?:[^/]+\/)*policy)\//.exec(file)?.[1];
const stands = (file: string, places: readonly string[]) =>
  places.some((place) => place === "*" || file === `src/${place}` || file.startsWith(`src/${place}/`));

/** Everything that is wrong, in order of file and line. Files under `src` are judged; tests there only for mocks. */
export function checkArchitecture(sources: Sources, rules: Rules): readonly Violation[] {
  const program = openProgram(new Map([...sources].filter(([file]) => file.startsWith("src/") && !isTest(file))));
  const checker = program.getTypeChecker();
  const violations: Violation[] = [];
  const edges = new Map<string, readonly Import[]>();

  for (const file of sources.keys()) {
    const source =
      program.getSourceFile(`/${file}`) ??
      ts.createSourceFile(file, sources.get(file) ?? "", ts.ScriptTarget.ES2023, true);
    const report = (kind: ViolationKind, node: ts.Node | undefined, message: string) => {
      const line = node ? source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1 : 1;
      violations.push({ kind, file, line, message });
    };
    if (isTest(file)) checkMocks(source, report);
    if (!file.startsWith("src/") || isTest(file)) continue;
    const imports = readImports(source, file, sources);
    edges.set(file, imports);
    checkNames(file, rules, report);
    checkExports(source, file, rules, report);
    checkLength(source, rules, report);
    checkArrows(file, imports, rules, report);
    if (!stands(file, rules.exempt)) {
      checkModules(file, imports, rules, report);
      checkGlobals(source, file, checker, rules, report);
      checkSql(source, file, rules, report);
    }
  }
  violations.push(...findCycles(edges));
  return violations.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

type Report = (kind: ViolationKind, node: ts.Node | undefined, message: string) => void;

/** Bound but without libraries or resolution: enough to know which names the file itself declares. */
function openProgram(sources: Sources): ts.Program {
  const options: ts.CompilerOptions = {
    noLib: true,
    noResolve: true,
    allowJs: false,
    types: [],
    jsx: ts.JsxEmit.Preserve,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
  };
  const host: ts.CompilerHost = {
    getSourceFile: (name, target) => {
      const text = sources.get(name.slice(1));
      return text === undefined ? undefined : ts.createSourceFile(name, text, target, true);
    },
    getDefaultLibFileName: () => "/lib.d.ts",
    writeFile: () => {},
    getCurrentDirectory: () => "/",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    fileExists: (name) => sources.has(name.slice(1)),
    readFile: (name) => sources.get(name.slice(1)),
  };
  return ts.createProgram({ rootNames: [...sources.keys()].map((file) => `/${file}`), options, host });
}

function readImports(source: ts.SourceFile, file: string, sources: Sources): readonly Import[] {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined, node: ts.Node, typeOnly: boolean, names?: readonly string[]) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    imports.push({ specifier: specifier.text, target: resolve(file, specifier.text, sources), typeOnly, names, node });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      const named =
        clause?.namedBindings && ts.isNamedImports(clause.namedBindings) ? clause.namedBindings.elements : undefined;
      const values = named?.filter((one) => !one.isTypeOnly);
      const allTypes = named !== undefined && named.length > 0 && values?.length === 0 && !clause?.name;
      const names = named && !clause?.name ? values?.map((one) => (one.propertyName ?? one.name).text) : undefined;
      add(node.moduleSpecifier, node, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword || allTypes, names);
    } else if (ts.isExportDeclaration(node)) {
      const named = node.exportClause && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : undefined;
      const allTypes = named !== undefined && named.length > 0 && named.every((one) => one.isTypeOnly);
      add(node.moduleSpecifier, node, node.isTypeOnly || allTypes);
    } else if (ts.isCallExpression(node)) {
      const dynamic = node.expression.kind === ts.SyntaxKind.ImportKeyword;
      const required = ts.isIdentifier(node.expression) && node.expression.text === "require";
      if (dynamic || required) add(node.arguments[0], node, false);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, node, true);
    }
  });
  return imports;
}

function resolve(from: string, specifier: string, sources: Sources): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join(posix.dirname(from), specifier);
  const base = path.replace(/\.jsx?$/, "");
  return [`${base}.ts`, `${base}.tsx`, path, `${base}/index.ts`].find((one) => sources.has(one)) ?? path;
}

function checkNames(file: string, rules: Rules, report: Report): void {
  const parts = file.split("/");
  for (const folder of parts.slice(1, -1)) {
    if (rules.forbiddenFolders.includes(folder)) report("folder", undefined, `a folder called ${folder} says nothing`);
  }
  const name = parts.at(-1) ?? "";
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z]+)*\.tsx?$/.test(name))
    report("file-name", undefined, `${name} is not kebab-case`);
}

function checkExports(source: ts.SourceFile, file: string, rules: Rules, report: Report): void {
  const reExports = source.statements.filter((one) => ts.isExportDeclaration(one) && one.moduleSpecifier !== undefined);
  const publicEntry = stands(file, rules.publicEntries);
  for (const statement of source.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const marked = modifiers.some((one) => one.kind === ts.SyntaxKind.DefaultKeyword);
    const renamed =
      ts.isExportDeclaration(statement) &&
      statement.exportClause &&
      ts.isNamedExports(statement.exportClause) &&
      statement.exportClause.elements.some((one) => one.name.text === "default");
    if (marked || renamed || ts.isExportAssignment(statement))
      report("default-export", statement, "a default export has no name");
    if (ts.isExportDeclaration(statement) && !statement.exportClause && statement.moduleSpecifier) {
      report("barrel", statement, "export * hides what is public");
    }
  }
  const rest = source.statements.filter((one) => !ts.isImportDeclaration(one));
  if (!publicEntry && reExports.length > 0 && reExports.length === rest.length) {
    report("barrel", reExports[0], "only the public entries exist to re-export; import the file itself");
  }
}

function checkLength(source: ts.SourceFile, rules: Rules, report: Report): void {
  const lines = source.getLineAndCharacterOfPosition(source.text.trimEnd().length).line + 1;
  if (lines <= rules.longestFile) return;
  const first = ts
    .getLeadingCommentRanges(source.text, 0)
    ?.map((one) => source.text.slice(one.pos, one.end))
    .join("\n");
  if (!/Long because/.test(first ?? "")) {
    report("long-file", undefined, `${lines} lines, and the first comment gives no reason ("Long because …")`);
  }
}

function checkArrows(file: string, imports: readonly Import[], rules: Rules, report: Report): void {
  const own = roomOf(file);
  const row = [file.slice("src/".length), own].find((name) => Object.hasOwn(rules.rooms, name));
  const room = row === undefined ? undefined : rules.rooms[row];
  if (!room) {
    report("unknown-room", undefined, `${own} has no row in the import table`);
    return;
  }
  const policy = policyFolder(file);
  for (const { target, typeOnly, node, specifier } of imports) {
    if (policy !== undefined) {
      const pure = typeOnly || target?.startsWith("src/kernel/") || target?.startsWith(`${policy}/`);
      if (!pure) report("policy", node, `a policy imports kernel, its own folder and types, not ${specifier}`);
    }
    if (target === undefined) continue;
    if (!target.startsWith("src/")) {
      report("arrow", node, `${own} imports ${target}, which is outside src`);
      continue;
    }
    if (roomOf(target) === own) continue;
    const allowed = [...room.values, ...(typeOnly ? (room.types ?? []) : [])];
    if (!stands(target, allowed)) {
      const how = typeOnly ? "types of " : stands(target, room.types ?? []) ? "values (not only types) of " : "";
      report("arrow", node, `${own} may not import ${how}${target.slice("src/".length)}`);
    }
  }
}

function checkModules(file: string, imports: readonly Import[], rules: Rules, report: Report): void {
  for (const { specifier, names, typeOnly, node } of imports) {
    for (const ban of rules.modules) {
      const hit = ban.names.some((name) => specifier === name || specifier.startsWith(`${name}/`));
      if (!hit || typeOnly || stands(file, ban.onlyIn)) continue;
      const harmless = names?.every((name) => ban.allowed?.includes(name)) === true;
      if (!harmless) report("module", node, `${specifier}: ${ban.instead}`);
    }
  }
}

function checkGlobals(
  source: ts.SourceFile,
  file: string,
  checker: ts.TypeChecker,
  rules: Rules,
  report: Report,
): void {
  const bans = rules.globals.filter((ban) => !stands(file, ban.onlyIn));
  // Asking the binder is slow: only for names that a ban begins with.
  const suspects = new Set([
    "globalThis",
    "global",
    ...bans.flatMap((ban) => ban.names.map((name) => name.split(".")[0])),
  ]);
  const judge = (name: string, node: ts.Node) => {
    for (const ban of bans) if (ban.names.includes(name)) report("global", node, `${name}: ${ban.instead}`);
  };
  walk(source, (node) => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return "skip";
    if (!ts.isIdentifier(node) || !suspects.has(node.text) || isNameOnly(node) || isDeclared(node, checker)) return;
    const parent = node.parent;
    const member = memberOf(parent, node);
    // `globalThis.fetch` is `fetch`.
    if (node.text === "globalThis" || node.text === "global") {
      if (member === undefined) return;
      judge(member, parent);
      const outer = memberOf(parent.parent, parent);
      if (outer !== undefined) judge(`${member}.${outer}`, parent.parent);
      return;
    }
    judge(node.text, node);
    if (member !== undefined) judge(`${node.text}.${member}`, node);
    else if (ts.isVariableDeclaration(parent) && ts.isObjectBindingPattern(parent.name)) {
      for (const one of parent.name.elements) {
        const name = one.propertyName ?? one.name;
        if (ts.isIdentifier(name)) judge(`${node.text}.${name.text}`, one);
      }
    }
  });
}

/** The name in `object.name` or `object["name"]`. */
function memberOf(parent: ts.Node, object: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(parent) && parent.expression === object) return parent.name.text;
  if (!ts.isElementAccessExpression(parent) || parent.expression !== object) return undefined;
  return ts.isStringLiteralLike(parent.argumentExpression) ? parent.argumentExpression.text : undefined;
}

/** True where an identifier names a member or a declaration, and refers to nothing. */
function isNameOnly(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent) || ts.isMetaProperty(parent) || ts.isImportSpecifier(parent)) return true;
  if (ts.isExportSpecifier(parent))
    return (parent.propertyName ?? parent.name) !== node || parent.parent.parent.moduleSpecifier !== undefined;
  if (ts.isBindingElement(parent)) return parent.name === node || parent.propertyName === node;
  return "name" in parent && parent.name === node;
}

function isDeclared(node: ts.Identifier, checker: ts.TypeChecker): boolean {
  const { parent } = node;
  const symbol = ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : ts.isExportSpecifier(parent)
      ? checker.getExportSpecifierLocalTargetSymbol(parent)
      : checker.getSymbolAtLocation(node);
  return (symbol?.declarations?.length ?? 0) > 0;
}

const sql =
  /^\s*(select\s+(distinct\s+)?(\*|\d|count\(|[\w."]+\s*(,|\sas\s|\bfrom\s))|insert\s+into\s|replace\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|(create|drop|alter)\s+(unique\s+)?(table|index|trigger|view)\s|pragma\s+\w+)/i;

function checkSql(source: ts.SourceFile, file: string, rules: Rules, report: Report): void {
  if (stands(file, rules.sqlIn)) return;
  walk(source, (node) => {
    const text = ts.isStringLiteralLike(node)
      ? node.text
      : ts.isTemplateExpression(node)
        ? node.getText(source).slice(1)
        : undefined;
    if (text !== undefined && sql.test(text)) report("sql", node, "SQL stands in src/store alone");
  });
}

function checkMocks(source: ts.SourceFile, report: Report): void {
  walk(source, (node) => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
    const { expression, name } = node.expression;
    const mock = ["mock", "doMock", "hoisted", "importMock"].includes(name.text);
    if (mock && ts.isIdentifier(expression) && ["vi", "vitest"].includes(expression.text)) {
      report("module-mock", node, "test the real thing: pass a port, mock no module");
    }
  });
}

/** Every group of files that import each other in a circle, types included, told once. */
function findCycles(edges: ReadonlyMap<string, readonly Import[]>): readonly Violation[] {
  const found: Violation[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      const circle = [...path.slice(at), file].map((one) => one.replace(/^src\//, ""));
      found.push({ kind: "cycle", file, line: 1, message: circle.join(" → ") });
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const { target } of edges.get(file) ?? []) if (target !== undefined && target !== file) visit(target);
    path.pop();
    done.add(file);
  };
  for (const file of edges.keys()) visit(file);
  return found;
}

/** Visits every node; answering "skip" leaves out what is below it. */
function walk(node: ts.Node, visit: (node: ts.Node) => "skip" | undefined): void {
  if (visit(node) === "skip") return;
  ts.forEachChild(node, (child) => walk(child, visit));
}
