/** Reads what bears on one identity: the same reads before the transaction, to know whom to seal for, and inside it. */
import type { StoreReads } from "../store/contract.js";
import type { IdentityRecord, UserRecord } from "../store/records.js";
import type { KnownAccounts, KnownUser } from "./policy/decide.js";
import type { IncomingIdentity } from "./policy/identity.js";

/** The policy's view, and the records that applying the decision will change. */
export interface LoadedAccounts {
  readonly known: KnownAccounts;
  readonly identity: IdentityRecord | undefined;
  readonly bySubject: UserRecord | undefined;
  readonly byEmail: UserRecord | undefined;
}

export async function loadKnownAccounts(
  reads: Pick<StoreReads, "users" | "identities">,
  incoming: IncomingIdentity,
): Promise<LoadedAccounts> {
  const identity = await reads.identities.bySubject(incoming.issuer, incoming.subject);
  const bySubject = identity && (await reads.users.byId(identity.userId));
  // An address that we made up is nobody's: it must never find an account (SI-18).
  const byEmail = bySubject || incoming.emailMadeUp ? undefined : await reads.users.byEmail(incoming.email);
  const others = byEmail ? await reads.identities.ofUser(byEmail.id) : [];
  return {
    identity,
    bySubject,
    byEmail,
    known: {
      bySubject: bySubject && knownUser(bySubject),
      byEmail: byEmail && {
        ...knownUser(byEmail),
        hasIdentityOfIssuer: others.some((other) => other.issuer === incoming.issuer),
      },
      empty: !bySubject && !byEmail && (await reads.users.none()),
    },
  };
}

const knownUser = (user: UserRecord): KnownUser => ({
  id: user.id,
  disabled: user.disabledAt !== null,
  claimed: user.claimedAt !== null,
  emailVerified: user.emailVerified,
  role: user.role,
});
