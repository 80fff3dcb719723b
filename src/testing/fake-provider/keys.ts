/** Signing keys of a fake provider, and the tokens they sign. Key pairs are made by jose and never leave memory. */
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

export type SigningAlgorithm = "RS256" | "PS256" | "ES256" | "EdDSA";

export interface SigningKey {
  readonly alg: SigningAlgorithm;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  /** As the key set shows it. */
  readonly publicJwk: JWK;
}

export async function createSigningKey(alg: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(publicKey);
  const kid = (await calculateJwkThumbprint(jwk)).slice(0, 16);
  return { alg, kid, privateKey, publicJwk: { ...jwk, kid, alg, use: "sig" } };
}

/** A compact JWS; `header` members replace the honest ones, and one set to `undefined` is left out. */
export function signJwt(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const full = { alg: key.alg, kid: key.kid, typ: "JWT", ...header };
  const present = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== undefined));
  return new SignJWT(claims).setProtectedHeader(present as { alg: string }).sign(key.privateKey);
}

/** base64url of the left half of SHA-256: `at_hash` (OpenID Connect Core §3.1.3.6). */
export async function leftHalfHash(text: string, alg: SigningAlgorithm): Promise<string> {
  // Ed25519 hashes with SHA-512, so its `at_hash` does; the others here all end in 256.
  const name = alg === "EdDSA" ? "SHA-512" : "SHA-256";
  const digest = new Uint8Array(await crypto.subtle.digest(name, new TextEncoder().encode(text)));
  return Buffer.from(digest.slice(0, digest.length / 2)).toString("base64url");
}

/** The S256 challenge of a PKCE verifier (RFC 7636 §4.2). */
export async function s256(verifier: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))).toString("base64url");
}
