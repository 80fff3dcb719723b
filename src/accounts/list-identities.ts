/** A person's sign-in methods, as their account page shows them (SU-8). */
import type { IdentityId, UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import type { ProviderRegistry } from "../providers/provider.js";
import type { StoreReads } from "../store/contract.js";

export interface IdentityView {
  readonly id: IdentityId;
  readonly provider: string;
  /** The configured display name, or the issuer when the provider is gone or another now. */
  readonly displayName: string;
  readonly issuer: string;
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant;
}

export async function listIdentities(
  { store, providers }: { store: Pick<StoreReads, "identities">; providers: ProviderRegistry },
  userId: UserId,
): Promise<readonly IdentityView[]> {
  const identities = await store.identities.ofUser(userId);
  return identities.map((identity) => {
    const provider = providers.byId(identity.provider);
    const displayName = provider?.issuers.includes(identity.issuer) ? provider.displayName : identity.issuer;
    const { id, issuer, email, emailVerified, createdAt, lastUsedAt } = identity;
    return { id, provider: identity.provider, displayName, issuer, email, emailVerified, createdAt, lastUsedAt };
  });
}
