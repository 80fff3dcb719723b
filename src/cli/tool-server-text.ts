/** What is known of a tool server in words, for people at a terminal (TS-18). */
import type { ToolServerReport } from "../examine-tool-server.js";
import { reportWords } from "../tool-servers/policy/report-words.js";
import { palette, printable, table } from "./output.js";
import type { Terminal } from "./terminal.js";

/** At a terminal there is no guide beside it that says what to do. */
const used: Readonly<Record<string, string>> = {
  ...reportWords.registration,
  operator: "nothing yet: create a client there, with the redirect URI below, and set clientId",
};
const ways: Readonly<Record<string, string>> = reportWords.ways;
const warningWords: Readonly<Record<string, (detail: string) => string>> = reportWords.warnings;

/** One sentence for each warning; a code that is not known here is shown as it is. */
export const warningText = ({ code, detail }: { readonly code: string; readonly detail: string }): string =>
  warningWords[code]?.(detail) ?? `${code}: ${detail}`;

export function printReport(terminal: Terminal, report: ToolServerReport): void {
  const { bold, yellow } = palette(terminal);
  const { uses } = report;
  const section = (title: string, rows: readonly (readonly string[])[]) =>
    terminal.out(`${bold(title)}\n${table(rows).replace(/^(?=.)/gm, "  ")}\n`);
  section(`What ${printable(report.url)} says`, [
    ["asks for a token", report.status === "open" ? "no: it is open to everybody" : "yes"],
    ["resource", report.resource ?? "not said"],
    ["authorization server", report.issuer ?? "none"],
    ...(report.authorizationServers.length > 1 ? [["of several", report.authorizationServers.join(" ")] as const] : []),
    ["scopes it lists", report.scopesSupported?.join(" ") ?? "not said"],
    ["ways to register", report.waysToRegister.map((way) => ways[way] ?? way).join(", ") || "none"],
    ["PKCE with S256", report.pkce ? "yes" : "not said"],
  ]);
  if (uses)
    section("What will be used", [
      ["client", `${used[uses.registration] ?? uses.registration}, since ${uses.why}`],
      ...(uses.clientId === null ? [] : [["client id", uses.clientId] as const]),
      ["redirect URI", uses.redirectUri],
      ["scopes asked for", uses.scopes.join(" ") || "none: the server takes its default"],
      ["resource (RFC 8707)", uses.resource ?? "left out"],
      ["bound tokens (DPoP)", { none: "no", wanted: "yes", required: "yes, and no others" }[uses.dpop]],
    ]);
  for (const warning of report.warnings) terminal.out(`${yellow("look")}  ${printable(warningText(warning))}\n`);
  if (report.warnings.length > 0) terminal.out("\n");
}
