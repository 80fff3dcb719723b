/**
 * A session for somebody whom a provider's access token stands for (VA-15): the rules of a callback, all of them, for a
 * person who is known already. Nobody is signed up, linked or claimed by this way, and no grant is made: the token belongs
 * to the client that it was issued to.
 */
import { readClaim } from "../kernel/claims.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import type { JsonObject } from "../kernel/json.js";
import { type Duration, milliseconds } from "../kernel/time.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import { admit } from "./admit.js";
import { collectClaims } from "./collect-claims.js";
import type { CompleteInput, SignInPorts } from "./ports.js";

export interface KnownSignIn {
  readonly provider: Provider;
  readonly as: AuthorizationServer;
  readonly issuer: string;
  readonly sub: string;
  readonly userId: UserId;
  readonly accessToken: string;
  readonly request: CompleteInput["request"];
}

/**
 * @returns the session's value, and how long it lasts when it is not used
 * @throws LatchkeyError `account.*` when the rules turn them away · `signin.*` when what the provider says of them cannot be had
 */
export async function admitKnown(
  ports: SignInPorts,
  { provider, as, issuer, sub, userId, accessToken, request }: KnownSignIn,
): Promise<{ readonly value: string; readonly lifetime: Duration }> {
  const now = ports.clock.now();
  const seconds = Math.floor(now / 1_000);
  // Of the token nothing but whom it stands for; what is known of them the provider says anew.
  const person = { iss: issuer, sub, aud: provider.client.clientId, iat: seconds, exp: seconds };
  const idToken = provider.kind === "oauth2" ? null : person;
  const { claims, unknown } = await collectClaims(ports, { as, provider, idToken, accessToken, now }).catch(
    (thrown) => {
      // The token was good for asking who it is, and is not good for more.
      if (!isLatchkeyError(thrown, "signin.userinfo_invalid")) throw thrown;
      throw new LatchkeyError("token.subject_refused", {
        cause: thrown,
        data: { provider: provider.id, reason: "userinfo" },
      });
    },
  );
  const admitted = await admit(ports, {
    provider,
    issuer: claims.iss,
    flow: { setup: null },
    tokens: null,
    onlyUser: userId,
    claims,
    // There was no ID token: what userinfo does not say may stand there, and is not known (SI-16).
    unknown:
      provider.kind === "oauth2"
        ? unknown
        : {
            roles: unknown.roles ?? untold(claims, provider.claims.roles),
            groups: unknown.groups ?? untold(claims, provider.claims.groups),
          },
    postedName: undefined,
    input: { cookieHeader: undefined, request },
    now,
  });
  const { lifetime, idle } = ports.session;
  return { value: admitted.sessionValue, lifetime: milliseconds(Math.min(lifetime, idle)) };
}

const untold = (claims: JsonObject, name: string): "not_told_again" | null =>
  readClaim(claims, name) === undefined ? "not_told_again" : null;
