/**
 * AT-25 to AT-27: every forged ID token we know of, against the function that must refuse it. Each table begins with
 * the honest token, so that a refusal is known to come from the forgery and not from the setting. Long because it is a
 * list; each row stands alone.
 */
import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { LatchkeyError } from "../../src/kernel/errors.js";
import type { JsonObject } from "../../src/kernel/json.js";
import { silentLog } from "../../src/kernel/log.js";
import { toInstant } from "../../src/kernel/time.js";
import { verifyIdToken } from "../../src/oauth/id-token.js";
import type { AuthorizationServer } from "../../src/oauth/types.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { aProvider } from "../support/oauth-setting.js";

const now = toInstant(1_790_000_000_000);
const second = 1_790_000_000;
const issuer = "https://idp.example";
const accessToken = "access-token-of-this-sign-in";

interface Pair {
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}
const pairs: Record<string, Pair> = {};
const pair = (name: string): Pair => {
  const found = pairs[name];
  if (!found) throw new Error(`no key ${name}`);
  return found;
};
async function makePair(name: string, alg: string, kid: string): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  pairs[name] = { privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid } };
}

beforeAll(async () => {
  await Promise.all([
    makePair("rs", "RS256", "k1"),
    makePair("ps", "PS256", "k-ps"),
    makePair("es", "ES256", "k-es"),
    makePair("es384", "ES384", "k-es384"),
    makePair("ed", "EdDSA", "k-ed"),
    makePair("evil", "RS256", "k1"),
  ]);
});

const honest = (): JWTPayload => ({
  iss: issuer,
  sub: "ann-1",
  aud: "latchkey",
  exp: second + 300,
  iat: second - 5,
  nonce: "the-nonce",
});
const sign = (claims: JWTPayload, header: Record<string, unknown> = {}, key = pair("rs").privateKey): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "k1", typ: "JWT", ...header }).sign(key);
const part = (value: unknown): string => base64url.encode(JSON.stringify(value));
/** A JWT put together by hand, for what no library agrees to sign. */
const unsigned = (header: unknown, claims: unknown, signature = ""): string =>
  `${part(header)}.${part(claims)}.${signature}`;

interface Situation {
  readonly keys?: readonly JWK[];
  readonly as?: Partial<AuthorizationServer>;
  readonly nonce?: string | undefined;
  readonly accessToken?: string;
  readonly maxAge?: number;
  readonly params?: Record<string, string>;
}

/** The reason of the refusal, or "accepted"; and how often the keys were asked for again. */
async function verdict(jwt: string, situation: Situation = {}): Promise<string> {
  const set = { keys: (situation.keys ?? [pair("rs").jwk]) as unknown as JsonObject[] };
  const as = {
    issuer,
    id_token_signing_alg_values_supported: ["RS256", "PS256", "ES256", "ES384", "EdDSA", "none", "HS256"],
    ...situation.as,
  };
  try {
    await verifyIdToken(
      { metadata: { jwks: async () => set }, clock: createManualClock(now), log: silentLog },
      {
        as,
        provider: aProvider({ authorizeParams: situation.params ?? {} }),
        idToken: jwt,
        now,
        nonce: "nonce" in situation ? situation.nonce : "the-nonce",
        accessToken: situation.accessToken ?? accessToken,
        ...(situation.maxAge === undefined ? {} : { maxAge: situation.maxAge }),
      },
    );
    return "accepted";
  } catch (thrown) {
    if (!(thrown instanceof LatchkeyError) || thrown.code !== "signin.id_token_invalid") throw thrown;
    return String(thrown.data["reason"]);
  }
}

type Row = readonly [why: string, expected: string, make: () => Promise<{ jwt: string } & Situation>];

const signatures: readonly Row[] = [
  ["the honest token", "accepted", async () => ({ jwt: await sign(honest()) })],
  ["alg none", "algorithm", async () => ({ jwt: unsigned({ alg: "none" }, honest()) })],
  ["alg None", "algorithm", async () => ({ jwt: unsigned({ alg: "None" }, honest()) })],
  [
    "alg none with the honest signature",
    "algorithm",
    async () => {
      const [, , signature = ""] = (await sign(honest())).split(".");
      return { jwt: unsigned({ alg: "none", kid: "k1" }, honest(), signature) };
    },
  ],
  ["no alg", "algorithm", async () => ({ jwt: unsigned({ kid: "k1" }, honest(), "AAAA") })],
  ["alg as a list", "algorithm", async () => ({ jwt: unsigned({ alg: ["RS256"], kid: "k1" }, honest(), "AAAA") })],
  [
    "alg from the prototype",
    "algorithm",
    async () => ({ jwt: unsigned({ alg: "constructor", kid: "k1" }, honest(), "AAAA") }),
  ],
  [
    "HMAC with the public key's PEM as the secret",
    "algorithm",
    async () => {
      const pem = new TextEncoder().encode(await exportSPKI(pair("rs").publicKey));
      return { jwt: await new SignJWT(honest()).setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(pem) };
    },
  ],
  [
    "HMAC with the modulus as the secret, and an oct key in the set",
    "algorithm",
    async () => {
      const modulus = base64url.decode(pair("rs").jwk.n ?? "");
      const jwt = await new SignJWT(honest()).setProtectedHeader({ alg: "HS256", kid: "k1" }).sign(modulus);
      return { jwt, keys: [{ kty: "oct", k: pair("rs").jwk.n ?? "", kid: "k1", alg: "HS256" }] };
    },
  ],
  [
    "HMAC with the client secret",
    "algorithm",
    async () => ({
      jwt: await new SignJWT(honest())
        .setProtectedHeader({ alg: "HS256" })
        .sign(new TextEncoder().encode("s3cret of the client, long enough")),
    }),
  ],
  [
    "an algorithm that the metadata does not list",
    "algorithm",
    async () => ({
      jwt: await sign(honest(), { alg: "PS256", kid: "k-ps" }, pair("ps").privateKey),
      keys: [pair("ps").jwk],
      as: { id_token_signing_alg_values_supported: ["RS256"] },
    }),
  ],
  [
    "ES256 where the metadata lists nothing, and RS256 is the default",
    "algorithm",
    async () => ({
      jwt: await sign(honest(), { alg: "ES256", kid: "k-es" }, pair("es").privateKey),
      keys: [pair("es").jwk],
      as: { id_token_signing_alg_values_supported: undefined },
    }),
  ],
  [
    "RS256 where the metadata lists nothing",
    "accepted",
    async () => ({
      jwt: await sign(honest()),
      as: { id_token_signing_alg_values_supported: undefined },
    }),
  ],
  [
    "RS256 where the metadata lists HS256 and none alone",
    "algorithm",
    async () => ({
      jwt: await sign(honest()),
      as: { id_token_signing_alg_values_supported: ["HS256", "none"] },
    }),
  ],
  [
    "PS256",
    "accepted",
    async () => ({
      jwt: await sign(honest(), { alg: "PS256", kid: "k-ps" }, pair("ps").privateKey),
      keys: [pair("ps").jwk],
    }),
  ],
  [
    "ES256",
    "accepted",
    async () => ({
      jwt: await sign(honest(), { alg: "ES256", kid: "k-es" }, pair("es").privateKey),
      keys: [pair("es").jwk],
    }),
  ],
  [
    "EdDSA",
    "accepted",
    async () => ({
      jwt: await sign(honest(), { alg: "EdDSA", kid: "k-ed" }, pair("ed").privateKey),
      keys: [pair("ed").jwk],
    }),
  ],
  [
    "another's key under our kid",
    "signature",
    async () => ({ jwt: await sign(honest(), {}, pair("evil").privateKey) }),
  ],
  [
    "a key of its own in the header (jwk)",
    "signature",
    async () => ({ jwt: await sign(honest(), { jwk: pair("evil").jwk }, pair("evil").privateKey) }),
  ],
  [
    "a key of its own in the header, and no kid that we know",
    "key_unknown",
    async () => ({
      jwt: await sign(honest(), { jwk: { ...pair("evil").jwk, kid: "e" }, kid: "e" }, pair("evil").privateKey),
    }),
  ],
  [
    "a key set of its own (jku)",
    "signature",
    async () => ({ jwt: await sign(honest(), { jku: "https://evil.example/jwks" }, pair("evil").privateKey) }),
  ],
  [
    "a certificate of its own (x5u, x5c)",
    "signature",
    async () => ({
      jwt: await sign(honest(), { x5u: "https://evil.example/c", x5c: ["AAAA"] }, pair("evil").privateKey),
    }),
  ],
  [
    "crit with an unknown extension",
    "critical_header",
    async () => ({
      jwt: unsigned({ alg: "RS256", kid: "k1", crit: ["exp2"], exp2: 1 }, honest(), "AAAA"),
    }),
  ],
  [
    "crit with b64",
    "critical_header",
    async () => ({ jwt: unsigned({ alg: "RS256", kid: "k1", crit: ["b64"], b64: false }, honest(), "AAAA") }),
  ],
  [
    "an empty crit",
    "critical_header",
    async () => ({ jwt: unsigned({ alg: "RS256", kid: "k1", crit: [] }, honest(), "AAAA") }),
  ],
  ["kid as a path", "key_unknown", async () => ({ jwt: await sign(honest(), { kid: "../../../dev/null" }) })],
  ["kid as SQL", "key_unknown", async () => ({ jwt: await sign(honest(), { kid: "' OR 1=1 --" }) })],
  ["kid as a number", "key_id", async () => ({ jwt: unsigned({ alg: "RS256", kid: 1 }, honest(), "AAAA") })],
  ["kid of the prototype", "key_unknown", async () => ({ jwt: await sign(honest(), { kid: "__proto__" }) })],
  ["no kid, one fitting key", "accepted", async () => ({ jwt: await sign(honest(), { kid: undefined }) })],
  [
    "no kid, and the right key is the second",
    "accepted",
    async () => ({
      jwt: await sign(honest(), { kid: undefined }),
      keys: [{ ...pair("evil").jwk, kid: "other" }, pair("rs").jwk],
    }),
  ],
  [
    "two keys of one kid, the right one second",
    "accepted",
    async () => ({ jwt: await sign(honest()), keys: [pair("evil").jwk, pair("rs").jwk] }),
  ],
  [
    "two keys of one kid, both wrong",
    "signature",
    async () => ({ jwt: await sign(honest()), keys: [pair("evil").jwk, pair("evil").jwk] }),
  ],
  [
    "a key of another type under our kid",
    "key_unknown",
    async () => ({ jwt: await sign(honest()), keys: [{ ...pair("es").jwk, kid: "k1" }] }),
  ],
  [
    "ten keys of one kid, the right one last",
    "accepted",
    async () => ({ jwt: await sign(honest()), keys: [...Array(9).fill(pair("evil").jwk), pair("rs").jwk] }),
  ],
  [
    "eleven keys of one kid: ten are tried",
    "signature",
    async () => ({ jwt: await sign(honest()), keys: [...Array(10).fill(pair("evil").jwk), pair("rs").jwk] }),
  ],
  [
    "a key for encryption",
    "key_unknown",
    async () => ({ jwt: await sign(honest()), keys: [{ ...pair("rs").jwk, use: "enc" }] }),
  ],
  [
    "a key for another algorithm",
    "key_unknown",
    async () => ({ jwt: await sign(honest()), keys: [{ ...pair("rs").jwk, alg: "PS256" }] }),
  ],
  [
    "a key whose operations lack verify",
    "key_unknown",
    async () => ({ jwt: await sign(honest()), keys: [{ ...pair("rs").jwk, key_ops: ["sign"] }] }),
  ],
  [
    "an elliptic key of another curve",
    "key_unknown",
    async () => ({
      jwt: await sign(honest(), { alg: "ES384", kid: "k-es384" }, pair("es384").privateKey),
      keys: [{ ...pair("es").jwk, kid: "k-es384" }],
    }),
  ],
  [
    "RSA with 512 bits",
    "key_too_weak",
    async () => ({
      jwt: await sign(honest()),
      keys: [{ kty: "RSA", kid: "k1", e: "AQAB", n: base64url.encode(new Uint8Array(64).fill(0xff)) }],
    }),
  ],
  [
    "RSA with 2,047 bits",
    "key_too_weak",
    async () => {
      const modulus = new Uint8Array(256).fill(0xff);
      modulus[0] = 0x7f;
      return { jwt: await sign(honest()), keys: [{ kty: "RSA", kid: "k1", e: "AQAB", n: base64url.encode(modulus) }] };
    },
  ],
  [
    "RSA padded with zeros to 2,048 bits",
    "key_too_weak",
    async () => {
      const modulus = new Uint8Array(256);
      modulus.fill(0xff, 192);
      return { jwt: await sign(honest()), keys: [{ kty: "RSA", kid: "k1", e: "AQAB", n: base64url.encode(modulus) }] };
    },
  ],
  [
    "RSA with 16,384 bits",
    "key_too_weak",
    async () => ({
      jwt: await sign(honest()),
      keys: [{ kty: "RSA", kid: "k1", e: "AQAB", n: base64url.encode(new Uint8Array(2_048).fill(0xff)) }],
    }),
  ],
  [
    "a key without numbers",
    "key_too_weak",
    async () => ({ jwt: await sign(honest()), keys: [{ kty: "RSA", kid: "k1" }] }),
  ],
  [
    "a damaged payload",
    "signature",
    async () => {
      const [header = "", , signature = ""] = (await sign(honest())).split(".");
      return { jwt: `${header}.${part({ ...honest(), sub: "ben-2" })}.${signature}` };
    },
  ],
  ["a cut signature", "signature", async () => ({ jwt: (await sign(honest())).slice(0, -8) })],
  ["no signature", "signature", async () => ({ jwt: `${(await sign(honest())).split(".").slice(0, 2).join(".")}.` })],
  ["two parts", "malformed", async () => ({ jwt: (await sign(honest())).split(".").slice(0, 2).join(".") })],
  ["four parts", "malformed", async () => ({ jwt: `${await sign(honest())}.AAAA` })],
  ["encrypted", "encrypted", async () => ({ jwt: "a.b.c.d.e" })],
  ["no JWT", "malformed", async () => ({ jwt: "opaque" })],
  ["padding in base64url", "malformed", async () => ({ jwt: `${part({ alg: "RS256" })}=.${part({})}.AAAA` })],
  ["a list as header", "malformed", async () => ({ jwt: unsigned(["RS256"], honest(), "AAAA") })],
  ["a payload that is text", "malformed", async () => ({ jwt: unsigned({ alg: "RS256" }, "text", "AAAA") })],
  ["100 KB", "too_long", async () => ({ jwt: `${"a".repeat(100_000)}.b.c` })],
];

describe("AT-25 forged signatures", () => {
  test.each(signatures)("AT-25 SI-10 %s: %s", async (_why, expected, make) => {
    const { jwt, ...situation } = await make();
    expect(await verdict(jwt, situation)).toBe(expected);
  });
});

type ClaimsRow = [why: string, expected: string, members: Record<string, unknown>, situation?: Situation];

const claims: ClaimsRow[] = [
  ["the honest token", "accepted", {}],
  ["no iss", "iss", { iss: undefined }],
  ["another iss", "iss", { iss: "https://evil.example" }],
  ["iss with a slash more", "iss", { iss: `${issuer}/` }],
  ["iss in another case", "iss", { iss: "https://IDP.example" }],
  ["iss as a list", "iss", { iss: [issuer] }],
  ["no sub", "sub", { sub: undefined }],
  ["an empty sub", "sub", { sub: "" }],
  ["sub as a list", "sub", { sub: ["ann-1"] }],
  ["sub as a fraction", "sub", { sub: 1.5 }],
  ["SI-16: sub as a whole number", "accepted", { sub: 4_711 }],
  ["no aud", "aud", { aud: undefined }],
  ["aud of another client", "aud", { aud: "other" }],
  ["aud in another case", "aud", { aud: "Latchkey" }],
  ["an empty list", "aud", { aud: [] }],
  ["aud as an object", "aud", { aud: { 0: "latchkey" } }],
  ["a number among ours", "aud", { aud: ["latchkey", 1] }],
  ["a list of us alone", "accepted", { aud: ["latchkey"] }],
  ["several without azp", "azp", { aud: ["latchkey", "other"] }],
  ["several with our azp", "accepted", { aud: ["latchkey", "other"], azp: "latchkey" }],
  ["several with a foreign azp", "azp", { aud: ["latchkey", "other"], azp: "other" }],
  ["us alone with a foreign azp", "azp", { azp: "other" }],
  ["azp null", "azp", { azp: null }],
  ["azp as a list", "azp", { azp: ["latchkey"] }],
  ["no exp", "exp", { exp: undefined }],
  ["exp 1e300", "exp", { exp: 1e300 }],
  ["exp negative", "exp", { exp: -1 }],
  ["exp as text", "exp", { exp: String(second + 300) }],
  ["exp null", "exp", { exp: null }],
  ["exp past, within the tolerance", "accepted", { exp: second - 59 }],
  ["exp past by the tolerance", "expired", { exp: second - 60 }],
  ["exp zero", "expired", { exp: 0 }],
  ["no iat", "iat", { iat: undefined }],
  ["iat as text", "iat", { iat: "now" }],
  ["iat ahead, within the tolerance", "accepted", { iat: second + 60 }],
  ["iat in the future", "issued_in_future", { iat: second + 61 }],
  ["nbf in the future", "nbf", { nbf: second + 61 }],
  ["nbf as text", "nbf", { nbf: "0" }],
  ["no nonce", "nonce", { nonce: undefined }],
  ["the nonce of another request", "nonce", { nonce: "reused" }],
  ["an empty nonce", "nonce", { nonce: "" }],
  ["nonce as a list", "nonce", { nonce: ["the-nonce"] }],
  ["no nonce where none was sent", "accepted", { nonce: undefined }, { nonce: undefined }],
  ["no auth_time without max_age", "accepted", {}],
  ["SI-6: no auth_time with max_age", "auth_time", {}, { maxAge: 300 }],
  ["SI-6: max_age from the operator's parameters", "auth_time", {}, { params: { max_age: "300" } }],
  [
    "SI-6: max_age 0 from the operator's parameters, signed in an hour ago",
    "auth_time",
    { auth_time: second - 3_600 },
    { params: { max_age: "0" } },
  ],
  ["SI-6: max_age 0, just now", "accepted", { auth_time: second - 10 }, { params: { max_age: "0" } }],
  ["SI-6: auth_time within max_age", "accepted", { auth_time: second - 300 }, { maxAge: 300 }],
  ["SI-6: auth_time too old", "auth_time", { auth_time: second - 361 }, { maxAge: 300 }],
  ["SI-6: auth_time in the future", "auth_time", { auth_time: second + 61 }, { maxAge: 300 }],
  ["SI-6: auth_time as text", "auth_time", { auth_time: String(second) }, { maxAge: 300 }],
];

describe("AT-26 tokens that say the wrong thing", () => {
  test.each<ClaimsRow>(claims)("AT-26 SI-10 %s: %s", async (_why, expected, members, situation) => {
    const payload = Object.fromEntries(
      Object.entries({ ...honest(), ...members }).filter(([, value]) => value !== undefined),
    );
    expect(await verdict(await sign(payload), situation)).toBe(expected);
  });

  test("AT-26 exp beyond the range of numbers", async () => {
    const text = JSON.stringify(honest()).replace(`"exp":${second + 300}`, '"exp":1e999');
    const header = part({ alg: "RS256", kid: "k1" });
    const signature = await crypto.subtle.sign(
      "RSASSA-PKCS1-v1_5",
      pair("rs").privateKey,
      new TextEncoder().encode(`${header}.${base64url.encode(text)}`),
    );
    expect(await verdict(`${header}.${base64url.encode(text)}.${base64url.encode(new Uint8Array(signature))}`)).toBe(
      "exp",
    );
  });

  test.each(["at+jwt", "logout+jwt", "application/logout+jwt", "LOGOUT+JWT", "dpop+jwt"])(
    "AT-25 a %s of the same issuer is no ID token",
    async (typ) => {
      expect(await verdict(await sign(honest(), { typ }))).toBe("typ");
    },
  );

  test.each(["JWT", "jwt", "id_token+jwt", undefined])("SI-10 typ %s is an ID token's", async (typ) => {
    expect(await verdict(await sign(honest(), { typ }))).toBe("accepted");
  });
});

/** at_hash by hand: the left half of the hash, base64url. */
async function atHash(hash: string, token: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest(hash, new TextEncoder().encode(token)));
  return base64url.encode(digest.slice(0, digest.length / 2));
}

describe("AT-27 at_hash", () => {
  test.each([
    ["RS256", "rs", "k1", "SHA-256"],
    ["PS256", "ps", "k-ps", "SHA-256"],
    ["ES384", "es384", "k-es384", "SHA-384"],
    ["EdDSA", "ed", "k-ed", "SHA-512"],
  ])("AT-27 %s binds the access token", async (alg, name, kid, hash) => {
    const key = pair(name);
    const token = async (value: unknown) =>
      sign({ ...honest(), at_hash: value } as JWTPayload, { alg, kid }, key.privateKey);
    const right = await token(await atHash(hash, accessToken));
    expect(await verdict(right, { keys: [key.jwk] })).toBe("accepted");
    expect(await verdict(right, { keys: [key.jwk], accessToken: "another access token" })).toBe("at_hash");
    for (const other of ["SHA-256", "SHA-384", "SHA-512"].filter((one) => one !== hash)) {
      expect(await verdict(await token(await atHash(other, accessToken)), { keys: [key.jwk] })).toBe("at_hash");
    }
    for (const odd of ["", null, 1, [await atHash(hash, accessToken)], `${await atHash(hash, accessToken)}=`]) {
      expect(await verdict(await token(odd), { keys: [key.jwk] })).toBe("at_hash");
    }
  });
});
