/** A person's sessions and sign-in methods as their account page shows them (LO-6). */
import type { Instant } from "../kernel/time.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { StoreReads } from "../store/contract.js";
import { liveSession } from "./check-session.js";
import type { Authenticated, LiveSession } from "./session.js";

export interface SessionView extends LiveSession {
  /** The provider's display name, or the issuer when the provider is gone. */
  readonly providerName: string;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** The session that asks. */
  readonly current: boolean;
}

export async function listSessions(
  ports: { store: Pick<StoreReads, "sessions">; providers: ProviderRegistry },
  signedIn: Authenticated,
  now: Instant,
): Promise<readonly SessionView[]> {
  const records = await ports.store.sessions.ofUser(signedIn.user.id);
  return records
    .filter((record) => record.idleEndsAt > now && record.endsAt > now)
    .map((record) => ({
      ...liveSession(record),
      providerName: ports.providers.byId(record.provider)?.displayName ?? record.issuer,
      address: record.address,
      userAgent: record.userAgent,
      current: record.id === signedIn.session.id,
    }));
}
