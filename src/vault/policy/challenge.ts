/**
 * Reads the `error` and `scope` of a Bearer challenge (RFC 6750 §3, RFC 9110 §11.6.1). Pure, and tolerant: the header
 * is an API's, and what cannot be read is no challenge.
 */
export interface BearerChallenge {
  readonly error: string | undefined;
  readonly scopes: readonly string[];
}

const longest = 8_192;
/** One `name=value` or `name="value"`, or one word that begins a challenge. */
const parts = /([!#$%&'*+.^_`|~\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

export function bearerChallenge(header: string | null): BearerChallenge | undefined {
  if (header === null || header.length > longest) return undefined;
  let found: { error: string | undefined; scopes: readonly string[] } | undefined;
  let inBearer = false;
  for (const [, name = "", quoted, plain] of header.matchAll(parts)) {
    const value = quoted === undefined ? plain : quoted.replace(/\\(.)/g, "$1");
    if (value === undefined) {
      inBearer = name.toLowerCase() === "bearer";
      if (inBearer) found ??= { error: undefined, scopes: [] };
    } else if (inBearer && found) {
      const lower = name.toLowerCase();
      if (lower === "error") found.error ??= value;
      if (lower === "scope" && found.scopes.length === 0) found.scopes = value.split(/\s+/).filter((one) => one !== "");
    }
  }
  return found;
}
