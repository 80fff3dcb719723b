/** SU-11: an audit event as JSON, as a line and as a row, with all that it may hold and with nothing of it. */
import { expect, test } from "vitest";
import { anAuditEvent, at } from "../testing/store-suite/samples.js";
import { auditJson, auditLine, csvCell } from "./audit-text.js";

const actor = { kind: "user", id: "u-1" };
const target = { kind: "session", id: "s-1" };
const bare = { at: at(0), type: "session.ended", actor, target, requestId: "r-1" } as const;
const nothing = { provider: null, connection: null, address: null, rule: null, code: null, data: {} };
const all = {
  provider: "corp",
  connection: "tool:wiki",
  address: "192.0.2.1",
  rule: "sign_out",
  code: "store.busy",
  data: { a: 1 },
};

test("SU-11 a line says what there is, and nothing of what there is not", () => {
  const begin = "2026-01-01T00:00:00.000Z  session.ended      user u-1 -> session s-1";
  expect(auditLine(anAuditEvent({ ...bare, ...nothing }))).toBe(begin);
  expect(auditLine(anAuditEvent({ ...bare, ...all }))).toBe(
    `${begin}  provider=corp  connection=tool:wiki  address=192.0.2.1  rule=sign_out  code=store.busy  {"a":1}`,
  );
});

test("SU-11 its JSON has a member for each, and none for what is not there", () => {
  const base = {
    id: expect.any(String),
    at: "2026-01-01T00:00:00.000Z",
    type: "session.ended",
    actor,
    target,
    requestId: "r-1",
  };
  expect(auditJson(anAuditEvent({ ...bare, ...nothing }))).toEqual({ ...base, data: {} });
  expect(auditJson(anAuditEvent({ ...bare, ...all }))).toEqual({ ...base, ...all });
});

test.each([
  [null, ""],
  ["plain", "plain"],
  [" padded", '" padded"'],
  ["padded ", '"padded "'],
  ["a,b", '"a,b"'],
  ["=1+1", `"'=1+1"`],
])("SU-11 a cell of %j is %j", (value, cell) => expect(csvCell(value)).toBe(cell));
