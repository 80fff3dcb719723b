/**
 * `POST /revoke` (RFC 7009, LO-11): a service ends a session, by its value or by an assertion that was made for this
 * service. What is neither is over already as far as we know, and is answered as if it had been (§2.2).
 */
import type { Assertions } from "../assertions/assertions.js";
import { sha256Base64Url } from "../crypto/digest.js";
import type { Clock } from "../kernel/time.js";
import { type EndSessionsPorts, endSessions } from "../logout/end-sessions.js";
import type { SessionRecord } from "../store/records.js";
import type { Service } from "./service.js";

export interface RevokePorts extends EndSessionsPorts {
  readonly clock: Clock;
  /** Looks at its session as well. */
  readonly verifyAssertion: Assertions["verify"];
  /** Called after revocations were queued, so that they leave soon. */
  readonly onQueued: () => void;
}

export interface RevokeRequest {
  readonly service: Service;
  readonly token: string;
  readonly request: { readonly requestId: string; readonly address: string | null };
}

/** @returns whether a session ended; throws LatchkeyError `store.*` when it cannot be known */
export function createRevoke(ports: RevokePorts): (input: RevokeRequest) => Promise<boolean> {
  async function sessionOf({ service, token }: RevokeRequest): Promise<SessionRecord | undefined> {
    // A value of ours has no dot in it, and an assertion has two.
    if (!token.includes(".")) return ports.store.sessions.byTokenHash(sha256Base64Url(token));
    if (service.audience === null) return undefined;
    const said = await ports.verifyAssertion(token, [service.audience]);
    return "refused" in said ? undefined : ports.store.sessions.byId(said.session.id);
  }

  return async (input) => {
    const now = ports.clock.now();
    const session = await sessionOf(input);
    if (!session) return false;
    const actor = { kind: "service", id: input.service.id };
    const ended = await endSessions(ports, [session], { actor, reason: "ended_by_service", audit: input.request, now });
    ports.onQueued();
    return ended > 0;
  };
}
