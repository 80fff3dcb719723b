/** Which of the authorization servers that the resource metadata names (TS-3): it is asked for metadata only as far as needed. */
import { isLatchkeyError } from "../kernel/errors.js";
import type { AuthorizationServer } from "../oauth/types.js";
import { refused } from "./failures.js";
import type { FoundAuthorizationServer } from "./find-authorization-server.js";

/** How many are looked at where none is pinned or known: each may cost three requests. */
const mostLookedAt = 4;

export interface KnownIssuers {
  /** People hold grants of it that would end with another choice. */
  readonly inUse: readonly string[];
  /** We have been registered there. */
  readonly registered: readonly string[];
}

export interface Registrations {
  /** Issuers at which we are known for this connection already. */
  known(): Promise<KnownIssuers>;
  /** Whether it offers a way to register that this connection can use, and has not refused it before (TS-7). */
  canRegister(as: AuthorizationServer): Promise<boolean>;
}

/**
 * The pinned one; else the one that is in use, else the one that we are registered at; else the first that offers a way in;
 * else the first. An outage of those that we are known at is an outage: no other takes their place, since grants would end for it.
 * Where what they say of themselves is of no use, one that offers a way in does: nobody could connect any more.
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
  const { inUse, registered } = await registrations.known();
  const known = new Set([inUse, registered].flatMap((ours) => named.filter((issuer) => ours.includes(issuer))));
  let withdrawn: unknown;
  for (const issuer of known) {
    try {
      return await find(issuer);
    } catch (thrown) {
      if (!isLatchkeyError(thrown, "connect.metadata_refused", "connect.pkce_unsupported")) throw thrown;
      withdrawn ??= thrown;
    }
  }
  let fallback: FoundAuthorizationServer | undefined;
  let failure: unknown;
  for (const issuer of named.filter((one) => !known.has(one)).slice(0, mostLookedAt)) {
    try {
      const found = await find(issuer);
      if (await registrations.canRegister(found.as)) return found;
      fallback ??= found;
    } catch (thrown) {
      if (!isLatchkeyError(thrown)) throw thrown;
      failure ??= thrown;
    }
  }
  if (fallback && withdrawn === undefined) return fallback;
  throw withdrawn ?? failure;
}
