/**
 * One grant of `latchkey user sync` (AC-19): it is refreshed whatever its token is good for, userinfo is asked, and what
 * both say is applied as a sign-in would. Where there is no refresh token, userinfo alone is asked while the token lasts.
 */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { isLatchkeyError } from "../kernel/errors.js";
import type { GrantId } from "../kernel/ids.js";
import { keptClaims } from "../oauth/refreshed-id-token.js";
import type { IdTokenClaims } from "../oauth/types.js";
import type { GrantRecord } from "../store/records.js";
import { openGrant } from "../vault/sealed-grant.js";
import { type Reapplied, type ReapplyPorts, reapplyClaims } from "./reapply-claims.js";

export interface SyncPorts extends ReapplyPorts {
  /**
   * Refreshes it now. `brought`: the claims of a new ID token, null where there was none; `failed`: no new token now.
   */
  readonly refresh: (
    id: GrantId,
  ) => Promise<{ readonly failed: ErrorCode | null; readonly brought: IdTokenClaims | null }>;
}

export type Synced =
  | Reapplied
  /** The provider, the store or the vault could not do its part now. */
  | { readonly kind: "failed"; readonly code: ErrorCode }
  /** The provider has ended it: the person has to connect again. */
  | { readonly kind: "ended"; readonly reason: string | null }
  | { readonly kind: "passed_over"; readonly reason: "expired" | "no_id_token" };

export async function syncGrant(ports: SyncPorts, id: GrantId, dryRun: boolean): Promise<Synced> {
  const before = await ports.store.grants.byId(id);
  const secrets = before && openGrant(ports.keyring, before);
  if (!before) return { kind: "ended", reason: null };
  if (!secrets) return { kind: "failed", code: "grant.unreadable" };
  const over = before.expiresAt !== null && before.expiresAt <= ports.clock.now();
  if (secrets.refreshToken === null) {
    return over ? { kind: "passed_over", reason: "expired" } : ask(before, null);
  }
  const { failed, brought } = await ports.refresh(id);
  if (failed !== null) return { kind: "failed", code: failed };
  const grant = await ports.store.grants.byId(id);
  if (grant?.status !== "active") return { kind: "ended", reason: grant?.statusReason ?? null };
  return ask(grant, brought);

  async function ask(grant: GrantRecord, claims: IdTokenClaims | null): Promise<Synced> {
    const held = openGrant(ports.keyring, grant);
    if (!held) return { kind: "failed", code: "grant.unreadable" };
    const kept = claims ?? (held.idToken === null ? undefined : keptClaims(held.idToken)) ?? null;
    const plain = ports.providers.byId(grant.connection.replace(/^provider:/, ""))?.kind === "oauth2";
    if (kept === null && !plain) return { kind: "passed_over", reason: "no_id_token" };
    const idToken = plain || kept === null ? null : { claims: kept, isOld: claims === null };
    try {
      const { accessToken } = held;
      return await reapplyClaims(ports, { grant, accessToken, idToken, through: "user_sync", askAnyway: true, dryRun });
    } catch (thrown) {
      if (!isLatchkeyError(thrown)) throw thrown;
      return { kind: "failed", code: thrown.code };
    }
  }
}
