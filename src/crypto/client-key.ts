/** The public half of a key that an operator gave us to sign with, for those who check what it signed. */
import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { isJsonObject, type JsonObject, parseJson, stringMember } from "../kernel/json.js";

/** Everything of a public key, and nothing of a private one (RFC 7518 §6). */
const publicMembers = ["kty", "crv", "x", "y", "n", "e"];
/** What the operator says of it. A `kid` is ours to repeat and not to invent: assertions carry it where it is there. */
const descriptions = ["kid", "alg"];

/**
 * The public JWK of a private key, PEM (PKCS #8) or JWK as JSON text, with `use: sig`. Undefined for a text that is no
 * private key of two halves.
 */
export function publicJwkOf(text: string): JsonObject | undefined {
  const jwk = parseJson(text);
  const given = isJsonObject(jwk) ? jwk : undefined;
  try {
    const key = createPublicKey(privateKeyOf(text, given)).export({ format: "jwk" }) as Record<string, unknown>;
    const parts = publicMembers.flatMap((name) => (typeof key[name] === "string" ? [[name, key[name]]] : []));
    const said = descriptions.flatMap((name) => {
      const value = given && stringMember(given, name);
      return value === undefined ? [] : [[name, value]];
    });
    return { ...Object.fromEntries([...parts, ...said]), use: "sig" } as JsonObject;
  } catch {
    return undefined;
  }
}

const privateKeyOf = (text: string, jwk: JsonObject | undefined): KeyObject =>
  jwk === undefined ? createPrivateKey(text) : createPrivateKey({ key: jwk as never, format: "jwk" });
