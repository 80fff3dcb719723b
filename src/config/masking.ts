/**
 * What of a configuration may be shown, by `config print` and in a problem (VA-5). Where the shape is wrong nobody knows
 * which part is the secret, so all of it is hidden.
 */
import { isJsonObject } from "../kernel/json.js";
import type { SchemaNode } from "./schema-tree.js";

export const mask = "[secret]";

/** True when this value must not be shown: it is a secret, or stands where secrets lie below and has not their shape. */
export function hidesSecret(node: SchemaNode | undefined, value: unknown): boolean {
  if (node === undefined) return false;
  if (node.secret) return true;
  if (!holdsSecrets(node)) return false;
  return node.kind === "list" ? !Array.isArray(value) : !isJsonObject(value);
}

const holdsSecrets = (node: SchemaNode): boolean =>
  node.secret ||
  (node.kind === "list" && holdsSecrets(node.item)) ||
  (node.kind === "object" && [...node.fields.values()].some(holdsSecrets));

/**
 * A text without the passwords and keys that URLs are given, whether or not it is a URL that parses: a password with a
 * `/` in it is the very reason why one does not.
 */
export function withoutCredentials(text: string, node: SchemaNode | undefined): string {
  const shown = node?.password ? withoutPassword(text) : withoutUserInformation(text);
  // What follows may be the rest of the key, if that holds an `&`.
  return shown.replace(
    /((?:^|[?&#;,\s])(?:[\w.-]*(?:pass|pwd|secret|token|key|signature)[\w.-]*|sig)\s*=).*$/is,
    "$1***",
  );
}

/** Of a host with dots, no port and no user before it, an `@` in the path can be no password's end: `https://host.test/@me`. */
const plainUrl = /^https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)+[/?#]/i;
const withoutUserInformation = (text: string): string =>
  text.replace(plainUrl.test(text) ? /\/\/[^/?#\s]*@/g : /\/\/.*@/gs, "//***@");

/** For the keys where people write passwords: also where the scheme is missing, or the host behind the password. */
function withoutPassword(text: string): string {
  if (/^sqlite:(?!\/\/)/i.test(text)) return text;
  const [, scheme = "", user, rest = ""] = /^([a-z][a-z\d+.-]*:\/\/)?(.*@)?(.*)$/is.exec(text) ?? [];
  if (user !== undefined) return `${scheme}***@${rest}`;
  return scheme + rest.replace(/^([^/?#:[]*:)(?!\d{1,5}(?:[/?#,]|$)).+$/s, "$1***");
}
