/**
 * Proofs of possession (RFC 9449): a token that was made for a key is worth nothing to whoever has the token alone. Each
 * request carries a fresh proof about its method and URL; servers may want a nonce of theirs in it, of which the newest
 * for each origin is remembered here. A request that is refused for its nonce is sent once more, and counts as no failure.
 */
import { importJWK, SignJWT } from "jose";
import { sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import { parseAuthChallenges } from "../kernel/auth-challenges.js";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";

/** The one algorithm of our keys. */
export const proofAlgorithm = "ES256";

export interface Proofs {
  /**
   * The `DPoP` header of one request.
   *
   * @param request.accessToken the token that goes with it: at a resource, never at a token endpoint (§4.2, `ath`)
   */
  proof(
    key: string,
    request: { readonly method: string; readonly url: string; readonly accessToken?: string },
  ): Promise<string>;
  /** Remembers the nonce that an answer brings (§8.2); true when there was one. */
  remember(url: string, headers: Headers): boolean;
}

/** Origins whose nonce is remembered; a forgotten one costs one more request. */
const mostOrigins = 1_000;
/** A nonce is of a stranger's making, and goes into a header of ours. */
const longestNonce = 1_024;

export function createProofs(ports: { readonly clock: Clock; readonly random: RandomSource }): Proofs {
  const nonces = new Map<string, string>();
  return {
    async proof(key, { method, url, accessToken }) {
      const jwk = parseJson(key);
      if (!isJsonObject(jwk)) throw new Error("the key of a bound token is not readable");
      const { origin, pathname } = new URL(url);
      const nonce = nonces.get(origin);
      const claims = {
        jti: randomToken(ports.random, 16),
        htm: method,
        htu: `${origin}${pathname}`,
        iat: Math.floor(ports.clock.now() / 1_000),
        ...(accessToken === undefined ? {} : { ath: sha256Base64Url(accessToken) }),
        ...(nonce === undefined ? {} : { nonce }),
      };
      const { kty, crv, x, y } = jwk as Record<"kty" | "crv" | "x" | "y", string>;
      const header = { alg: proofAlgorithm, typ: "dpop+jwt", jwk: { kty, crv, x, y } };
      return new SignJWT(claims).setProtectedHeader(header).sign(await importJWK({ ...jwk }, proofAlgorithm));
    },
    remember(url, headers) {
      const nonce = headers.get("dpop-nonce");
      if (!nonce || nonce.length > longestNonce) return false;
      const { origin } = new URL(url);
      nonces.delete(origin);
      nonces.set(origin, nonce);
      const [oldest] = nonces.keys();
      if (nonces.size > mostOrigins && oldest !== undefined) nonces.delete(oldest);
      return true;
    },
  };
}

/** Whether a token endpoint wants another nonce (§8). */
export function wantsNonce(status: number, body: Uint8Array): boolean {
  if (status !== 400 && status !== 401) return false;
  const answer = parseJson(new TextDecoder().decode(body));
  return isJsonObject(answer) && stringMember(answer, "error") === "use_dpop_nonce";
}

/** Whether a resource wants another nonce (§9). */
export const challengesNonce = ({ status, headers }: { readonly status: number; readonly headers: Headers }): boolean =>
  status === 401 &&
  parseAuthChallenges(headers.get("www-authenticate") ?? "").some(
    ({ scheme, parameters }) => scheme === "dpop" && parameters.get("error") === "use_dpop_nonce",
  );
