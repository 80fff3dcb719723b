/** The matrix as a table for a terminal, and as the page in docs/. */
import { type Cell, type Feature, features } from "./matrix.js";

const servers = (cells: readonly Cell[]) => [...new Set(cells.map(({ server }) => server))];
const cellOf = (cells: readonly Cell[], server: string, feature: Feature) =>
  cells.find((cell) => cell.server === server && cell.feature === feature);

export function asTable(cells: readonly Cell[]): string {
  const names = servers(cells);
  const width = Math.max(...features.map(({ length }) => length)) + 2;
  const head = "".padEnd(width) + names.map((name) => name.padEnd(20)).join("");
  const lines = features.map(
    (feature) =>
      feature.padEnd(width) + names.map((name) => (cellOf(cells, name, feature)?.result ?? "").padEnd(20)).join(""),
  );
  const why = cells.map(
    ({ server, feature, result, evidence }) => `${result.padEnd(12)}${server}, ${feature}: ${evidence}`,
  );
  return `${[head, ...lines, "", ...why].join("\n")}\n`;
}

const marks = { pass: "pass", fail: "**fail**", unsupported: "not supported by it" } as const;

export function asMarkdown(cells: readonly Cell[]): string {
  const names = servers(cells);
  const versionOf = (server: string) => cells.find((cell) => cell.server === server)?.version ?? "";
  const row = (parts: readonly string[]) => `| ${parts.join(" | ")} |`;
  const escaped = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  return `${[
    "# With which servers it was tried",
    "",
    "Made by `npm run interop`, which starts each server on this machine, signs somebody in there in a real Chromium, and watches what becomes",
    "of their session here. *Not supported by it* is what the server says of itself; the evidence is below.",
    "",
    row(["", ...names.map((name) => `${name} ${versionOf(name)}`)]),
    row(["---", ...names.map(() => "---")]),
    ...features.map((feature) =>
      row([feature, ...names.map((name) => marks[cellOf(cells, name, feature)?.result ?? "fail"])]),
    ),
    "",
    ...names.flatMap((name) => [
      `## ${name} ${versionOf(name)}`,
      "",
      ...features.flatMap((feature) => {
        const cell = cellOf(cells, name, feature);
        return cell ? [`- **${feature}**: ${cell.result}. ${escaped(cell.evidence)}`] : [];
      }),
      "",
    ]),
  ].join("\n")}`;
}
