/** The three people of the demo. Their passwords are known to everybody who reads this; the provider listens on loopback alone. */
import { createHash } from "node:crypto";
import { systemRandom } from "../src/crypto/random.js";
import { newId, type UserId } from "../src/kernel/ids.js";
import type { Instant } from "../src/kernel/time.js";
import type { Store } from "../src/store/contract.js";
import type { OidcPerson } from "../test/provider/oidc-provider.js";

export interface DemoPerson extends OidcPerson {
  /** The role that this person has in Latchkey after signing in. */
  readonly role: "admin" | "user" | "pending";
}

const person = (name: string, role: DemoPerson["role"], password: string, groups: readonly string[]): DemoPerson => {
  const email = `${name.split(" ")[0]?.toLowerCase()}@example.com`;
  return { sub: createHash("sha256").update(email).digest("hex").slice(0, 16), name, email, password, groups, role };
};

export const admin = person("Ada Lind", "admin", "ada-keeps-the-keys", ["staff", "operators"]);
export const user = person("Uma Okafor", "user", "uma-reads-a-lot", ["staff"]);
export const newcomer = person("Pim de Vries", "pending", "pim-just-came-by", []);
export const people: readonly DemoPerson[] = [admin, user, newcomer];

/**
 * Makes the account of the second person beforehand, as an operator does: unclaimed, until the first sign-in with
 * that verified address (AC-3). The admin comes from `signIn.bootstrapAdmins`; the third waits for approval.
 */
export async function prepareAccounts(store: Store, now: Instant): Promise<void> {
  await store.transaction(async (tx) => {
    if (await tx.users.byEmail(user.email)) return;
    await tx.users.insert({
      id: newId<UserId>(now, systemRandom),
      email: user.email,
      emailVerified: false,
      name: user.name,
      picture: null,
      role: user.role,
      roleOrigin: "manual",
      disabledAt: null,
      claimedAt: null,
      version: 1,
      createdAt: now,
      updatedAt: now,
      lastSignInAt: null,
    });
  });
}
