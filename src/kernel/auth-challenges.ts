/**
 * Reads `WWW-Authenticate` (RFC 9110 §11.6.1): a list of challenges, each a scheme with either one token68 or a list of
 * parameters. Both lists are divided by the same comma, so what follows a comma is a parameter of the challenge before
 * it only where an `=` with a value follows; else it begins the next challenge. Parameters never move to another scheme.
 *
 * The header is a stranger's and the parser total. Beyond the grammar it reads two things that servers are known to send:
 * values with `/` and `:` that are not quoted, and parameters with a blank between them instead of a comma.
 */
export interface AuthChallenge {
  /** In lower case, as schemes are compared. */
  readonly scheme: string;
  readonly token68: string | null;
  /** By name in lower case. One that came twice with two meanings is none. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Characters; a header may be longer, its rest is not read. */
const longest = 16_384;

const between = /[ \t,]*/y;
const blank = /[ \t]*/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const token68 = /([A-Za-z0-9\-._~+/]+=*)[ \t]*(?=,|$)/y;
const quotedString = /"((?:[^"\\]|\\[\s\S])*)"/y;
const unquoted = /[^\s,"=][^\s,"]*/y;
const rest = /[^,]*/y;

interface Open {
  readonly scheme: string;
  token68: string | null;
  /** Null: told twice, differently. */
  readonly parameters: Map<string, string | null>;
}

/** @param header All field lines joined by `, `, as `Headers` gives them. */
export function parseAuthChallenges(header: string): readonly AuthChallenge[] {
  const text = header.slice(0, longest);
  const found: Open[] = [];
  let current: Open | undefined;
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  const value = (): string | undefined => take(quotedString)?.[1]?.replace(/\\([\s\S])/g, "$1") ?? take(unquoted)?.[0];

  for (take(between); at < text.length; take(between)) {
    const name = take(token)?.[0];
    if (name === undefined) {
      take(rest);
      current = undefined;
      continue;
    }
    const afterName = at;
    take(blank);
    if (text[at] === "=") {
      at += 1;
      take(blank);
      const read = value();
      // What cannot be read ends its challenge: the pieces of a broken string must not be taken for parameters.
      if (read === undefined) {
        take(rest);
        current = undefined;
      } else if (current) keep(current.parameters, name.toLowerCase(), read);
      continue;
    }
    at = afterName;
    current = { scheme: name.toLowerCase(), token68: null, parameters: new Map() };
    found.push(current);
    if (take(blank)?.[0]) current.token68 = take(token68)?.[1] ?? null;
  }
  return found.map(closed);
}

function keep(parameters: Map<string, string | null>, name: string, value: string): void {
  const known = parameters.get(name);
  parameters.set(name, known === undefined || known === value ? value : null);
}

function closed({ scheme, token68, parameters }: Open): AuthChallenge {
  const single = [...parameters].filter((entry): entry is [string, string] => entry[1] !== null);
  return { scheme, token68, parameters: new Map(single) };
}
