/**
 * "Add …": begins a flow that will add an identity to the account of whoever is signed in (AC-4). The user and the
 * session are those that the session check found, never a part of the request, and they are sealed into the flow.
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { Authenticated } from "../sessions/session.js";
import { openFlow, returnToOrDefault, usableProvider } from "./begin.js";
import { requireOwner } from "./own-account.js";
import type { SignInPorts } from "./ports.js";

export interface BeginLinkInput {
  readonly signedIn: Authenticated;
  readonly provider: string;
  /** Untrusted; SI-7 is applied to it here. */
  readonly returnTo: string | undefined;
  /** Where to come back to otherwise. */
  readonly accountPage: string;
  readonly cookieHeader: string | undefined;
  readonly request: { readonly requestId: string };
}

/**
 * @throws LatchkeyError `account.pending` · `link.reauthentication_required` · `link.issuer_taken` ·
 *   `signin.provider_unknown` · `signin.provider_disabled` · `signin.provider_unavailable` ·
 *   `signin.provider_misconfigured`
 */
export async function beginLink(ports: SignInPorts, input: BeginLinkInput) {
  const { user, session } = input.signedIn;
  requireOwner(input.signedIn, ports.clock.now());
  const provider = usableProvider(ports, input.provider);
  // Told before the way to the provider, where it can be; what counts is asked again when the identity is known.
  const own = await ports.store.identities.ofUser(user.id);
  const has = (issuer: string) => own.some((identity) => identity.issuer === issuer);
  if (provider.issuers.length > 0 && provider.issuers.every(has)) {
    throw new LatchkeyError("link.issuer_taken", { data: { provider: provider.id, user: user.id } });
  }
  return openFlow(ports, provider, {
    returnTo: returnToOrDefault(ports, input, input.accountPage),
    link: { userId: user.id, sessionId: session.id },
    cookieHeader: input.cookieHeader,
  });
}
