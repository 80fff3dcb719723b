/**
 * What `docs/reference/errors.md` and `docs/errors/<code>.md` say: pure functions over the error catalog.
 *
 * Not here: writing them (error-docs.ts). Nothing is written by hand into those pages; better words belong into
 * src/kernel/error-catalog.ts.
 */
import { type ErrorCode, type ErrorEntry, errorCatalog } from "../src/kernel/error-catalog.js";

const note = "<!-- Made from src/kernel/error-catalog.ts by `npm run docs`; a test compares it. -->";

/** What the codes of one family have in common, in the order of the reference. */
const families: Readonly<Record<string, string>> = {
  signin: "A sign-in could not be begun or finished; nobody was signed in by it.",
  link: "A sign-in method could not be added to an account, or removed from it.",
  account: "What the account rules, or an operator's command about an account, refused.",
  session: "A request that needs a session came without a valid one, or not from one of our own pages.",
  grant: "Tokens that a person holds for a provider or a tool server.",
  connect: "Connecting a person to a tool server.",
  token: "A service asked for a person's token.",
  logout: "A sign-out that began at a provider, or came back from one.",
  webhook: "Messages to webhooks.",
  config: "The configuration. The program does not start; exit status 3.",
  egress:
    "A request of ours to another server was refused or failed. People see the step that it stopped; this code is in the log.",
  store: "The database.",
  server: "The HTTP surface itself.",
};

const familyOf = (code: string): string => code.split(".", 1)[0] ?? "";
const inTable = (text: string): string => text.replaceAll("|", "\\|");
const entries = Object.entries(errorCatalog) as [ErrorCode, ErrorEntry][];

/** The page of all codes. @throws Error for a code of a family that has no words here. */
function reference(): string {
  const strange = entries.find(([code]) => families[familyOf(code)] === undefined);
  if (strange) throw new Error(`${strange[0]} is of no known family`);
  const sections = Object.entries(families).flatMap(([family, words]) => {
    const own = entries.filter(([code]) => familyOf(code) === family);
    if (own.length === 0) return [];
    const rows = own.map(([code, { status, retryable, message }]) =>
      [`[\`${code}\`](../errors/${code}.md)`, status, retryable ? "yes" : "no", inTable(message)].join(" | "),
    );
    return [
      `## ${family}\n\n${words}\n\n| code | status | again | what people see |\n|---|---|---|---|\n| ${rows.join(" |\n| ")} |`,
    ];
  });
  return `# Errors

${note}

Each failure has a code. It stays the same in every release; the words may be improved. Where to find it:

- on a page, beside the request id, which the log has too;
- in the \`error\` parameter of the sign-in page's URL after a sign-in that failed;
- as \`code\` in problem details (RFC 9457), whose \`type\` is \`urn:latchkey:error:\` and the code;
- in the log, with the cause and private details that are shown to nobody;
- as \`code\` of the \`LatchkeyError\` that the library throws, and of the command line's \`--json\` answer.

"Again" says whether trying again may help with nothing else changed; for a sign-in that is beginning anew.

${sections.join("\n\n")}
`;
}

function page(code: string, { status, retryable, message, person, operator }: ErrorEntry): string {
  return `# ${code}

${note}

> ${message}

| | |
|---|---|
| HTTP status | ${status} |
| Trying again may help | ${retryable ? "yes" : "no"} |
| \`type\` of the problem details | \`urn:latchkey:error:${code}\` |

## What it means

${message} ${families[familyOf(code)]}

## What the person can do

${person}

## What the operator can do

${operator}

The log line with the same request id has the cause. [All errors](../reference/errors.md)
`;
}

/** Every page by its path below `docs`. */
export const errorPages = (): ReadonlyMap<string, string> =>
  new Map([
    ["reference/errors.md", reference()],
    ...entries.map(([code, entry]) => [`errors/${code}.md`, page(code, entry)] as const),
  ]);
