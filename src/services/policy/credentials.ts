/**
 * What a service authenticates with, as it came (RFC 6749 §2.3.1): HTTP Basic, or `client_id` and `client_secret` in the
 * body, and never both. Pure; whether it is right is not decided here.
 */
import { err, ok, type Result } from "../../kernel/result.js";

export interface Credentials {
  readonly id: string;
  /**
   * What the secret may have been. The specification has a client form-encode both parts before Basic encodes them, and
   * half of all clients do not: a secret with `+` or `%` in it has two readings, of which one can be right.
   */
  readonly secrets: readonly [string, ...string[]];
}

export type CredentialsRefusal =
  /** Nothing came, or nothing that can be read: 401. */
  | "none"
  | "unreadable"
  /** Two ways at once, or two names: 400. */
  | "two_methods"
  | "two_names";

/** No id and no secret comes near; longer ones are refused before they are hashed. */
const longest = 4_096;

/** @param authorization the header as it came; two of them reach us joined, which nothing can read */
export function readCredentials(
  authorization: string | undefined,
  form: URLSearchParams,
): Result<Credentials, CredentialsRefusal> {
  const [id, secret] = [form.get("client_id"), form.get("client_secret")];
  if (authorization === undefined) {
    if (id === null || secret === null) return err("none");
    return id.length > longest || secret.length > longest ? err("unreadable") : ok({ id, secrets: [secret] });
  }
  if (secret !== null) return err("two_methods");
  const basic = readBasic(authorization);
  if (basic === undefined) return err("unreadable");
  return id === null || id === basic.id ? ok(basic) : err("two_names");
}

function readBasic(header: string): Credentials | undefined {
  const encoded =
    header.length <= 2 * longest ? /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header.trim())?.[1] : undefined;
  const text = encoded === undefined ? undefined : utf8(Buffer.from(encoded, "base64"));
  const colon = text?.indexOf(":") ?? -1;
  if (text === undefined || colon < 1) return undefined;
  const secret = text.slice(colon + 1);
  const decoded = formDecoded(secret);
  const secrets: [string, ...string[]] = decoded === undefined || decoded === secret ? [secret] : [secret, decoded];
  return { id: formDecoded(text.slice(0, colon)) ?? text.slice(0, colon), secrets };
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** `application/x-www-form-urlencoded`, undone; undefined where it was not that. */
function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}
