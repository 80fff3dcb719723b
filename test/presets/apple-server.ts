/**
 * Apple as its pages describe it, on loopback.
 * https://developer.apple.com/documentation/signinwithapplerestapi/request-an-authorization-to-the-sign-in-with-apple-server.
 * (form_post with `code`, `state` and, the first time, `user` as JSON text with `name.firstName`, `name.lastName` and
 * `email`; no `iss`), …/generate-and-validate-tokens and …/tokenresponse (`client_secret` in the body; `access_token`,
 * `expires_in`, `id_token`, `refresh_token`, `token_type`, no `scope`), …/errorresponse (400 with `invalid_client`),
 * https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret (ES256, `kid`,
 * `iss` the team, `sub` the client, `aud` Apple, `exp` at most 15777000 seconds ahead),
 * https://developer.apple.com/documentation/signinwithapple/authenticating-users-with-sign-in-with-apple (ID token:
 * RS256, `email_verified` and `is_private_email` as text or boolean, `nonce_supported`; no name).
 */
import { exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { type Clock, systemClock, toDate } from "../../src/kernel/time.js";
import type { Answer, RecordedRequest } from "../../src/testing/fake-provider/answers.js";
import { type FakePerson, type FakeProvider, startFakeProvider } from "../../src/testing/index.js";
import type { ProviderInput } from "../options/setting.js";

export const appleIssuer = "https://appleid.apple.com";
export const team = { teamId: "DEF123GHIJ", keyId: "ABC123DEFG" };
const clientId = "com.example.web";
const longestSecret = 15_777_000;

export const jane: FakePerson = {
  sub: "001234.abcdef0123456789abcdef0123456789.1234",
  email: "jane@example.com",
  claims: { is_private_email: "false", nonce_supported: true },
};
export const janesUser = { name: { firstName: "Jane", lastName: "Appleseed" }, email: "jane@example.com" };

export interface Apple {
  readonly provider: FakeProvider;
  readonly entry: ProviderInput;
  /** Client secrets that were taken, with their endpoint. */
  readonly secrets: { readonly endpoint: string; readonly header: object; readonly payload: object }[];
  /** Over the honest ID token. */
  claims: Record<string, unknown>;
  /** What the form says of the person besides the code; undefined: they have been here before. */
  user: string | undefined;
  stop(): Promise<void>;
}

export async function startApple(how: { readonly clock?: Clock; readonly host?: string } = {}): Promise<Apple> {
  const { clock = systemClock } = how;
  const keys = await generateKeyPair("ES256", { extractable: true });
  const inside = { clientId, clientSecret: "what the fake compares once the signature has been checked" };
  const provider = await startFakeProvider({ alg: "RS256", people: [jane], clients: [inside], ...how });
  const apple: Apple = {
    provider,
    entry: {
      id: "apple",
      preset: "apple",
      clientId,
      ...team,
      clientKey: await exportPKCS8(keys.privateKey),
      endpoints: {
        authorization: `${provider.issuer}/authorize`,
        token: `${provider.issuer}/token`,
        jwks: `${provider.issuer}/jwks`,
        revocation: `${provider.issuer}/revoke`,
      },
    },
    secrets: [],
    claims: {},
    user: undefined,
    stop: () => provider.stop(),
  };

  const authenticated = async (honest: () => Promise<Answer>, request: RecordedRequest): Promise<Answer> => {
    try {
      const { protectedHeader, payload } = await jwtVerify(request.form.get("client_secret") ?? "", keys.publicKey, {
        algorithms: ["ES256"],
        issuer: team.teamId,
        subject: clientId,
        audience: appleIssuer,
        requiredClaims: ["exp", "iat"],
        currentDate: toDate(clock.now()),
      });
      if (protectedHeader.kid !== team.keyId) throw new Error("another key");
      if ((payload.exp ?? 0) - clock.now() / 1_000 > longestSecret) throw new Error("lives too long");
      apple.secrets.push({ endpoint: request.endpoint, header: protectedHeader, payload });
    } catch {
      return { status: 400, json: { error: "invalid_client" } };
    }
    request.form.set("client_secret", inside.clientSecret);
    return honest();
  };
  provider.script({ token: authenticated, revocation: authenticated });
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined, user: apple.user });
  provider.tweaks.tokenAnswer = ({ scope: _, ...answer }) => ({ ...answer, refresh_token: "r0123456789abcdef" });
  provider.tweaks.idTokenClaims = ({ sid: _, ...claims }) => ({
    ...claims,
    iss: appleIssuer,
    email_verified: "true",
    ...apple.claims,
  });
  return apple;
}
