/** SU-11: `latchkey audit tail | export` over a real database. */
import { describe, expect, test } from "vitest";
import { csvCell } from "../src/cli/audit-text.js";
import { before as earlier, milliseconds, systemClock, toInstant } from "../src/kernel/time.js";
import type { AuditEventRecord } from "../src/store/records.js";
import { anAuditEvent, write } from "../src/testing/store-suite/samples.js";
import { aCommandLine, type CommandLine } from "./support/command-line.js";

const at = (day: number, hour = 0) => toInstant(Date.UTC(2026, 10, day, hour));
const append = (line: CommandLine, ...events: readonly AuditEventRecord[]) =>
  write(line.store, async (tx) => {
    for (const event of events) await tx.audit.append(event);
  });
const ids = (events: readonly { id: string }[]) => events.map((event) => event.id);

describe("audit tail", () => {
  test("SU-11 shows the newest, newest last, of one type or one person", async () => {
    const line = await aCommandLine();
    const ann = (await line.run("user", "add", "ann@example.com", "--json")).json();
    const events = [1, 2, 3].map((day) => anAuditEvent({ at: at(day), target: { kind: "user", id: "u" } }));
    await append(line, ...events);
    const all = (await line.run("audit", "tail", "--json")).json().items;
    expect(ids(all).slice(0, 3)).toEqual(ids(events));
    expect(all.at(-1)).toEqual({
      id: expect.any(String),
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      type: "user.added",
      actor: { kind: "operator", id: "command-line" },
      target: { kind: "user", id: ann.id },
      rule: "manual",
      requestId: expect.any(String),
      data: { role: "pending" },
    });
    expect(ids((await line.run("audit", "tail", "--limit", "2", "--json")).json().items)).toEqual(ids(all).slice(-2));
    const ofType = await line.run("audit", "tail", "--type", "user.added", "--json");
    expect(ids(ofType.json().items)).toEqual(ids(all).slice(-1));
    for (const who of ["ANN@example.com", ann.id]) {
      expect(ids((await line.run("audit", "tail", "--user", who, "--json")).json().items)).toEqual(ids(all).slice(-1));
    }
    expect((await line.run("audit", "tail", "--user", "nobody@example.com")).code).toBe(1);
    const text = (await line.run("audit", "tail")).out.trimEnd().split("\n");
    expect(text).toHaveLength(4);
    expect(text[3]).toContain(`user.added         operator command-line -> user ${ann.id}  rule=manual`);
  });

  test("SU-11 --follow shows each later event once, also one that was committed late, and stops with 0", async () => {
    const line = await aCommandLine();
    const now = systemClock.now();
    const [old, newest] = [anAuditEvent({ at: earlier(now, milliseconds(9_000)) }), anAuditEvent({ at: now })];
    await append(line, old, newest);
    const running = line.start(["audit", "tail", "--follow", "--limit", "1", "--json"]);
    const shown = () =>
      running
        .out()
        .split("\n")
        .filter(Boolean)
        .map((text) => JSON.parse(text).id);
    await expect.poll(shown, { timeout: 20_000 }).toEqual([newest.id]);
    const [next, late] = [
      anAuditEvent({ at: systemClock.now() }),
      anAuditEvent({ at: earlier(now, milliseconds(500)) }),
    ];
    await append(line, next);
    await expect.poll(shown, { timeout: 20_000 }).toEqual([newest.id, next.id]);
    await append(line, late);
    await expect.poll(shown, { timeout: 20_000 }).toEqual([newest.id, next.id, late.id]);
    running.stop();
    expect((await running.ended).code).toBe(0);
    expect(shown()).toEqual([newest.id, next.id, late.id]);
  });
});

describe("audit export", () => {
  test("SU-11 writes every event of a period, oldest first, over many pages", async () => {
    const line = await aCommandLine();
    const events = Array.from({ length: 450 }, (_, index) => anAuditEvent({ at: at(1 + Math.floor(index / 150)) }));
    await append(line, ...events);
    const lines = async (...more: string[]) => {
      const { code, out } = await line.run("audit", "export", ...more);
      expect(code).toBe(0);
      return ids(
        out
          .split("\n")
          .filter(Boolean)
          .map((text) => JSON.parse(text)),
      );
    };
    expect(await lines()).toEqual(ids(events));
    expect(await lines("--since", "2026-11-02")).toEqual(ids(events.slice(150)));
    expect(await lines("--since", "2026-11-02", "--until", "2026-11-03T00:00:00Z")).toEqual(
      ids(events.slice(150, 300)),
    );
    expect(await lines("--until", "2026-11-02T01:00:00+01:00")).toEqual(ids(events.slice(0, 150)));
    expect(await lines("--type", "role.changed")).toEqual([]);
    expect(ids((await line.run("audit", "export", "--json")).json().items)).toEqual(ids(events));
    expect((await line.run("audit", "export", "--type", "role.changed", "--json")).json()).toEqual({ items: [] });
    for (const wrong of [
      ["export", "--type", "bogus"],
      ["tail", "--type", "bogus"],
      ["export", "--since", "1d", "--until", "2d"],
    ])
      expect(await line.run("audit", ...wrong)).toMatchObject({
        code: 2,
        out: "",
        err: expect.stringMatching(/--type is one of .*role\.changed|--since must be before --until/),
      });
    const rows = (await line.run("audit", "export", "--format", "csv")).out.split("\r\n");
    expect(rows[0]?.split(",").slice(0, 3)).toEqual(["id", "at", "type"]);
    expect(rows.slice(1, -1).map((row) => row.split(",")[0])).toEqual(ids(events));
  });

  test.each(["2026-13-01", "2026-02-30", "yesterday", "2026-11-01T00:00:00", "-1d"])(
    "SU-11 --since %s is wrong usage",
    async (since) => {
      const line = await aCommandLine();
      expect(await line.run("audit", "export", `--since=${since}`)).toMatchObject({ code: 2, out: "" });
    },
  );

  test("SU-11 --json and --format csv together are wrong usage, and so is another format", async () => {
    const line = await aCommandLine();
    expect((await line.run("audit", "export", "--json", "--format", "csv")).code).toBe(2);
    expect((await line.run("audit", "export", "--format", "xlsx")).code).toBe(2);
  });

  test("SU-11 no cell of the table is a formula, whatever a stranger is called", async () => {
    const line = await aCommandLine();
    const formula = '=HYPERLINK("https://evil.example","Approve")';
    await append(line, anAuditEvent({ at: at(1), actor: { kind: "identity", id: formula }, address: "-1+1" }));
    const { out } = await line.run("audit", "export", "--format", "csv");
    expect(out).toContain(`,"'=HYPERLINK(""https://evil.example"",""Approve"")",`);
    expect(out).toContain(`,"'-1+1",`);
  });

  test.each(["=1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "\u200b=1", "|cmd", "%x"])(
    "SU-11 a cell that begins as %j is text",
    (value) => {
      expect(csvCell(value)).toBe(`"'${value}"`);
    },
  );

  test("SU-11 other cells are as they are, quoted where RFC 4180 wants it", () => {
    expect([csvCell("user.created"), csvCell(null), csvCell('a "b", c'), csvCell("2=1")]).toEqual([
      "user.created",
      "",
      '"a ""b"", c"',
      "2=1",
    ]);
  });
});
