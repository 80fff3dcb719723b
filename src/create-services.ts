/** Composition of what services may ask for: authentication, token exchange, revocation. Wiring, no rules. */
import type { Config } from "./config/schema.js";
import { milliseconds, seconds } from "./kernel/time.js";
import type { Features } from "./server/features.js";
import { createServiceAuthentication } from "./services/authenticate.js";
import { createExchange, type ExchangePorts } from "./services/exchange.js";
import { createRevoke, type RevokePorts } from "./services/revoke.js";
import { admitKnown } from "./sign-in/admit-known.js";
import type { SignInPorts } from "./sign-in/ports.js";

/** VA-7: a program waits less long for a refresh than the app around us would. */
const longestWait = seconds(25);

export type ServiceWiring = RevokePorts &
  Pick<ExchangePorts, "vault" | "checker"> & {
    readonly config: Pick<Config, "services" | "vault">;
    readonly signIn: SignInPorts;
  };

export function wireServices({
  config,
  signIn,
  ...given
}: ServiceWiring): Pick<Features, "authenticateService" | "exchangeToken" | "revokeForService"> {
  const wired = { ...signIn, ...given };
  return {
    authenticateService: createServiceAuthentication({ ...wired, configured: config.services }),
    exchangeToken: createExchange({
      ...wired,
      signInKnown: (person) => admitKnown(signIn, person),
      wait: milliseconds(Math.min(longestWait, config.vault.callerWait)),
    }),
    revokeForService: createRevoke(wired),
  };
}
