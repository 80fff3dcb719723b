/** Many people who each hold one grant of the provider `fake`, without having signed in one by one. */
import type { Keyring } from "../../src/crypto/port.js";
import { systemRandom } from "../../src/crypto/random.js";
import { newId } from "../../src/kernel/ids.js";
import { systemClock } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import type { GrantRecord } from "../../src/store/records.js";
import { aGrant, aUser } from "../../src/testing/store-suite/samples.js";
import { sealGrant } from "../../src/vault/sealed-grant.js";
import { connection } from "./setting.js";

export async function fillGrants(
  store: Store,
  keyring: Keyring,
  issuer: string,
  count: number,
  ofNumber: (number: number) => Partial<GrantRecord>,
): Promise<readonly GrantRecord[]> {
  const filled: GrantRecord[] = [];
  for (let from = 0; from < count; from += 500) {
    await store.transaction(async (tx) => {
      for (let number = from; number < Math.min(count, from + 500); number++) {
        const user = aUser();
        // An id as the product makes it: the moment of a refresh hangs on its end.
        const id = newId<GrantRecord["id"]>(systemClock.now(), systemRandom);
        const clientId = "latchkey";
        const grant = aGrant(user, null, { id, connection, issuer, clientId, ...ofNumber(number) });
        const tokens = {
          accessToken: `old-${number}`,
          tokenType: "Bearer",
          refreshToken: `filled-${number}`,
          idToken: null,
        } as const;
        const sealed = { ...grant, sealed: sealGrant(keyring, grant, tokens) };
        await tx.users.insert(user);
        await tx.grants.insert(sealed);
        filled.push(sealed);
      }
    });
  }
  return filled;
}
