/**
 * Sealing: AES-256-GCM as compact JWE (RFC 7516 §7.1, `dir`), under keys derived from the operator's secrets (VA-2).
 *
 * The protected header carries the key id, the purpose (`typ`) and the place (`ctx`), and is the additional
 * authenticated data. We write it in exactly one way, so opening does not interpret a header at all: it writes the
 * one header this place must have and compares text. `alg`, `enc`, `crit`, a doubled member or a second spelling
 * of the same JSON need no rule of their own. A header is parsed only to say *why* it was refused.
 *
 * node:crypto and not jose, since jose is asynchronous here and ten times slower; a test opens ours with jose.
 * Nonces are random. With 96 bits the chance that one key ever repeats one stays under 2^-32 for 2^32 values
 * (NIST SP 800-38D §8.3), and each purpose has a key of its own.
 *
 * Not here: which secrets are good enough (`kernel/secret-strength`), re-sealing rows after a rotation.
 */
import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { Secret } from "../kernel/secret.js";
import { type Keyring, type SealContext, type SealFailure, type SealPurpose, sealPurposes } from "./port.js";

const ivBytes = 12;
const tagBytes = 16;
/** Characters. Nothing that we seal comes near; a longer text is refused before any work is done with it. */
const longestSealed = 16 * 1_048_576;

interface SealKey {
  readonly id: string;
  /** What every header with this key begins with: only the key that it fits can have sealed the value. */
  readonly prefix: string;
  readonly forPurpose: Readonly<Record<SealPurpose, KeyObject>>;
  readonly forFingerprints: KeyObject;
}

/**
 * Derives the keys of every secret once.
 *
 * @param ports.secrets Newest first: the first one seals, all of them open (VA-4).
 * @throws LatchkeyError `config.invalid` without any secret.
 */
export function createKeyring(ports: { readonly secrets: readonly Secret[]; readonly random: RandomSource }): Keyring {
  const keys = ports.secrets.map(deriveKey);
  const newest = keys[0];
  if (!newest) throw new LatchkeyError("config.invalid", { data: { path: "secrets", reason: "empty" } });

  return {
    seal(purpose, context, plaintext) {
      const header = protectedHeader(newest.id, purpose, context);
      const iv = ports.random.bytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", newest.forPurpose[purpose], iv, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(header, "ascii"));
      const ciphertext = cipher.update(plaintext, "utf8");
      cipher.final();
      const sealed = `${header}..${base64url(iv)}.${base64url(ciphertext)}.${base64url(cipher.getAuthTag())}`;
      // Better refused now than found unreadable later.
      if (sealed.length > longestSealed)
        throw new LatchkeyError("server.unexpected", { data: { reason: "seal_too_long", purpose } });
      return sealed;
    },

    open(purpose, context, sealed) {
      if (sealed.length > longestSealed) return err("malformed");
      const key = keys.find(({ prefix }) => sealed.startsWith(prefix));
      const header = key && protectedHeader(key.id, purpose, context);
      if (!key || !header || !sealed.startsWith(`${header}..`)) return err(whyRefused(keys, purpose, sealed));
      return decrypt(key.forPurpose[purpose], header, sealed.slice(header.length + 2));
    },

    fingerprint: (text) =>
      base64url(createHmac("sha256", newest.forFingerprints).update(text, "utf8").digest().subarray(0, 12)),
    keyIds: () => keys.map((key) => key.id),
  };
}

function deriveKey(secret: Secret): SealKey {
  const derive = (info: string, bytes: number) =>
    Buffer.from(hkdfSync("sha256", secret.reveal(), "latchkey", info, bytes));
  const forPurpose = Object.fromEntries(
    sealPurposes.map((purpose) => [purpose, createSecretKey(derive(`seal v1 ${purpose}`, 32))]),
  ) as Record<SealPurpose, KeyObject>;
  const id = base64url(derive("key id v1", 9));
  const forFingerprints = createSecretKey(derive("fingerprint v1", 32));
  return { id, prefix: headerPrefix(id), forPurpose, forFingerprints };
}

/** The 48 bytes up to the end of the key id: three of them make four characters, whatever comes behind. */
const headerPrefix = (kid: string): string =>
  base64url(Buffer.from(JSON.stringify({ alg: "dir", enc: "A256GCM", kid }).slice(0, 48)));

/** Member order is fixed and absent members are left out: equal places give equal text, different places never do. */
const protectedHeader = (kid: string, purpose: SealPurpose, context: SealContext): string =>
  base64url(
    Buffer.from(
      JSON.stringify({
        alg: "dir",
        enc: "A256GCM",
        kid,
        typ: `lk-${purpose}`,
        ctx: { t: context.table, r: context.row, u: context.user, c: context.connection },
      }),
    ),
  );

function decrypt(key: KeyObject, header: string, rest: string): Result<string, SealFailure> {
  const [ivText = "", ciphertextText = "", tagText = "", ...more] = rest.split(".", 4);
  const iv = strictBase64url(ivText);
  const ciphertext = strictBase64url(ciphertextText);
  const tag = strictBase64url(tagText);
  if (more.length > 0 || iv?.length !== ivBytes || !ciphertext || tag?.length !== tagBytes) return err("malformed");
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(header, "ascii"));
  decipher.setAuthTag(tag);
  try {
    // GCM holds nothing back: `final` gives no bytes, it only says whether those of `update` may be looked at.
    const plaintext = decipher.update(ciphertext);
    decipher.final();
    return ok(plaintext.toString("utf8"));
  } catch {
    return err("tampered");
  }
}

/**
 * The id of the key that a sealed text names; undefined when it is no sealed text. Nothing is authenticated: it says
 * which key to look for, not that the key opens it.
 */
export function namedKeyId(sealed: string): string | undefined {
  const header = readHeader(sealed);
  return header && stringMember(header, "kid");
}

/** For the log alone: nothing has been authenticated here, and nothing is opened on the strength of it. */
function whyRefused(keys: readonly SealKey[], purpose: SealPurpose, sealed: string): SealFailure {
  const header = readHeader(sealed);
  if (!header || member(header, "alg") !== "dir" || member(header, "enc") !== "A256GCM") return "malformed";
  if (!keys.some((key) => key.id === member(header, "kid"))) return "unknown_key";
  const typ = member(header, "typ");
  if (typ !== `lk-${purpose}`) return typeof typ === "string" && typ.startsWith("lk-") ? "wrong_purpose" : "malformed";
  // A header that names the right place in another spelling was not written by us either.
  return isJsonObject(member(header, "ctx")) ? "wrong_context" : "malformed";
}

function readHeader(sealed: string): JsonObject | undefined {
  const encoded = sealed.slice(0, Math.max(0, sealed.indexOf(".")));
  // A place is five short names; longer is not ours, and is not decoded to find out.
  const bytes = encoded.length <= 4_096 ? strictBase64url(encoded) : undefined;
  const header = bytes && parseJson(bytes.toString("utf8"));
  return isJsonObject(header) ? header : undefined;
}

const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");

/**
 * Node decodes leniently: padding, the other alphabet, spaces and leftover bits of the last character all pass.
 * Encoding again shows them, so that one sealed value has one spelling.
 */
function strictBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64url");
  return bytes.toString("base64url") === text ? bytes : undefined;
}
