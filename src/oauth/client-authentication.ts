/**
 * Who we are, said to an authorization server. One function for every request that carries our client: exchange,
 * refresh, revocation, PAR (SI-4); a second place would sooner or later choose another method.
 *
 * Not here: sending (token-request and its siblings), public keys for others to fetch.
 */
import { importJWK, importPKCS8, SignJWT } from "jose";
import { randomToken } from "../crypto/random.js";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { ClientAuthenticationMethod, ClientRegistration, SignedSecret } from "../providers/provider.js";
import type { AuthorizationServer } from "./types.js";

/** What a request needs besides its own parameters. */
export interface ClientAuthentication {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, string>>;
}

/**
 * Seconds a signed secret lives; Apple takes up to half a year. One is made for each request, so none has to be kept,
 * renewed or found again in a log.
 */
const signedSecretLifetime = 300;

/** Seconds a client assertion lives: long enough for two clocks that differ, far below SI-4's 5 minutes. */
const assertionLifetime = 120;

/**
 * The headers and body parameters that authenticate `client` at `as`. Where the secret is a JWT (apple), it is signed here.
 *
 * @see RFC 6749 §2.3.1 (basic, post), RFC 7523 §2.2 and §3 (private_key_jwt)
 * @throws LatchkeyError `signin.provider_misconfigured` when the method needs a secret or key that is not there, or
 *   the key does not fit
 */
export async function authenticateClient(
  deps: { readonly clock: Clock; readonly random: RandomSource },
  input: { readonly client: ClientRegistration; readonly as: AuthorizationServer; readonly now: Instant },
): Promise<ClientAuthentication> {
  const { client } = input;
  const method = chooseMethod(client, input.as);
  switch (method) {
    case "none":
      return { headers: {}, body: { client_id: client.clientId } };
    case "client_secret_basic": {
      const credentials = `${formEncode(client.clientId)}:${formEncode(await secretOf(input))}`;
      return {
        headers: { authorization: `Basic ${Buffer.from(credentials, "latin1").toString("base64")}` },
        body: client.clientIdInBody ? { client_id: client.clientId } : {},
      };
    }
    case "client_secret_post":
      return { headers: {}, body: { client_id: client.clientId, client_secret: await secretOf(input) } };
    case "private_key_jwt":
      return {
        headers: {},
        body: {
          client_id: client.clientId,
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: await clientAssertion(deps, input),
        },
      };
  }
}

/**
 * The method: the operator's, else from metadata with basic first (RFC 8414 §2 makes basic the default of a server
 * that lists nothing). A list that names nothing we can do is answered with basic: the server says no, and says why.
 */
function chooseMethod(client: ClientRegistration, as: AuthorizationServer): ClientAuthenticationMethod {
  if (client.tokenEndpointAuthMethod !== "auto") return client.tokenEndpointAuthMethod;
  if (!client.clientSecret && !client.signedSecret) return client.clientKey ? "private_key_jwt" : "none";
  const listed = as.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  if (listed.includes("client_secret_basic")) return "client_secret_basic";
  if (listed.includes("client_secret_post")) return "client_secret_post";
  return client.clientKey && listed.includes("private_key_jwt") ? "private_key_jwt" : "client_secret_basic";
}

async function secretOf(input: { readonly client: ClientRegistration; readonly now: Instant }): Promise<string> {
  const { client } = input;
  if (client.signedSecret) return signSecret(client, client.signedSecret, input.now);
  if (!client.clientSecret) throw misconfigured("client_secret_missing");
  return client.clientSecret.reveal();
}

/**
 * The client secret as Apple wants it: an ES256 JWT by the team's key.
 *
 * @see https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret
 */
async function signSecret(client: ClientRegistration, signed: SignedSecret, now: Instant): Promise<string> {
  const { key, alg } = await signingKey(client, ["ES256"]);
  const iat = Math.floor(now / 1_000);
  const claims = {
    iss: signed.teamId,
    sub: client.clientId,
    aud: signed.audience,
    iat,
    exp: iat + signedSecretLifetime,
  };
  try {
    return await new SignJWT(claims).setProtectedHeader({ alg, kid: signed.keyId }).sign(key);
  } catch (cause) {
    throw misconfigured("client_key_unusable", cause);
  }
}

/**
 * `application/x-www-form-urlencoded` as RFC 6749 Appendix B asks, escaping no more than it must: `-`, `.` and `_`
 * stay, since many servers compare the undecoded text and client ids are full of them.
 */
const formEncode = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);

async function clientAssertion(
  deps: { readonly random: RandomSource },
  input: { readonly client: ClientRegistration; readonly as: AuthorizationServer; readonly now: Instant },
): Promise<string> {
  const { client, as } = input;
  const { key, alg, kid } = await signingKey(client, as.token_endpoint_auth_signing_alg_values_supported);
  const audience = client.clientAssertionAudience === "token-endpoint" ? as.token_endpoint : as.issuer;
  if (!audience) throw misconfigured("token_endpoint_missing");
  const iat = Math.floor(input.now / 1_000);
  try {
    // The audience is one string, and by default the issuer: an assertion for several audiences can be replayed.
    return await new SignJWT({
      iss: client.clientId,
      sub: client.clientId,
      aud: audience,
      jti: randomToken(deps.random),
      iat,
      exp: iat + assertionLifetime,
    })
      .setProtectedHeader({ alg, typ: "JWT", ...(kid === undefined ? {} : { kid }) })
      .sign(key);
  } catch (cause) {
    throw misconfigured("client_key_unusable", cause);
  }
}

/** In order of preference within one type of key: RS256 before PS256, as every server must know it. */
const algorithms = [
  "RS256",
  "PS256",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "RS384",
  "RS512",
  "PS384",
  "PS512",
];

interface SigningKey {
  readonly key: CryptoKey;
  readonly alg: string;
  readonly kid: string | undefined;
}

/** The operator's key with the first algorithm that the key, its `alg` and the server's list allow. */
async function signingKey(client: ClientRegistration, listed: readonly string[] | undefined): Promise<SigningKey> {
  const text = client.clientKey?.reveal().trim();
  if (!text) throw misconfigured("client_key_missing");
  const jwk = parseJson(text);
  const own = isJsonObject(jwk) ? stringMember(jwk, "alg") : undefined;
  const kid = isJsonObject(jwk) ? stringMember(jwk, "kid") : undefined;
  const candidates = algorithms.filter((alg) => (own ?? alg) === alg && (listed?.includes(alg) ?? true));
  let cause: unknown;
  for (const alg of candidates) {
    try {
      const key = isJsonObject(jwk) ? await importJWK({ ...jwk }, alg) : await importPKCS8(text, alg);
      if (key instanceof Uint8Array || key.type !== "private") throw misconfigured("client_key_not_private");
      return { key, alg, kid };
    } catch (thrown) {
      cause = thrown;
    }
  }
  throw misconfigured("client_key_algorithm", cause);
}

const misconfigured = (reason: string, cause?: unknown): LatchkeyError =>
  new LatchkeyError("signin.provider_misconfigured", { data: { reason }, cause });
