/**
 * Keys that we sign with, over jose: made, opened, used, and asked about a signature. A key works with one algorithm,
 * and neither a token's header nor a caller chooses another (RFC 8725 §3.1).
 *
 * Key pairs come from the system's own generator and not from the `RandomSource` that is passed in: no library makes a
 * key from given bytes, and a test has no use for a key that can be foretold.
 *
 * Not here: which key signs and which are published (`keys/`), what is in a token.
 */
import { CompactSign, calculateJwkThumbprint, compactVerify, exportJWK, generateKeyPair, importJWK } from "jose";
import { isJsonObject, type JsonObject, parseJson, stringMember } from "../kernel/json.js";

/** `EdDSA` is Ed25519 (RFC 8037); `ES256` is for those whose library knows no EdDSA. */
export type SigningAlgorithm = "EdDSA" | "ES256";

export interface NewSigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  /** As it is published: `kty`, `crv`, `x`, `y`, `kid`, `alg`, `use`. */
  readonly publicKey: JsonObject;
  /** The private JWK as text, to be sealed. */
  readonly privateKey: string;
}

export interface Signer {
  /** A compact JWS (RFC 7515 §7.1). `alg` and `kid` are the key's; the rest of the header is `typ`. */
  sign(typ: string, payload: JsonObject): Promise<string>;
}

export async function makeSigningKey(alg: SigningAlgorithm): Promise<NewSigningKey> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const { kty = "", crv = "", x = "", y } = await exportJWK(pair.publicKey);
  const numbers = { kty, crv, x, ...(y === undefined ? {} : { y }) };
  const kid = await calculateJwkThumbprint(numbers);
  return {
    kid,
    publicKey: { ...numbers, kid, alg, use: "sig" },
    privateKey: JSON.stringify(await exportJWK(pair.privateKey)),
  };
}

/** @param privateKey the text that `makeSigningKey` made */
export async function openSigningKey(key: {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: string;
}): Promise<Signer> {
  const { alg, kid } = key;
  const jwk = parseJson(key.privateKey);
  if (!isJsonObject(jwk)) throw new TypeError("a signing key that is no JWK");
  const imported = await importJWK(jwk as Parameters<typeof importJWK>[0], alg);
  return {
    sign: (typ, payload) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
        .setProtectedHeader({ alg, typ, kid })
        .sign(imported),
  };
}

/** The payload and the header of a JWS that was signed with one of these keys; undefined for every other text. */
export async function verifySigned(
  jws: string,
  keys: readonly JsonObject[],
): Promise<{ readonly header: JsonObject; readonly payload: JsonObject } | undefined> {
  const [head = ""] = jws.split(".", 1);
  const header = parseJson(Buffer.from(head, "base64url").toString("utf8"));
  if (!isJsonObject(header)) return undefined;
  const key = keys.find((one) => stringMember(one, "kid") === stringMember(header, "kid"));
  const alg = key && stringMember(key, "alg");
  if (!key || alg === undefined) return undefined;
  try {
    const imported = await importJWK(key as Parameters<typeof importJWK>[0], alg);
    // jose refuses a header with `crit` that it does not know, and an algorithm that is not this one.
    const verified = await compactVerify(jws, imported, { algorithms: [alg] });
    const payload = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(verified.payload));
    return isJsonObject(payload) ? { header: { ...verified.protectedHeader } as JsonObject, payload } : undefined;
  } catch {
    return undefined;
  }
}
