/** What an operator sees of people's grants, which is everything but the tokens (VA-5), and ending them. */
import type { AuditContext } from "../audit/audit-event.js";
import type { Keyring } from "../crypto/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { AuditEventRecord, GrantRecord, OutboxRecord } from "../store/records.js";
import { type EndedGrants, endGrants } from "./end-grants.js";
import { endOfToken, type GrantSecrets } from "./sealed-grant.js";

/** A grant without what is sealed in it. */
export type GrantMetadata = Omit<GrantRecord, "sealed" | "leaseOwner" | "leaseEndsAt">;

export interface GrantAdministration {
  /** @param user their id */
  list(user: UserId): Promise<readonly GrantMetadata[]>;
  /** Who has connected this, each once. */
  holders(connection: string): Promise<readonly UserId[]>;
  /**
   * @param connection only of this one; null: all
   * @param how `revokes`: false where nobody can say where and as whom any more, so that nothing waits for it. @default true
   * @throws LatchkeyError `grant.not_connected` when there is nothing to end
   */
  revoke(user: UserId, connection: string | null, how?: { readonly revokes: boolean }): Promise<EndedGrants>;
}

export function administerGrants(ports: {
  readonly store: Store;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly revocation: (grant: GrantRecord, secrets: GrantSecrets, now: Instant) => OutboxRecord;
  /** Whether that finds its way to the issuer, as far as it is known here. @default it does */
  readonly isRevocable?: (grant: GrantRecord) => Promise<boolean>;
  readonly by: () => AuditContext & { readonly actor: AuditEventRecord["actor"] };
}): GrantAdministration {
  return {
    async list(user) {
      const grants = await ports.store.grants.ofUser(user);
      return grants.map(({ sealed: _, leaseOwner: _owner, leaseEndsAt: _ends, ...metadata }) => ({
        ...metadata,
        expiresAt: endOfToken(metadata),
      }));
    },
    async holders(connection) {
      const found = new Set<UserId>();
      for (let cursor: string | undefined, more = true; more; ) {
        const page = await ports.store.grants.list({ limit: 200, cursor }, { connection });
        for (const { userId } of page.items) found.add(userId);
        cursor = page.next ?? undefined;
        more = cursor !== undefined;
      }
      return [...found];
    },
    async revoke(user, connection, how = { revokes: true }) {
      const isMeant = (grant: GrantRecord) => connection === null || grant.connection === connection;
      const { actor, ...audit } = ports.by();
      const done = await endGrants(
        how.revokes ? ports : { ...ports, ...nowhere },
        { user, isMeant },
        { actor, audit, now: ports.clock.now() },
      );
      if (done.ended === 0) throw new LatchkeyError("grant.not_connected", { data: { user, connection } });
      return done;
    },
  };
}

const nowhere = { revocation: () => undefined, isRevocable: async () => false } as const;
