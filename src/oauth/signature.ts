/**
 * Signatures of foreign JWTs, checked with the issuer's published keys and nothing else (SI-10, RFC 8725 §3).
 *
 * jose does the cryptography; which key may be tried for which token is decided here, because that is where forgeries
 * are made: a key named in the token's own header (`jwk`, `jku`, `x5u`, `x5c`) is never looked at, a key is used only
 * for its own `kty`, `use`, `key_ops` and `alg`, and only its public numbers are imported.
 *
 * Not here: what the payload must say (id-token-claims, userinfo).
 */
import { compactVerify, importJWK } from "jose";
import type { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, member, parseJson, stringMember } from "../kernel/json.js";
import { err, ok, type Result } from "../kernel/result.js";
import type { Provider } from "../providers/provider.js";
import type { Metadata } from "./metadata.js";
import { keySpeaksFor } from "./tenant-issuers.js";
import type { AuthorizationServer } from "./types.js";

/** Every signature algorithm that we accept from anybody: asymmetric, and known to jose. */
const keyTypes: Readonly<Record<string, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: "RSA" },
  RS384: { kty: "RSA" },
  RS512: { kty: "RSA" },
  PS256: { kty: "RSA" },
  PS384: { kty: "RSA" },
  PS512: { kty: "RSA" },
  ES256: { kty: "EC", crv: "P-256" },
  ES384: { kty: "EC", crv: "P-384" },
  ES512: { kty: "EC", crv: "P-521" },
  EdDSA: { kty: "OKP", crv: "Ed25519" },
  Ed25519: { kty: "OKP", crv: "Ed25519" },
};

const longestJwt = 65_536;
/** Keys tried for one token. A set of thousands of keys of one kid must not cost thousands of verifications. */
const mostTries = 10;
/** Below 2,048 bits RSA is refused (RFC 7518 §3.3); above 8,192 one check takes too long. */
const rsaBits = { least: 2_048, most: 8_192 } as const;

export type SignatureFailure =
  | "malformed"
  | "encrypted"
  | "too_long"
  | "algorithm"
  | "critical_header"
  | "key_id"
  | "key_unknown"
  | "key_too_weak"
  | "signature";

export interface VerifiedJwt {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  /** The header's `alg`, one of those that were allowed. */
  readonly alg: string;
}

/**
 * The algorithms an issuer's JWTs may have: those of its metadata without `none` and HMAC, RS256 where it lists none
 * (OpenID Connect Core §2, §3.1.3.7 step 7). Empty when it lists only what we refuse.
 */
export function signingAlgorithms(as: AuthorizationServer): readonly string[] {
  const listed = as.id_token_signing_alg_values_supported;
  if (!listed || listed.length === 0) return ["RS256"];
  return listed.filter((alg) => Object.hasOwn(keyTypes, alg));
}

/**
 * Verifies a compact JWS with the issuer's keys. An unknown `kid` or a signature that does not fit fetches the keys
 * once more (at most once a minute per issuer, see `Metadata.jwks`) and tries the same token again: the provider has
 * just rotated.
 *
 * @throws LatchkeyError `signin.provider_unavailable` · `signin.provider_misconfigured` when there are no keys to be had
 */
export async function verifySignature(
  deps: { readonly metadata: Pick<Metadata, "jwks"> },
  input: {
    readonly provider: Provider;
    readonly as: AuthorizationServer;
    readonly jwt: string;
    readonly algorithms: readonly string[];
    /** What to throw where the key is unknown and may be a new one, as nothing was fetched; left out: the token is refused. */
    readonly keysAsOld?: () => LatchkeyError;
  },
): Promise<Result<VerifiedJwt, SignatureFailure>> {
  const parsed = parseJwt(input.jwt, input.algorithms);
  if (!parsed.ok) return parsed;
  const set = await deps.metadata.jwks(input.provider, input.as);
  const speaking = (keys: readonly JsonObject[]) =>
    keys.filter((key) => keySpeaksFor(input.provider.tenants, key, parsed.value.payload));
  const first = await tryKeys(input.jwt, parsed.value, speaking(set.keys));
  if (first === undefined) return parsed;
  const fetched = await deps.metadata.jwks(input.provider, input.as, { refetch: true });
  if (fetched === set && first === "key_unknown" && input.keysAsOld) throw input.keysAsOld();
  const second = fetched === set ? first : await tryKeys(input.jwt, parsed.value, speaking(fetched.keys));
  return second === undefined ? parsed : err(second);
}

/**
 * Everything that can be refused without a key, so that a plain forgery costs no request. What it answers is what a
 * stranger wrote: good for choosing whose keys to ask, and for refusing.
 *
 * @param algorithms left out: all that we accept from anybody
 */
export function parseJwt(
  jwt: string,
  algorithms: readonly string[] = Object.keys(keyTypes),
): Result<VerifiedJwt, SignatureFailure> {
  if (jwt.length > longestJwt) return err("too_long");
  const parts = jwt.split(".");
  if (parts.length === 5) return err("encrypted");
  const [header, payload] = [decodePart(parts[0]), decodePart(parts[1])];
  if (parts.length !== 3 || !header || !payload) return err("malformed");
  const alg = stringMember(header, "alg");
  if (alg === undefined || !algorithms.includes(alg)) return err("algorithm");
  // We know no extension, so whatever is critical is not understood (RFC 7515 §4.1.11); `b64` would change the input.
  if (member(header, "crit") !== undefined || member(header, "b64") !== undefined) return err("critical_header");
  const kid = member(header, "kid");
  if (kid !== undefined && typeof kid !== "string") return err("key_id");
  return ok({ header, payload, alg });
}

function decodePart(part: string | undefined): JsonObject | undefined {
  if (part === undefined || !/^[A-Za-z0-9_-]+$/.test(part)) return undefined;
  try {
    const value = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(part, "base64url")));
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: one of the keys fits. Keys that share a kid are all tried; each is the issuer's own. */
async function tryKeys(
  jwt: string,
  parsed: VerifiedJwt,
  keys: readonly JsonObject[],
): Promise<SignatureFailure | undefined> {
  const fitting = keys.filter((key) => isFor(key, parsed)).slice(0, mostTries);
  if (fitting.length === 0) return "key_unknown";
  let failure: SignatureFailure = "key_too_weak";
  for (const key of fitting) {
    if (!isStrong(key)) continue;
    failure = "signature";
    try {
      await compactVerify(jwt, await imported(key, parsed.alg), { algorithms: [parsed.alg] });
      return undefined;
    } catch {
      // A key that cannot be imported and one that does not fit come to the same: this one did not sign it.
    }
  }
  return failure;
}

/** By the object that a fetch of the keys made, and the algorithm: importing costs more than verifying. */
const importedKeys = new WeakMap<JsonObject, Map<string, ReturnType<typeof importJWK>>>();

function imported(key: JsonObject, alg: string): ReturnType<typeof importJWK> {
  const known = importedKeys.get(key) ?? new Map<string, ReturnType<typeof importJWK>>();
  importedKeys.set(key, known);
  const one = known.get(alg) ?? importJWK(publicNumbers(key), alg);
  known.set(alg, one);
  return one;
}

/** Whether a key may be tried for a token: its kid if the token names one, and its own `kty`, `crv`, `use`, `alg`. */
function isFor(key: JsonObject, { header, alg }: VerifiedJwt): boolean {
  const type = keyTypes[alg];
  const kid = member(header, "kid");
  const operations = member(key, "key_ops");
  return (
    type !== undefined &&
    member(key, "kty") === type.kty &&
    (type.crv === undefined || member(key, "crv") === type.crv) &&
    (kid === undefined || member(key, "kid") === kid) &&
    [undefined, "sig"].includes(member(key, "use") as string | undefined) &&
    [undefined, alg].includes(member(key, "alg") as string | undefined) &&
    (operations === undefined || (Array.isArray(operations) && operations.includes("verify")))
  );
}

function isStrong(key: JsonObject): boolean {
  if (member(key, "kty") !== "RSA") return true;
  const bytes = Buffer.from(stringMember(key, "n") ?? "", "base64url");
  const start = bytes.findIndex((byte) => byte !== 0);
  if (start < 0) return false;
  const bits = (bytes.length - start) * 8 - Math.clz32(bytes[start] ?? 0) + 24;
  return bits >= rsaBits.least && bits <= rsaBits.most;
}

const publicMembers = ["kty", "crv", "n", "e", "x", "y"] as const;
function publicNumbers(key: JsonObject): Record<string, string> {
  const numbers = publicMembers.flatMap((name) => {
    const value = stringMember(key, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(numbers);
}
