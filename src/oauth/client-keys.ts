/**
 * The key set of our client assertions (LO-11, SI-4): what an authorization server reads where it was given a URL for the
 * keys of its client. Keys that sign assertions for apps behind us lie elsewhere (`keys/`): one who takes the one kind
 * must not take the other.
 *
 * A key is published as its operator gave it: with a `kid` where theirs has one, which the assertion then carries as
 * well, and without where it has none. Apple's key is not here: it signs secrets, and Apple has its public half.
 */
import { publicJwkOf } from "../crypto/client-key.js";
import type { JsonObject } from "../kernel/json.js";
import type { ClientRegistration } from "../providers/provider.js";

/** Of one client: what it signs with, and whether it does. */
export type ClientWithKey = Pick<ClientRegistration, "clientKey" | "tokenEndpointAuthMethod" | "signedSecret">;

/** JWKs (RFC 7517 §4), each once however many clients have it. A text that is no private key is left out. */
export function clientKeySet(clients: readonly ClientWithKey[]): readonly JsonObject[] {
  const keys = new Map<string, JsonObject>();
  for (const client of clients) {
    const key = signsAssertions(client) ? publicJwkOf(client.clientKey?.reveal().trim() ?? "") : undefined;
    if (key) keys.set(JSON.stringify(key), key);
  }
  return [...keys.values()];
}

const signsAssertions = ({ clientKey, tokenEndpointAuthMethod: method, signedSecret }: ClientWithKey): boolean =>
  clientKey !== null && signedSecret === undefined && (method === "auto" || method === "private_key_jwt");
