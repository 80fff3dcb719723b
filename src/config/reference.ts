/** `docs/reference/config.md`, made from the schema: run `node --import tsx scripts/config-docs.ts` after a change of it. */
import { upperSnake } from "./overrides.js";
import { schemaLeaves } from "./schema-tree.js";

const opening = `# Configuration reference

<!-- Made from the schema by scripts/config-docs.ts; a test compares it. Change the schema, not this page. -->

One file: \`latchkey.yaml\`, \`latchkey.yml\`, \`latchkey.json\`, \`latchkey.config.ts\` or \`latchkey.config.mjs\` in the working
directory, or the one that \`--config\` names. \`baseUrl\`, \`secrets\` and one provider are needed; everything else has the
default shown.

\`\`\`yaml
baseUrl: https://app.example.com
secrets: ["\${LATCHKEY_SECRET}"]        # openssl rand -base64 32
providers:
  - id: corp
    issuer: https://idp.example.com
    clientId: latchkey
    clientSecret: "\${file:/run/secrets/corp}"
\`\`\`

- \`\${NAME}\` in a value is an environment variable, \`\${file:/path}\` the content of a file without its last line break,
  \`$\${\` a plain \`\${\`. A variable or file that is missing is a problem, never an empty text.
- A relative path, in \`\${file:…}\` or as a value, is looked for in the working directory, not beside the file.
- Every key can be set by a variable: \`LATCHKEY_\`, then the path with \`__\` between levels and \`_\` where the name has a
  capital. \`LATCHKEY_SECRET\` is short for \`LATCHKEY_SECRETS__0\`. A list of plain values is written as JSON or with
  commas, a map as JSON, null as an empty text. An unknown \`LATCHKEY_\` variable is a warning.
- An unknown key is refused, and so is a key of a feature that does not exist yet.
- The loader follows no \`extends\`, reads no other file and makes no request.

\`latchkey config check\` lists every problem at once, \`latchkey config print\` every value and where it came from,
\`latchkey config schema\` prints the JSON Schema for editors.

Durations are written \`30d\`, \`12h\`, \`90m\`, \`10s\`, \`250ms\`; sizes \`1MB\` (a million bytes) or \`1MiB\`; rates \`600/min\`.
`;

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text: string): string => `\`${text.replaceAll("`", "'")}\``;

/** The whole page. */
export function configReference(): string {
  const sections = new Map<string, string[]>();
  for (const { path, node } of schemaLeaves()) {
    const section = path.includes(".") ? (path.split(".")[0] ?? "") : "top level";
    const name = path.replaceAll(".*.", "[].");
    const standard =
      node.fallback === undefined ? (node.required ? "**required**" : "not set") : code(JSON.stringify(node.fallback));
    const variable = `LATCHKEY_${path.replaceAll("*", "0").split(".").map(upperSnake).join("__")}`;
    const each = node.kind === "list" && node.allowed === "" ? `a list; each: ${node.item.allowed}` : node.allowed;
    const row = [
      code(name),
      standard,
      `${node.description} ${each === "" ? "" : `Allowed: ${each}.`}`,
      code(variable),
    ].map(cell);
    sections.set(section, [...(sections.get(section) ?? []), `| ${row.join(" | ")} |`]);
  }
  const tables = [...sections].map(
    ([section, rows]) =>
      `\n## ${section}\n\n| key | default | meaning | variable |\n|---|---|---|---|\n${rows.join("\n")}\n`,
  );
  return opening + tables.join("");
}
