/** SU-11, VA-4: `latchkey keys` as an operator types it. */
import { describe, expect, test } from "vitest";
import { progressLine } from "../src/cli/progress-line.js";
import { checkSecret } from "../src/kernel/secret-strength.js";
import { aKeyring, aSecret, contents, fill } from "./keys/filling.js";
import { aCommandLine } from "./support/command-line.js";

const [oldest, old, newest] = [aSecret(), aSecret(), aSecret()];
const secrets = [newest.reveal(), old.reveal()];
const [newestId, oldId] = aKeyring(newest, old).keyIds();
const hidden = [oldest, old, newest].map((one) => one.reveal()).concat("content of", "canary-refresh", "eyJhbGci");

describe("keys status", () => {
  test("SU-11 VA-4 says how many rows each secret holds, by table, and ends with 0 while all of them open", async () => {
    const line = await aCommandLine({ secrets });
    await fill(line.store, aKeyring(old), 20);
    await fill(line.store, aKeyring(newest), 10);
    const asked = await line.run("keys", "status", "--json");
    expect(asked.code).toBe(0);
    expect(asked.json()).toEqual({
      keys: [
        {
          secret: "secrets.0",
          seals: true,
          id: newestId,
          rows: { grants: 8, identities: 1, outbox: 1, registrations: 0, signing_keys: 0, tool_servers: 0 },
          total: 10,
        },
        {
          secret: "secrets.1",
          seals: false,
          id: oldId,
          rows: { grants: 16, identities: 2, outbox: 2, registrations: 0, signing_keys: 0, tool_servers: 0 },
          total: 20,
        },
      ],
      unknown: [],
      unopened: { total: 0, rows: [] },
      rows: 30,
      signing: [],
    });
    const text = await line.run("keys", "status");
    expect(text.out).toMatch(/secrets\.1 +\S{12} +16 +2 +2 +0 +0 +0 +20 +latchkey keys rotate/);
    expect([text.code, text.err]).toEqual([0, ""]);
  });

  test("SU-11 VA-4 VA-5 names rows that no secret opens, ends with 1, and shows no secret and nothing that is sealed", async () => {
    const line = await aCommandLine({ secrets });
    const lost = await fill(line.store, aKeyring(oldest), 130);
    for (const words of [
      ["keys", "status"],
      ["keys", "rotate"],
      ["keys", "status", "--json"],
      ["keys", "rotate", "--json"],
    ]) {
      const ran = await line.run(...words);
      expect(ran.code, words.join(" ")).toBe(1);
      for (const text of hidden) expect(ran.out + ran.err).not.toContain(text);
    }
    const text = await line.run("keys", "status");
    expect(text.out).toContain("130 rows that no secret opens");
    expect(text.out).toContain([...lost.grants.keys()][0]);
    expect(text.out).toContain("and 30 more of them");
    expect((await line.run("keys", "status", "--json")).json().unopened.rows).toHaveLength(100);
    expect(await line.store.sealed.count("grants")).toBe(104);
  });
});

describe("keys rotate", () => {
  test("SU-11 VA-4 seals everything anew and says how fast; a second run finds nothing to do", async () => {
    const line = await aCommandLine({ secrets });
    const filled = await fill(line.store, aKeyring(old), 50);
    const ran = await line.run("keys", "rotate", "--batch", "7", "--json");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.json()).toEqual({
      resealed: 50,
      overtaken: 0,
      unopened: 0,
      end: "done",
      milliseconds: expect.any(Number),
      rowsPerSecond: expect.any(Number),
      signing: null,
    });
    expect(await contents(line.store, aKeyring(newest), "grants")).toEqual(filled.grants);
    const again = await line.run("keys", "rotate");
    expect(again.out).toMatch(
      /^0 rows sealed anew in [\d.]+ s\.\nEvery row that opens is sealed with the newest secret\.\n$/,
    );
    expect((await line.run("keys", "status")).out).toMatch(/secrets\.1 .* 0 +holds nothing/);
  });

  test("SU-11 VA-4 a stop signal ends it after its batch, and the next run goes on", async () => {
    const line = await aCommandLine({ secrets });
    await fill(line.store, aKeyring(old), 400);
    const running = line.start(["keys", "rotate", "--batch", "1"]);
    await expect.poll(async () => (await line.store.sealed.page("grants", 1))[0]?.sealed).toContain(headOf(newest));
    running.stop();
    const ran = await running.ended;
    expect(ran.code).toBe(1);
    expect(ran.out).toContain("Stopped. Run it again");
    expect((await line.run("keys", "rotate", "--json")).json()).toMatchObject({ end: "done" });
  });

  test.each(["0", "1001", "ten", "-1"])("SU-11 a batch of %s is wrong usage", async (batch) => {
    const line = await aCommandLine({ secrets });
    expect(await line.run("keys", "rotate", "--batch", batch)).toMatchObject({ code: 2, out: "" });
  });
});

/** What a text sealed with this secret begins with. */
const headOf = (secret: typeof newest): string =>
  aKeyring(secret).seal("grant", { table: "grants", row: "" }, "").slice(0, 60);

test("SU-11 VA-3 keys new prints a good secret alone on standard output, each time another, and what to do with it", async () => {
  const line = await aCommandLine();
  const [one, two] = [await line.run("keys", "new"), await line.run("keys", "new", "--json")];
  expect(one.out).toMatch(/^[\w-]{43}\n$/);
  expect(one.err).toContain("Put it first");
  expect(checkSecret(one.out.trim()).ok).toBe(true);
  expect(two.json()).toEqual({ secret: expect.stringMatching(/^[\w-]{43}$/), next: expect.any(Array) });
  expect(two.json().secret).not.toBe(one.out.trim());
});

test("SU-11 a progress line is written over in place on a terminal, and nowhere else", () => {
  let err = "";
  const terminal = {
    err(text: string) {
      err += text;
    },
    errIsTerminal: true,
  };
  const line = progressLine(terminal);
  line.show(0.5, "half");
  line.show(2, "all");
  line.end();
  expect(err).toBe(
    `\r[${"#".repeat(12)}${"-".repeat(12)}] 50 %  half\u001b[K\r[${"#".repeat(24)}] 100 %  all\u001b[K\r\u001b[K`,
  );
  err = "";
  const silent = progressLine({ ...terminal, errIsTerminal: false });
  silent.show(0.5, "half");
  silent.end();
  expect(err).toBe("");
});
