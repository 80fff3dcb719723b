/** A race that no journey can time: what is announced while a node is reading a grant's rows. */
import { expect, test } from "vitest";
import { createKeyring } from "../crypto/keyring.js";
import { systemRandom } from "../crypto/random.js";
import type { GrantId, UserId } from "../kernel/ids.js";
import { secret } from "../kernel/secret.js";
import { toInstant } from "../kernel/time.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createGrantFinder } from "./find-grant.js";
import type { VaultPorts } from "./ports.js";
import { newGrantState, sealGrant } from "./sealed-grant.js";

test("LO-3 VA-13 while something is announced at every moment a grant is found all the same, and not remembered", async () => {
  const clock = createManualClock();
  const keyring = createKeyring({ secrets: [secret("s".repeat(43))], random: systemRandom });
  const userId = "01990000-0000-7000-8000-000000000001" as UserId;
  const place = { id: "01990000-0000-7000-8000-000000000002" as GrantId, userId, connection: "provider:corp" };
  const secrets = { accessToken: "held", tokenType: "Bearer", refreshToken: null, idToken: null } as const;
  const grant = {
    ...place,
    ...newGrantState(clock.now()),
    sessionId: null,
    issuer: "https://idp.example",
    sealed: sealGrant(keyring, place, secrets),
  };
  let [generation, reads] = [0, 0];
  let disabledAt: number | null = null;
  const ports = {
    clock,
    keyring,
    store: {
      users: { byId: async () => ({ id: userId, disabledAt, role: "user" }) },
      sessions: { ofUser: async () => [] },
      grants: {
        ofUser: async () => {
          reads++;
          return [grant];
        },
      },
    },
    news: {
      isCurrent: () => true,
      subscribe: () => {},
      get generation() {
        return generation;
      },
      catchUp: async () => {
        if (reads < 100) generation++;
      },
    },
    connections: {
      find: async () => ({ enabled: true, issuers: null }),
      mustAdmit: async () => {},
      foreign: () => null,
    },
  };
  const finder = createGrantFinder(ports as unknown as VaultPorts);
  const key = { user: userId, session: undefined, connection: place.connection };
  expect(await finder.find(key)).toMatchObject({ secrets: { accessToken: "held" } });
  expect(reads).toBe(3);
  disabledAt = toInstant(1);
  await expect(finder.find(key)).rejects.toMatchObject({ code: "account.disabled" });
});
