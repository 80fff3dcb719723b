/** What the account page shows of one person: who they are here, and why (SU-8). */
import type { UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import type { ProviderRegistry } from "../providers/provider.js";
import { listSessions } from "../sessions/list-sessions.js";
import type { Authenticated } from "../sessions/session.js";
import type { StoreReads } from "../store/contract.js";
import type { AccountView, IdentityView } from "./features.js";

interface ViewPorts {
  readonly store: Pick<StoreReads, "users" | "identities" | "groups" | "sessions">;
  readonly providers: ProviderRegistry;
}

export async function readAccount(ports: ViewPorts, signedIn: Authenticated, now: Instant): Promise<AccountView> {
  const { user } = signedIn;
  const [record, memberships, identities, sessions] = await Promise.all([
    ports.store.users.byId(user.id),
    ports.store.groups.ofUser(user.id),
    readIdentities(ports, user.id),
    listSessions(ports, signedIn, now),
  ]);
  const names = [...new Set(memberships.map(({ group }) => group.name))];
  const originsOf = (name: string) =>
    memberships.filter(({ group }) => group.name === name).map(({ origin }) => origin);
  return {
    user,
    roleOrigin: record?.roleOrigin ?? "default",
    groups: names.map((name) => ({ name, origins: originsOf(name) })),
    identities,
    sessions,
  };
}

export async function readIdentities(
  { store, providers }: Pick<ViewPorts, "store" | "providers">,
  userId: UserId,
): Promise<readonly IdentityView[]> {
  const identities = await store.identities.ofUser(userId);
  return identities.map((identity) => {
    const provider = providers.byId(identity.provider);
    const displayName = provider?.issuer === identity.issuer ? provider.displayName : identity.issuer;
    const { id, issuer, email, emailVerified, createdAt, lastUsedAt } = identity;
    return { id, provider: identity.provider, displayName, issuer, email, emailVerified, createdAt, lastUsedAt };
  });
}
