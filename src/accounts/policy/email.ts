/**
 * E-mail addresses as an identity provider claims them (SI-18). An address is compared in one normal form, and what
 * is not exactly one plain mailbox is refused: look-alikes and lists are how accounts are taken over (AT-8).
 */
import { err, ok, type Result } from "../../kernel/result.js";

export type EmailProblem = "not_text" | "too_long" | "not_one_address" | "bad_local_part" | "bad_domain";

const longest = 254;
// The dot-atom of RFC 5322 §3.2.3, with letters of any script; quoting and comments are legal mail and no account key.
const localPart = /^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const label = /^[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?$/u;

/** NFKC, trimmed, lower-cased, exactly one `@`, one mailbox, a domain of at least one label. */
export function normaliseEmail(value: unknown): Result<string, EmailProblem> {
  if (typeof value !== "string") return err("not_text");
  if (value.length > longest * 2) return err("too_long");
  const address = value.normalize("NFKC").trim().toLowerCase();
  if (address.length > longest) return err("too_long");
  // NFKC makes `＠` an `@` before this count, so a look-alike is seen as what mail software would make of it.
  const parts = address.split("@");
  const [local, domain] = parts;
  if (parts.length !== 2 || !local || !domain) return err("not_one_address");
  if (local.length > 64 || !localPart.test(local)) return err("bad_local_part");
  if (!domain.split(".").every((part) => label.test(part))) return err("bad_domain");
  return ok(address);
}

/**
 * True when normalising folds a character into another one: `ａnn@example.com`, `ann＠example.com`, `K` for `K`. Where
 * mail may have letters of any script that is a mailbox of its own, so whoever proved it has not proved the address it
 * is folded into (AT-8). Accents written as one character or as two are the same text and do not count.
 */
export function isFolded(address: string): boolean {
  return [...address].some((character) => {
    if (character <= "\u007f") return false;
    const folded = character.normalize("NFKC").toLowerCase();
    return folded !== character.normalize("NFC").toLowerCase() || /[\u0000-\u007f]/.test(folded);
  });
}

/** `email_verified` counts only as `true` or `"true"` (Apple and others send text). */
export const isVerified = (claim: unknown): boolean => claim === true || claim === "true";

/**
 * True when the address' domain is one that the operator allows (AC-5): `*`, an exact domain, or `*.example.com` for
 * its sub-domains, compared label by label so that `evilexample.com` is not `example.com` (AT-2).
 */
export function domainAllowed(email: string, allowedDomains: readonly string[]): boolean {
  const domain = email.slice(email.lastIndexOf("@") + 1);
  return allowedDomains.some((entry) => {
    const allowed = entry.toLowerCase();
    if (allowed === "*") return true;
    if (allowed.startsWith("*.")) return domain.endsWith(allowed.slice(1)) && domain.length > allowed.length - 1;
    return domain === allowed;
  });
}
