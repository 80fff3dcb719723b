/** QU-14: from spawn to the ready line, memory at rest, and what an installation weighs. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Goal, median, type Row, reaches, spread } from "./figures.js";

const root = new URL("..", import.meta.url);
const cli = new URL("dist/cli/main.js", root).pathname;
const rest = { peer: null, theirs: null, ratio: null } as const;

export async function startRows(options: { rounds: number; note: (text: string) => void }): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const config = join(folder, "latchkey.yaml");
  writeFileSync(config, [
    "baseUrl: http://localhost:3000", "secrets: [a-secret-for-the-bench-alone-kX9f2LqP0sT7vZ-42]",
    `database: sqlite:${join(folder, "latchkey.db")}`, "server: { port: 0 }",
    "providers: [{ id: corp, displayName: Corp, issuer: https://idp.example.com, clientId: latchkey, clientSecret: x }]", "",
  ].join("\n"));
  execFileSync(process.execPath, [cli, "migrate", "--config", config], { stdio: "ignore" });
  const times: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round <= options.rounds; round++) {
    options.note(`start: round ${round} of ${options.rounds}`);
    const start = performance.now();
    const child = spawn(process.execPath, [cli, "serve", "--config", config], { stdio: ["ignore", "pipe", "ignore"] });
    await once(child.stdout, "data");
    // The first fills the disk's caches.
    if (round > 0) times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    if (round > 0) memory.push(residentMegabytes(child));
    child.kill("SIGTERM");
    await once(child, "exit");
  }
  const row = (id: string, what: string, values: number[], unit: string, goal: Goal): Row => ({
    id, what, ours: median(values), unit, ...rest, goal, met: reaches(median(values), goal), spread: spread(values), runs: values.length,
  });
  return [
    row("QU-14.start", "spawn to the ready line, YAML, migrated SQLite", times, "ms", { op: "<=", value: 400 }),
    row("QU-14.memory", "resident memory at rest", memory, "MB", { op: "<=", value: 150 }),
    ...installRows(),
  ];
}

function residentMegabytes(child: ChildProcess): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1_024;
}

/** What `npm install latchkey` brings, read from the lock: packages that are neither development's nor optional. */
function installRows(): Row[] {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", root), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean; peer?: boolean }>;
  };
  const names = Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path]) => path);
  const size = Number(execFileSync("du", ["-sck", ...names], { cwd: root }).toString().trim().split("\n").at(-1)?.split("\t")[0]) / 1_024;
  const told = (id: string, what: string, ours: number, unit: string, goal: Goal): Row => ({
    id, what, ours, unit, ...rest, goal, met: reaches(ours, goal), spread: 0, runs: 1,
  });
  // QU-14 asks for these to be printed and sets no limit; the goals only catch an accident.
  return [
    told("QU-14.dependencies", "packages installed", names.length, "packages", { op: "<=", value: 150 }),
    told("QU-14.size", "size installed", size, "MB", { op: "<=", value: 150 }),
  ];
}
