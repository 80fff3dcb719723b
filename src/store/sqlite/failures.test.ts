import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../kernel/errors.js";
import { UniqueViolation } from "../contract.js";
import { translated } from "./failures.js";

const sqlite = (code: string, message = "x") => Object.assign(new Error(message), { code });

describe("SQLite's failures", () => {
  test.each([
    "SQLITE_FULL",
    "SQLITE_IOERR",
    "SQLITE_IOERR_WRITE",
    "SQLITE_IOERR_SHORT_READ",
    "SQLITE_CORRUPT",
    "SQLITE_CORRUPT_INDEX",
    "SQLITE_NOTADB",
    "SQLITE_CANTOPEN",
    "SQLITE_READONLY_DBMOVED",
    "SQLITE_PROTOCOL",
    "SQLITE_NOMEM",
  ])("QU-21 %s is store.unavailable and keeps its cause", (code) => {
    const cause = sqlite(code);
    expect(translated(cause)).toEqual(new LatchkeyError("store.unavailable", { cause, data: { sqlite: code } }));
  });

  test.each(["SQLITE_BUSY", "SQLITE_BUSY_SNAPSHOT", "SQLITE_BUSY_RECOVERY"])("QU-21 %s is store.busy", (code) => {
    expect(translated(sqlite(code))).toMatchObject({ code: "store.busy", data: { sqlite: code } });
  });

  test("QU-21 a handle that was closed is store.unavailable", () => {
    const error = new TypeError("The database connection is not open");
    expect(translated(error)).toMatchObject({ code: "store.unavailable" });
  });

  test.each(["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"])("%s names its table", (code) => {
    const error = translated(sqlite(code, "UNIQUE constraint failed: audit_events.issuer, audit_events.subject"));
    expect(error).toBeInstanceOf(UniqueViolation);
    expect(error).toMatchObject({ table: "audit_events", message: "unique constraint of audit_events" });
  });

  test.each([
    sqlite("SQLITE_CONSTRAINT_FOREIGNKEY"),
    sqlite("SQLITE_CONSTRAINT_NOTNULL"),
    sqlite("SQLITE_ERROR", "no such table"),
    sqlite("SQLITE_BUSYBODY"),
    sqlite("SQLITE_FULLY"),
    new TypeError("something else"),
    "text",
    undefined,
  ])("a defect comes back as it is: %s", (error) => {
    expect(translated(error)).toBe(error);
  });
});
