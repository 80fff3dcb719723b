/**
 * Which sessions a provider's logout is about (LO-8). Pure: it is asked before the transaction, to know what to seal,
 * and inside it, where it counts.
 */
import { err, ok, type Result } from "../../kernel/result.js";
import type { SessionRecord } from "../../store/records.js";

/** Whom the provider named, and to which of our clients it said so. */
export interface LogoutOf {
  readonly clientIds: readonly string[];
  readonly sub: string | undefined;
  readonly sid: string | undefined;
}

/**
 * The sessions to end. A `sid` alone means the sessions of that `sid`, a `sub` alone all of that person's; both mean
 * those of the `sid`, and those of the person whose `sid` nobody told us, since one of them may be the one that is meant.
 *
 * @param found sessions of this issuer, as the store has them; those made through another client do not count
 * @returns `sid_of_another` when the `sid` belongs to somebody else than `sub`: one of the two is a lie
 */
export function loggedOutSessions(
  of: LogoutOf,
  found: { readonly bySid: readonly SessionRecord[]; readonly bySub: readonly SessionRecord[] },
): Result<readonly SessionRecord[], "sid_of_another"> {
  const ours = (session: SessionRecord) => of.clientIds.includes(session.clientId);
  const bySid = found.bySid.filter(ours);
  const bySub = found.bySub.filter(ours);
  if (of.sub === undefined) return ok(bySid);
  if (of.sid === undefined) return ok(bySub);
  if (bySid.some(({ sub }) => sub !== of.sub)) return err("sid_of_another");
  return ok([...bySid, ...bySub.filter(({ sid }) => sid === null)]);
}
