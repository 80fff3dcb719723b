/**
 * Which of a user's grants a caller means (VA-16). Pure. "The newest grant of any provider" does not exist: the rows given
 * are of one connection and its issuer, and of sessions that still live.
 */
import type { GrantRecord } from "../../store/records.js";

/** That session's grant if it is active; else the active one with the latest `created`, and of two the later id. */
export function selectGrant(grants: readonly GrantRecord[], session: string | undefined): GrantRecord | undefined {
  const active = grants.filter(({ status }) => status === "active");
  // A sign-in makes both: a session has one grant of a connection.
  return active.find(({ sessionId }) => sessionId === session) ?? newest(active);
}

const newest = (grants: readonly GrantRecord[]): GrantRecord | undefined =>
  grants.reduce<GrantRecord | undefined>((best, grant) => (best && isNewer(best, grant) ? best : grant), undefined);

const isNewer = (a: GrantRecord, b: GrantRecord): boolean =>
  a.createdAt === b.createdAt ? a.id > b.id : a.createdAt > b.createdAt;
