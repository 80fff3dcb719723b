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

/** A finder over rows and news that a test tells, and one grant that is good but for what becomes of its person. */
function aFinder() {
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
  const state = { generation: 0, reads: 0, disabledAt: null as number | null, busy: true };
  /** Called after the grants of a read have been taken. */
  let onRead = async (_reads: number): Promise<void> => {};
  const ports = {
    clock,
    keyring,
    store: {
      users: { byId: async () => ({ id: userId, disabledAt: state.disabledAt, role: "user" }) },
      sessions: { ofUser: async () => [] },
      grants: {
        ofUser: async () => {
          await onRead(++state.reads);
          return [grant];
        },
      },
    },
    news: {
      isCurrent: () => true,
      subscribe: () => {},
      get generation() {
        return state.generation;
      },
      catchUp: async () => {
        if (state.busy && state.reads < 100) state.generation++;
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
  return {
    state,
    find: () => finder.find(key),
    onRead: (act: (reads: number) => Promise<void>) => {
      onRead = act;
    },
  };
}

test("LO-3 VA-13 while something is announced at every moment a grant is found all the same, and not remembered", async () => {
  const { state, find } = aFinder();
  expect(await find()).toMatchObject({ secrets: { accessToken: "held" } });
  expect(state.reads).toBe(3);
  state.disabledAt = toInstant(1);
  await expect(find()).rejects.toMatchObject({ code: "account.disabled" });
});

test("LO-3 VA-13 who asks after somebody was disabled does not get what was read for those who asked before", async () => {
  const { state, find, onRead } = aFinder();
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const isReading = new Promise<void>((resolve) => {
    onRead(async (reads) => {
      if (reads !== 3) return;
      resolve();
      await held;
    });
  });
  const before = find();
  await isReading;
  // Their rows have been read; now it happens, and is heard of here.
  state.disabledAt = toInstant(1);
  state.generation++;
  const after = find();
  letGo();
  await before.catch(() => {});
  await expect(after).rejects.toMatchObject({ code: "account.disabled" });
});

test("VA-7 a thousand who ask at once are one read", async () => {
  const { state, find } = aFinder();
  state.busy = false;
  await Promise.all(Array.from({ length: 1_000 }, find));
  expect(state.reads).toBe(1);
});
