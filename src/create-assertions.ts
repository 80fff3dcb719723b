/** Composition of what is signed here: keys from the database, assertions over them. Wiring, no rules. */
import { type Assertions, createAssertions } from "./assertions/assertions.js";
import type { Config } from "./config/schema.js";
import { createSigningKeys, type SigningKeys } from "./keys/signing-keys.js";
import { createIntrospect } from "./services/introspect.js";
import type { SessionChecker } from "./sessions/check-session.js";
import type { News } from "./sessions/news.js";
import type { SignInPorts } from "./sign-in/ports.js";

export function wireAssertions(wiring: {
  readonly config: Config;
  readonly base: string;
  readonly signIn: Pick<SignInPorts, "store" | "keyring" | "clock" | "random" | "log">;
  readonly news: News;
  readonly checker: Pick<SessionChecker, "byId" | "check">;
}) {
  const { store, keyring, clock, random, log } = wiring.signIn;
  const { base: issuer, checker } = wiring;
  const { alg, lifetime } = wiring.config.assertions;
  const keys: SigningKeys = createSigningKeys({ store, keyring, clock, log, news: wiring.news }, alg);
  const sessionOf = checker.byId;
  const assertions: Assertions = createAssertions({ keys, sessionOf, clock, random, issuer, lifetime });
  const verifyAssertion = assertions.verify;
  const introspectForService = createIntrospect({
    issuer,
    log,
    verifyAssertion,
    checkSession: (headers) => checker.check(headers),
  });
  return { keys, assertions, verifyAssertion, introspectForService };
}
