import { expect, test } from "vitest";
import type { SessionRecord } from "../../store/records.js";
import { loggedOutSessions } from "./logged-out-sessions.js";

/** Sessions of one issuer, as `client:sub:sid`; `-` is a sid that nobody told. */
const sessions = ["a:ann:s1", "a:ann:s2", "a:ann:-", "b:ann:s1", "b:ann:-", "a:ben:s3", "a:ben:-"];
const record = (text: string) => {
  const [clientId, sub, sid] = text.split(":");
  return { clientId, sub, sid: sid === "-" ? null : sid, text } as unknown as SessionRecord & { text: string };
};
const ended = (clientIds: string[], sub: string | undefined, sid: string | undefined) => {
  const all = sessions.map(record);
  const found = loggedOutSessions(
    { clientIds, sub, sid },
    { bySid: all.filter((one) => one.sid === sid), bySub: all.filter((one) => one.sub === sub) },
  );
  return found.ok ? found.value.map((one) => (one as ReturnType<typeof record>).text) : found.error;
};

test.each<
  [what: string, clientIds: string[], sub: string | undefined, sid: string | undefined, ended: string[] | string]
>([
  ["sid alone", ["a"], undefined, "s1", ["a:ann:s1"]],
  ["sid alone, another client's", ["b"], undefined, "s2", []],
  ["sub alone: all of that person's", ["a"], "ann", undefined, ["a:ann:s1", "a:ann:s2", "a:ann:-"]],
  ["both: that sid, and those without one", ["a"], "ann", "s1", ["a:ann:s1", "a:ann:-"]],
  ["both, the sid unknown here", ["a"], "ann", "s9", ["a:ann:-"]],
  ["both, the sid somebody else's", ["a"], "ann", "s3", "sid_of_another"],
  ["both, the sid somebody else's at another client alone", ["b"], "ann", "s3", ["b:ann:-"]],
  ["addressed to both clients", ["a", "b"], "ann", "s1", ["a:ann:s1", "b:ann:s1", "a:ann:-", "b:ann:-"]],
  ["a stranger", ["a"], "eve", undefined, []],
  ["a client that nobody used", ["c"], "ann", "s1", []],
])("LO-8 %s", (_what, clientIds, sub, sid, expected) => {
  expect(ended(clientIds, sub, sid)).toEqual(expected);
});
