/** SU-11: `latchkey provider remove` over a real database: what is asked, what is answered, and the exit status. */
import { describe, expect, test } from "vitest";
import { runProgram } from "../src/cli/program.js";
import type { Terminal } from "../src/cli/terminal.js";
import { aGrant, anIdentity, aSession, aUser, write } from "../src/testing/store-suite/samples.js";
import { aCommandLine, type CommandLine } from "./support/command-line.js";

const off = { providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x", enabled: false }] };

/** Ann, with a session and its grant, of which no secret opens anything. */
async function annIn(line: CommandLine) {
  const user = aUser();
  const identity = anIdentity(user);
  const session = aSession(identity, { provider: "corp" });
  await write(line.store, async (tx) => {
    await tx.users.insert(user);
    await tx.identities.insert(identity);
    await tx.sessions.insert(session);
    await tx.grants.insert(aGrant(user, session, { connection: "provider:corp" }));
  });
  return user;
}

describe("provider remove", () => {
  test("SU-11 VA-14 asks with counts, and does nothing where nobody can answer", async () => {
    const line = await aCommandLine(off);
    const ann = await annIn(line);
    const refused = await line.run("provider", "remove", "corp");
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain("--yes");
    let asked = "";
    const terminal: Terminal = {
      cwd: line.database.replace(/\/[^/]*$/, ""),
      env: {},
      out: () => {},
      err: () => {},
      outIsTerminal: false,
      errIsTerminal: false,
      canAsk: true,
      color: false,
      confirm: async (question) => {
        asked = question;
        return false;
      },
      ask: async () => "",
      onStopSignal: () => {},
      exitNow: () => {},
    };
    expect(await runProgram(terminal, ["provider", "remove", "corp"])).toBe(1);
    expect(asked).toBe("Remove corp: 1 session, 1 connection, 0 group memberships, 0 roles of 1 person?");
    expect(await line.store.sessions.ofUser(ann.id)).toHaveLength(1);
  });

  test("SU-11 VA-14 with --yes it is done, and told as text or as one document", async () => {
    const line = await aCommandLine(off);
    const ann = await annIn(line);
    const done = await line.run("provider", "remove", "corp", "--yes", "--json");
    expect([done.code, done.err]).toEqual([0, ""]);
    const counts = { people: 1, sessions: 1, grants: 1, memberships: 0, roles: 0 };
    expect(done.json()).toEqual({ removed: "corp", ...counts, revoked: true });
    expect(await line.store.sessions.ofUser(ann.id)).toEqual([]);
    await annIn(line);
    const text = await line.run("provider", "remove", "corp", "--yes");
    expect([text.code, text.out]).toEqual([
      0,
      "corp was removed: 1 session, 1 connection, 0 group memberships, 0 roles of 1 person.\n",
    ]);
    expect(text.err).toContain("leave the provider's entry in the configuration");
  });

  test("SU-11 VA-14 one that is not configured any more is removed, and it is told that nothing can be revoked", async () => {
    const line = await aCommandLine({ providers: [{ id: "else", issuer: "https://idp.else.test", clientId: "x" }] });
    await annIn(line);
    const done = await line.run("provider", "remove", "corp", "--yes");
    expect(done.code).toBe(0);
    expect(done.err).toContain("cannot be revoked");
  });

  test("SU-11 VA-14 one that is switched on and one that is nobody's are refused with 1", async () => {
    const line = await aCommandLine();
    await annIn(line);
    for (const [id, code] of [
      ["corp", "signin.provider_enabled"],
      ["crop", "signin.provider_unknown"],
    ] as const) {
      const refused = await line.run("provider", "remove", id, "--yes", "--json");
      expect([refused.code, refused.json().error.code]).toEqual([1, code]);
    }
  });
});
