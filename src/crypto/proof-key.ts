/** Keys that tokens are bound to (RFC 9449): one for each grant, made here and kept nowhere but sealed with it. */
import { generateKeyPairSync } from "node:crypto";

/** A new P-256 key for ES256, which every server that knows DPoP knows: its private JWK as JSON text. */
export function newProofKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return JSON.stringify(privateKey.export({ format: "jwk" }));
}
