/**
 * Does the token endpoint accept who we say we are? A code that was never issued is exchanged, with the client
 * authentication of a real sign-in (SI-4): `invalid_grant` means that the client was believed and only the code was
 * not; `invalid_client` means that it was not (RFC 6749 §5.2).
 */
import { randomToken } from "../crypto/random.js";
import type { Egress } from "../egress/port.js";
import { isLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";
import { exchangeCode } from "../oauth/token-request.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import { check, type Finding } from "./finding.js";

const why = "After the sign-in at the provider we fetch the tokens as its client; refused there, nobody gets in.";

export async function checkClient(
  ports: { readonly egress: Egress; readonly clock: Clock; readonly random: RandomSource; readonly log: Log },
  input: { readonly as: AuthorizationServer; readonly provider: Provider },
): Promise<Finding> {
  const { as, provider } = input;
  const client = check(`client-authentication:${provider.id}`, why);
  try {
    const code = `made-up-${randomToken(ports.random)}`;
    await exchangeCode(ports, { as, provider, code, codeVerifier: randomToken(ports.random), now: ports.clock.now() });
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    return judge(client, thrown, provider);
  }
  return client.fail("The provider gave tokens for a code that it never issued.", "Do not use this provider.");
}

function judge(client: ReturnType<typeof check>, error: LatchkeyError, provider: Provider): Finding {
  const { error: said, description, status, reason } = error.data;
  const told = [said, description].filter((part) => typeof part === "string" && part !== "").join(": ");
  const proven = provider.client.clientSecret || provider.client.clientKey;
  switch (error.code) {
    case "signin.code_rejected":
      return client.ok(
        proven
          ? "The token endpoint took our client authentication and refused only the made-up code."
          : "The token endpoint took the client id, without a secret, and refused only the made-up code.",
      );
    case "signin.client_rejected":
      return client.fail(
        `The token endpoint refuses the client ${provider.client.clientId}: ${told || `status ${String(status)}`}.`,
        proven
          ? "Copy clientId and clientSecret anew from the provider (has the secret expired?), and compare tokenEndpointAuthMethod with what is set there."
          : "Set clientSecret, or make the client a public one at the provider.",
      );
    case "signin.provider_misconfigured":
      return client.fail(
        `The token request cannot be made: ${String(reason ?? error.code)}.`,
        "Check clientKey and tokenEndpointAuthMethod, and whether the egress check names the token endpoint.",
      );
    case "signin.provider_unavailable":
      return client.fail(
        `The token endpoint cannot be reached: ${String(status ?? reason ?? error.code)}.`,
        "Check that this machine may reach it: firewall, proxy (egress.proxy), certificate authority (egress.ca).",
      );
    default:
      return client.warn(
        `Could not tell: the token endpoint answered ${told || `${String(reason ?? error.code)}, status ${String(status)}`}.`,
        "Sign in once; the log has the provider's words beside the request id.",
      );
  }
}
