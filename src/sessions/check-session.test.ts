/** The one race that no journey can time: a session that ends while another node is reading its rows. */
import { expect, test } from "vitest";
import { days, toInstant } from "../kernel/time.js";
import type { Announcement } from "../store/records.js";
import { createManualClock } from "../testing/manual-clock.js";
import { type CheckSessionPorts, createSessionChecker } from "./check-session.js";
import { createSessionCookie } from "./session-cookie.js";

test("LO-3 AT-45 a session that ended while its rows were read is not kept as one that lives", async () => {
  const value = "v".repeat(43);
  const end = toInstant(Number.MAX_SAFE_INTEGER);
  let record: object | undefined = {
    id: "session",
    userId: "user",
    provider: "corp",
    issuer: "https://idp.example",
    createdAt: toInstant(0),
    lastSeenAt: end,
    idleEndsAt: end,
    endsAt: end,
  };
  let generation = 0;
  let unread = false;
  const listeners: ((announcement: Announcement) => void)[] = [];
  const ports = {
    store: {
      sessions: { byTokenHash: async () => record },
      users: { byId: async () => ({ id: "user", disabledAt: null }) },
      groups: {
        // Another node ends it just now, when the session's row has been read already.
        ofUser: async () => {
          record = undefined;
          unread = true;
          return [];
        },
      },
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
    clock: createManualClock(),
    lastSeen: { note: () => {} },
    cookie: createSessionCookie({ name: "latchkey", secure: false, domain: null, sameSite: "lax" }),
    providers: { byId: () => ({ enabled: true, issuers: ["https://idp.example"] }) },
    idle: days(7),
    pictureOf: async () => null,
  };
  const checker = createSessionChecker(ports as unknown as CheckSessionPorts);
  const headers = new Headers({ cookie: `latchkey=${value}` });
  for (const _ of [1, 2]) expect(await checker.check(headers)).toMatchObject({ kind: "invalid" });
});
