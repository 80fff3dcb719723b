/** QU-16: the short mode of `npm run test:faults`, so that what it finds is found on every change. */
import { beforeAll, describe, expect, test } from "vitest";
import { postgresPrograms, redisProgram } from "./own-servers.js";
import { type FaultRow, runFaults } from "./table.js";

describe("faults of databases, endpoints, clocks and processes", () => {
  let rows: readonly FaultRow[] = [];
  beforeAll(async () => {
    rows = await runFaults({ mode: "short", note: (text) => console.info(text) });
  }, 600_000);

  test("QU-16 VA-7 VA-9 VA-10 AT-30 AT-32 no grant is lost and no family revoked but where nothing can be done, and that is told", () => {
    expect(rows.filter(({ ok }) => !ok)).toEqual([]);
    expect(rows.reduce((lost, { grantsLost }) => lost + grantsLost, 0)).toBe(0);
    const databases = [
      "sqlite",
      ...(postgresPrograms() ? ["postgres", ...(redisProgram() ? ["postgres+redis"] : [])] : []),
    ];
    expect([...new Set(rows.map(({ database }) => database))]).toEqual(databases);
  });

  test("QU-16 a lenient provider costs nobody anything; a strict one takes only what was cut on its way", () => {
    expect(rows.filter(({ judge }) => judge === "lenient").every(({ unavoidable }) => unavoidable === 0)).toBe(true);
    // The table can tell: where the answer died after the rotation, a strict provider did take the grants.
    const died = rows.find(({ judge, fault }) => judge === "strict" && fault.includes("dies after rotating"));
    expect(died?.unavoidable).toBeGreaterThan(0);
    expect(died?.unavoidable).toBe(died?.familyRevocations);
  });
});
