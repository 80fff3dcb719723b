/** The matrix as a table for a terminal, and as the page in docs/. */
import { type Cell, type Feature, features, toolFeatures } from "./matrix.js";

const servers = (cells: readonly Cell[]) => [...new Set(cells.map(({ server }) => server))];
/** Of one table. */
const among = (cells: readonly Cell[], of: readonly Feature[]) => cells.filter(({ feature }) => of.includes(feature));
const cellOf = (cells: readonly Cell[], server: string, feature: Feature) =>
  cells.find((cell) => cell.server === server && cell.feature === feature);

export const asTable = (cells: readonly Cell[]): string =>
  [features, toolFeatures]
    .filter((of) => among(cells, of).length > 0)
    .map((of) => oneTable(among(cells, of), of))
    .join("\n");

function oneTable(cells: readonly Cell[], features: readonly Feature[]): string {
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

export const asMarkdown = (cells: readonly Cell[]): string =>
  [
    "# With which servers it was tried",
    "",
    "Made by `npm run interop`, which starts each server on this machine and has a person use it in a real Chromium. *Not supported by it* is what the",
    "server says of itself; the evidence is below each table.",
    "",
    "## Signing in",
    "",
    "What becomes of somebody's session here.",
    "",
    ...section(among(cells, features), features),
    "## Protecting a tool server",
    "",
    "The server is the authorization server of a tool server that a person connects: nothing is set up here but its URL.",
    "",
    ...section(among(cells, toolFeatures), toolFeatures),
  ].join("\n");

function section(cells: readonly Cell[], features: readonly Feature[]): readonly string[] {
  const names = servers(cells);
  const versionOf = (server: string) => cells.find((cell) => cell.server === server)?.version ?? "";
  const row = (parts: readonly string[]) => `| ${parts.join(" | ")} |`;
  const escaped = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
  return [
    row(["", ...names.map((name) => `${name} ${versionOf(name)}`)]),
    row(["---", ...names.map(() => "---")]),
    ...features.map((feature) =>
      row([feature, ...names.map((name) => marks[cellOf(cells, name, feature)?.result ?? "fail"])]),
    ),
    "",
    ...names.flatMap((name) => [
      `### ${name} ${versionOf(name)}`,
      "",
      ...features.flatMap((feature) => {
        const cell = cellOf(cells, name, feature);
        return cell ? [`- **${feature}**: ${cell.result}. ${escaped(cell.evidence)}`] : [];
      }),
      "",
    ]),
  ];
}
