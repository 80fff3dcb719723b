/** Composition of what is signed here: keys from the database, assertions over them. Wiring, no rules. */
import { type Assertions, createAssertions } from "./assertions/assertions.js";
import type { Config } from "./config/schema.js";
import { createSigningKeys, type SigningKeys } from "./keys/signing-keys.js";
import type { SessionChecker } from "./sessions/check-session.js";
import type { News } from "./sessions/news.js";
import type { SignInPorts } from "./sign-in/ports.js";

export function wireAssertions(wiring: {
  readonly config: Config;
  readonly base: string;
  readonly signIn: Pick<SignInPorts, "store" | "keyring" | "clock" | "random" | "log">;
  readonly news: News;
  readonly checker: Pick<SessionChecker, "byId">;
}): { readonly keys: SigningKeys; readonly assertions: Assertions } {
  const { store, keyring, clock, random, log } = wiring.signIn;
  const { alg, lifetime } = wiring.config.assertions;
  const keys = createSigningKeys({ store, keyring, clock, log, news: wiring.news }, alg);
  const sessionOf = wiring.checker.byId;
  return {
    keys,
    assertions: createAssertions({ keys, sessionOf, clock, random, issuer: wiring.base, lifetime }),
  };
}
