/** Which of the authorization servers that the resource metadata names (TS-3): it is asked for metadata only as far as needed. */
import { isLatchkeyError } from "../kernel/errors.js";
import type { AuthorizationServer } from "../oauth/types.js";
import { refused } from "./failures.js";
import type { FoundAuthorizationServer } from "./find-authorization-server.js";

/** How many are looked at where none is pinned or registered: each may cost three requests. */
const mostLookedAt = 4;

export interface Registrations {
  /** Whether we are registered there for this connection already. */
  isRegistered(issuer: string): Promise<boolean>;
  /** Whether it offers a way to register that this connection can use, and has not refused it before (TS-7). */
  canRegister(as: AuthorizationServer): Promise<boolean>;
}

/**
 * The pinned one; else the one that we are registered at; else the first that offers a way in; else the first.
 *
 * @throws LatchkeyError `connect.metadata_refused` when the pinned one is not among them, and what `find` throws
 */
export async function chooseAuthorizationServer(
  named: readonly string[],
  pinned: string | null,
  registrations: Registrations,
  find: (issuer: string) => Promise<FoundAuthorizationServer>,
): Promise<FoundAuthorizationServer> {
  const [first, ...others] = named;
  if (pinned !== null) {
    // Whoever moves to another server is not followed there with what the operator set up for the pinned one (TS-10).
    if (first !== undefined && !named.includes(pinned)) {
      throw refused("authorization_server_not_the_pinned_one", { pinned, named: [...named] });
    }
    return find(pinned);
  }
  if (first === undefined) throw refused("authorization_server_missing", {});
  if (others.length === 0) return find(first);
  for (const issuer of named) if (await registrations.isRegistered(issuer)) return find(issuer);
  let fallback: FoundAuthorizationServer | undefined;
  let failure: unknown;
  for (const issuer of named.slice(0, mostLookedAt)) {
    try {
      const found = await find(issuer);
      if (await registrations.canRegister(found.as)) return found;
      fallback ??= found;
    } catch (thrown) {
      if (!isLatchkeyError(thrown)) throw thrown;
      failure ??= thrown;
    }
  }
  if (fallback) return fallback;
  throw failure;
}
