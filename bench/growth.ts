/** QU-13: what grows with the number of people, as medians at a thousand, a hundred thousand and a million, and as a picture. */
import { mkdirSync, writeFileSync } from "node:fs";
import { type Goal, median, type Row, reaches } from "./figures.js";
import { runOnce } from "./once.js";
import type { Grown } from "./servers/growth.js";

const operations = { check: "session check in process", http: "session check over HTTP, GET /session", read: "vault read", signIn: "sign-in, callback to redirect", logout: "logout by sid", back: "session check of who was last seen over a minute ago, with the write of that (event loop busy, mean)" } as const;
type Operation = keyof typeof operations;
const names = Object.keys(operations) as Operation[];

/** @param options.people sizes, smallest first */
export async function growthRows(options: { people: readonly number[]; note: (text: string) => void }): Promise<Row[]> {
  const grown: { people: number; of: Grown }[] = [];
  for (const people of options.people) {
    options.note(`growth: ${people.toLocaleString("en")} people`);
    grown.push({ people, of: await runOnce<Grown>("growth", { people }) });
  }
  const [first, last] = [grown[0], grown.at(-1)];
  if (!first || !last) return [];
  draw(grown.map(({ people, of }) => ({ people, medians: names.map((name) => median(of[name])) })));
  const rest = { peer: null, theirs: null, runs: 1, spread: 0 } as const;
  const sizes = grown.map(({ people }) => people.toLocaleString("en")).join(", ");
  const rows = names.map((name): Row => {
    const medians = grown.map(({ of }) => median(of[name]));
    const ratio = (medians.at(-1) ?? Number.NaN) / (medians[0] ?? Number.NaN);
    // What is written at last is no question of the rule: its goal is a time, which one transaction for each would miss.
    const goal: Goal = name === "back" ? { op: "<=", value: 0.5 } : { op: "<=", value: 1.3 };
    // Ten times the people once more, from what the last step cost.
    const slope = (medians.at(-1) ?? 0) - (medians.at(-2) ?? 0);
    const told = medians.map((value) => value.toFixed(3)).join(", ");
    const more = ((medians.at(-1) ?? 0) + Math.max(0, slope)).toFixed(3);
    const what = `${operations[name]}, nobody of them in memory, medians ${told} ms at ${sizes} people, ${more} ms at ten times that by the last slope`;
    return { id: `QU-13.${name}`, what, ours: medians.at(-1) ?? Number.NaN, unit: "ms", ...rest, ratio, goal, met: reaches(name === "back" ? (medians.at(-1) ?? Number.NaN) : ratio, goal) };
  });
  if (last.of.perSession !== null && last.of.beyondCap !== null) {
    const kilobyte: Goal = { op: "<=", value: 4_096 };
    const nothing: Goal = { op: "<=", value: 64 };
    const told = (id: string, what: string, ours: number, goal: Goal): Row => ({ id, what, ours, unit: "bytes", ...rest, ratio: null, goal, met: reaches(ours, goal) });
    rows.push(
      told("QU-13.memory", "heap for one session in memory", last.of.perSession, kilobyte),
      told("QU-13.memory-cap", "heap that each session beyond the cap of 50,000 adds", last.of.beyondCap, nothing),
    );
  }
  options.note(`growth: files of ${grown.map(({ of }) => `${Math.round(of.fileMegabytes)} MB`).join(", ")}`);
  return rows;
}

const colours = ["#0b6bcb", "#0e7490", "#c2410c", "#15803d", "#7e22ce", "#a16207"];

/** Latency over size, both axes logarithmic, in bench/results/growth.svg. */
function draw(points: readonly { people: number; medians: readonly number[] }[]): void {
  const [width, height, left, top, right, bottom] = [720, 420, 70, 40, 190, 50];
  const sizes = points.map(({ people }) => Math.log10(people));
  const values = points.flatMap(({ medians }) => medians);
  const [low, high] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  const x = (people: number) => left + ((Math.log10(people) - Math.min(...sizes)) / (Math.max(...sizes) - Math.min(...sizes) || 1)) * (width - left - right);
  const y = (value: number) => top + ((high - Math.log10(value)) / (high - low || 1)) * (height - top - bottom);
  const parts: string[] = [];
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power).toFixed(1);
    parts.push(`<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#ddd"/>`, `<text x="${left - 8}" y="${at}" dy="4" text-anchor="end">${10 ** power} ms</text>`);
  }
  for (const { people } of points) parts.push(`<text x="${x(people).toFixed(1)}" y="${height - bottom + 22}" text-anchor="middle">${people.toLocaleString("en")}</text>`);
  for (const [number, name] of names.entries()) {
    const at = points.map(({ people, medians }) => [x(people), y(medians[number] ?? 1)] as const);
    const colour = colours[number];
    parts.push(`<polyline fill="none" stroke="${colour}" stroke-width="2" points="${at.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ")}"/>`);
    for (const [a, b] of at) parts.push(`<circle cx="${a.toFixed(1)}" cy="${b.toFixed(1)}" r="3.5" fill="${colour}"/>`);
    const [endX, endY] = at.at(-1) ?? [0, 0];
    const value = points.at(-1)?.medians[number] ?? 0;
    parts.push(`<text x="${(endX + 10).toFixed(1)}" y="${endY.toFixed(1)}" dy="4" fill="${colour}">${operations[name].split(",")[0]} ${value.toFixed(2)} ms</text>`);
  }
  const title = `<text x="${left}" y="22" font-weight="bold">Median time by number of people, nobody of them in memory (SQLite)</text>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>${title}${parts.join("")}</svg>\n`;
  const folder = new URL("results/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL("growth.svg", folder), svg);
}
