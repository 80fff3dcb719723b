/** What a person can do about their sign-in methods: which can be added, which can be removed (AC-4, SU-8). */
import type { IdentityId, SessionId, UserId } from "../kernel/ids.js";
import type { Provider, ProviderRegistry } from "../providers/provider.js";
import type { StoreReads } from "../store/contract.js";
import type { IdentityRecord } from "../store/records.js";
import { type OwnIdentity, refuseUnlink } from "./policy/link.js";

export interface MethodsView {
  /** Enabled providers that the person has no identity of, in the order of the configuration. */
  readonly addable: readonly Pick<Provider, "id" | "displayName" | "icon">[];
  /** All but the last one that leads in. */
  readonly removable: readonly IdentityId[];
  /** The one that the session which asks was begun with. */
  readonly current: IdentityId | null;
}

export async function listMethods(
  { store, providers }: { store: Pick<StoreReads, "identities" | "sessions">; providers: ProviderRegistry },
  userId: UserId,
  sessionId: SessionId,
): Promise<MethodsView> {
  const [identities, session] = await Promise.all([store.identities.ofUser(userId), store.sessions.byId(sessionId)]);
  const own = ownIdentities(providers, identities);
  // A provider of many tenants can be added until each of them is there.
  const missing = (issuer: string) => !identities.some((identity) => identity.issuer === issuer);
  return {
    addable: providers
      .all()
      .filter(({ enabled, issuers }) => enabled && (issuers.length === 0 || issuers.some(missing)))
      .map(({ id, displayName, icon }) => ({ id, displayName, icon })),
    removable: own.filter(({ id }) => refuseUnlink(id, own) === undefined).map(({ id }) => id),
    current: session?.identityId ?? null,
  };
}

/** The policy's view of a person's identities. */
export const ownIdentities = (
  providers: ProviderRegistry,
  identities: readonly IdentityRecord[],
): readonly OwnIdentity[] => identities.map((identity) => ({ id: identity.id, usable: leadsIn(providers, identity) }));

/** AC-8: only an enabled provider of this issuer lets anybody in. Where its issuer is not known yet, its id must do. */
const leadsIn = (providers: ProviderRegistry, { issuer, provider: last }: IdentityRecord): boolean =>
  providers
    .all()
    .some(({ enabled, issuers, id }) => enabled && (issuers.includes(issuer) || (issuers.length === 0 && id === last)));
