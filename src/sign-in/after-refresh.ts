/**
 * What follows a refresh (AC-19): the claims it brought are applied beside whoever waits for the token. What fails is
 * written into the outbox and tried again for a day; by then another refresh has come by.
 */
import { asLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { GrantId } from "../kernel/ids.js";
import { after, nextTurn, seconds } from "../kernel/time.js";
import { keptClaims } from "../oauth/refreshed-id-token.js";
import type { IdTokenClaims } from "../oauth/types.js";
import { claimsRow } from "../outbox/claims-again.js";
import type { GrantRecord } from "../store/records.js";
import { openGrant } from "../vault/sealed-grant.js";
import { type Reapplied, type ReapplyPorts, reapplyClaims } from "./reapply-claims.js";

export interface AfterRefreshPorts extends ReapplyPorts {
  /** Called after rows were queued, or sessions ended with revocations. Must not wait. */
  readonly onQueued: () => void;
}

/** What is told by the vault when new tokens are stored. */
interface Refreshed {
  readonly grant: GrantRecord;
  readonly accessToken: string;
  readonly claims: IdTokenClaims | null;
}

export interface AfterRefresh {
  /** Never rejects. */
  onRefreshed(refreshed: Refreshed): Promise<void>;
  /** The outbox's attempt. Rejects when it has to be made once more. */
  again(grant: GrantId): Promise<void>;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

export function createAfterRefresh(ports: AfterRefreshPorts): AfterRefresh {
  const underWay = new Set<Promise<void>>();

  async function applied({ grant, accessToken, claims }: Refreshed): Promise<void> {
    // Only a new ID token is news: what userinfo says without one, `latchkey user sync` asks.
    if (claims === null) return;
    // Those who wait for the token go first, here and on other nodes.
    await nextTurn();
    let why = "incomplete";
    try {
      if (isWhole(note(await apply(grant, accessToken, claims)))) return;
    } catch (thrown) {
      why = asLatchkeyError(thrown).code;
    }
    const fields = { grant: grant.id, connection: grant.connection, why };
    ports.log.warn(fields, "claims that a refresh brought could not be applied yet, and will be");
    const now = ports.clock.now();
    const row = claimsRow(ports, grant.id, now, after(now, seconds(5)));
    await ports.store.transaction((tx) => tx.outbox.insert(row));
  }

  const apply = (grant: GrantRecord, accessToken: string, claims: IdTokenClaims): Promise<Reapplied> => {
    const idToken = { claims, isOld: false };
    return reapplyClaims(ports, { grant, accessToken, idToken, through: "refresh", askAnyway: false, dryRun: false });
  };

  function note(end: Reapplied): Reapplied {
    if (end.kind === "refused" && end.signedOut) ports.onQueued();
    return end;
  }

  return {
    onRefreshed(refreshed) {
      const work = applied(refreshed).catch((thrown: unknown) => {
        const fields = { grant: refreshed.grant.id, err: asLatchkeyError(thrown) };
        ports.log.error(fields, "claims that a refresh brought are lost until the next one; the token is good");
      });
      underWay.add(work);
      return work.finally(() => underWay.delete(work));
    },
    async again(id) {
      const grant = await ports.store.grants.byId(id);
      const secrets = grant && openGrant(ports.keyring, grant);
      // Gone with its session, or nothing is in it that anybody could open: there is nothing to ask with.
      const claims = secrets?.idToken ? keptClaims(secrets.idToken) : undefined;
      if (!grant || !secrets || !claims) return;
      if (isWhole(note(await apply(grant, secrets.accessToken, claims)))) return;
      throw new LatchkeyError("signin.provider_unavailable", { data: { reason: "userinfo_failed" } });
    },
    async settled() {
      await Promise.allSettled(underWay);
    },
  };
}

const isWhole = (end: Reapplied): boolean => end.kind !== "applied" || !end.incomplete;
