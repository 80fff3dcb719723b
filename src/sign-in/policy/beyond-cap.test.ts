import fc from "fast-check";
import { expect, test } from "vitest";
import type { SessionId } from "../../kernel/ids.js";
import { toInstant } from "../../kernel/time.js";
import { beyondCap } from "./beyond-cap.js";

const some = fc.uniqueArray(
  fc.record({
    id: fc.nat(1_000).map((n) => String(n).padStart(4, "0") as SessionId),
    lastSeenAt: fc.nat(5).map(toInstant),
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 30 },
);

test("SI-21 exactly the number is left, the new session always, and nothing older than what went", () => {
  fc.assert(
    fc.property(some, fc.integer({ min: 1, max: 12 }), fc.nat(), (sessions, most, pick) => {
      const kept = sessions[pick % sessions.length] as (typeof sessions)[number];
      const gone = beyondCap(sessions, kept.id, most);
      const left = sessions.filter((session) => !gone.includes(session));
      expect(left).toHaveLength(Math.min(most, sessions.length));
      expect(left).toContain(kept);
      const latest = Math.max(-1, ...gone.map(({ lastSeenAt }) => lastSeenAt));
      for (const session of left) if (session !== kept) expect(session.lastSeenAt).toBeGreaterThanOrEqual(latest);
    }),
  );
});

test("SI-21 of two that were last seen together the older one goes", () => {
  const at = (id: string, lastSeenAt: number) => ({ id: id as SessionId, lastSeenAt: toInstant(lastSeenAt) });
  const sessions = [at("d", 1), at("b", 1), at("a", 2), at("c", 1), at("new", 1)];
  expect(beyondCap(sessions, "new" as SessionId, 3).map(({ id }) => id)).toEqual(["b", "c"]);
});
