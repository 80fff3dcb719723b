/** Reads everything that the decision about a sign-in asks of the store (KnownFacts), and the records it will change. */
import type { StoreReads } from "../store/contract.js";
import { type LoadedAccounts, loadKnownAccounts } from "./known-accounts.js";
import type { InstallationRules, KnownFacts, Person, ProviderRules } from "./policy/decide-sign-in.js";
import type { KnownGroups } from "./policy/groups.js";

export interface LoadedFacts {
  readonly accounts: LoadedAccounts;
  readonly known: KnownFacts;
}

type Reads = Pick<StoreReads, "users" | "identities" | "groups">;

/**
 * @param groups false where only who it is matters: before the transaction, to know whom to seal for
 */
export async function loadFacts(
  reads: Reads,
  person: Person,
  provider: Pick<ProviderRules, "groups">,
  rules: Pick<InstallationRules, "healLoneUser" | "groupsPerClaim">,
  { groups }: { readonly groups: boolean },
): Promise<LoadedFacts> {
  const accounts = await loadKnownAccounts(reads, person.identity);
  const user = accounts.bySubject ?? accounts.byEmail;
  const isAdmin = user?.role === "admin" && user.disabledAt === null;
  const lastAdmin = isAdmin && (await reads.users.countEnabledAdmins()) <= 1;
  const mayHeal = rules.healLoneUser && user !== undefined && user.role !== "admin";
  const onlyUser = mayHeal && (await reads.users.list({ limit: 2 })).items.length === 1;
  const known: KnownFacts = {
    accounts: accounts.known,
    roleOrigin: user?.roleOrigin ?? null,
    lastAdmin,
    onlyUser,
    groups: groups ? await loadGroups() : { existing: [], memberships: [] },
  };
  return { accounts, known };

  /** Nothing is read for what cannot change. */
  async function loadGroups(): Promise<KnownGroups> {
    const { fromClaims, default: joinedByAll } = provider.groups;
    const { result } = person.groups;
    const named = fromClaims && result.kind === "values" ? result.values : [];
    const wanted = named.length > rules.groupsPerClaim ? [] : named;
    const names = user || joinedByAll === null ? wanted : [...wanted, joinedByAll];
    const memberships = user && fromClaims ? await reads.groups.ofUser(user.id) : [];
    // A claim mostly says what is known: those that the person is in need not be looked up once more.
    const held = new Map(memberships.map(({ group }) => [group.name, group]));
    const others = names.filter((name) => !held.has(name));
    const found = others.length === 0 ? [] : await reads.groups.byNames(others);
    const existing = [...names.flatMap((name) => held.get(name) ?? []), ...found];
    return {
      existing: existing.map(({ id, name, createdBy }) => ({ id, name, createdBy })),
      memberships: memberships.map(({ group, origin }) => ({ id: group.id, name: group.name, origin })),
    };
  }
}
