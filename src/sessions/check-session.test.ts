/** Races that no journey can time: what is announced while a node is reading a session's rows. */
import { expect, test } from "vitest";
import { days, toInstant } from "../kernel/time.js";
import type { Announcement } from "../store/records.js";
import { createManualClock } from "../testing/manual-clock.js";
import { type CheckSessionPorts, createSessionChecker } from "./check-session.js";
import { createSessionCookie } from "./session-cookie.js";

const value = "v".repeat(43);
const end = toInstant(Number.MAX_SAFE_INTEGER);
const headers = new Headers({ cookie: `latchkey=${value}` });
const aSession: object = {
  id: "session",
  userId: "user",
  provider: "corp",
  issuer: "https://idp.example",
  createdAt: toInstant(0),
  lastSeenAt: end,
  idleEndsAt: end,
  endsAt: end,
};

/** A checker over rows and news that a test tells. */
function aChecker({ record, onGroups, news }: { record: () => object | undefined; onGroups(): void; news: object }) {
  const ports = {
    store: {
      sessions: { byTokenHash: async () => record() },
      users: { byId: async () => ({ id: "user", disabledAt: null }) },
      groups: {
        ofUser: async () => {
          onGroups();
          return [];
        },
      },
    },
    news,
    clock: createManualClock(),
    lastSeen: { note: () => {} },
    cookie: createSessionCookie({ name: "latchkey", secure: false, domain: null, sameSite: "lax" }),
    providers: { byId: () => ({ enabled: true, issuers: ["https://idp.example"] }) },
    idle: days(7),
    pictureOf: async () => null,
  };
  return createSessionChecker(ports as unknown as CheckSessionPorts);
}

test("LO-3 AT-45 a session that ended while its rows were read is not kept as one that lives", async () => {
  let record: object | undefined = aSession;
  let generation = 0;
  let unread = false;
  const listeners: ((announcement: Announcement) => void)[] = [];
  const checker = aChecker({
    record: () => record,
    onGroups() {
      // Another node ends it just now, when the session's row has been read already.
      record = undefined;
      unread = true;
    },
    news: {
      isCurrent: () => !unread,
      get generation() {
        return generation;
      },
      subscribe: (listener: (announcement: Announcement) => void) => void listeners.push(listener),
      catchUp: async () => {
        if (!unread) return;
        unread = false;
        generation++;
        for (const listener of listeners) listener({ sequence: 1, kind: "session", key: "session", at: toInstant(0) });
      },
    },
  });
  for (const _ of [1, 2]) expect(await checker.check(headers)).toMatchObject({ kind: "invalid" });
});

test("LO-3 while something is announced at every moment a session is checked all the same, and not remembered", async () => {
  let record: object | undefined = aSession;
  let [generation, reads] = [0, 0];
  const checker = aChecker({
    record: () => record,
    onGroups: () => void reads++,
    news: {
      isCurrent: () => true,
      get generation() {
        return generation;
      },
      subscribe: () => {},
      catchUp: async () => {
        if (reads < 100) generation++;
      },
    },
  });
  expect(await checker.check(headers)).toMatchObject({ kind: "signed-in" });
  expect(reads).toBe(3);
  record = undefined;
  expect(await checker.check(headers)).toMatchObject({ kind: "invalid" });
});
