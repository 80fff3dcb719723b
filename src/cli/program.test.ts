/** Long because every command is run against one prepared folder and database, in this process. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemRandom } from "../crypto/random.js";
import { type IdentityId, newId, type SessionId, type UserId } from "../kernel/ids.js";
import { silentLog } from "../kernel/log.js";
import { systemClock, toInstant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import { openSqliteStore } from "../store/sqlite.js";
import { buildProgram, runProgram } from "./program.js";
import type { Terminal } from "./terminal.js";

const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
const yaml = `
baseUrl: http://localhost:3000
secrets: ["\${LATCHKEY_SECRET}"]
database: sqlite:DATABASE
providers: [{ id: corp, issuer: https://idp.corp.test, clientId: x, clientSecret: canary-client-secret }]
`;

let cwd: string;
let database: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "latchkey-cli-"));
  database = join(cwd, "test.db");
  await writeFile(join(cwd, "latchkey.yaml"), yaml.replace("DATABASE", database));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

/** Runs one command line in this process, with nobody at the terminal unless `answer` says what they type. */
async function run(line: string, how: { env?: Record<string, string>; answer?: boolean; color?: boolean } = {}) {
  let out = "";
  let err = "";
  const asked: string[] = [];
  const terminal: Terminal = {
    cwd,
    env: { LATCHKEY_SECRET: strong, ...how.env },
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outIsTerminal: how.color ?? false,
    errIsTerminal: how.color ?? false,
    canAsk: how.answer !== undefined,
    color: how.color ?? false,
    confirm: async (question) => {
      asked.push(question);
      return how.answer ?? false;
    },
    ask: async () => "",
    onStopSignal: () => {},
    exitNow: () => {},
  };
  const code = await runProgram(terminal, line.split(" "));
  return { code, out, err, asked, json: () => JSON.parse(out) };
}

describe("the command line itself", () => {
  test("SU-11 every command has --json, a description and examples in its help", async () => {
    const program = buildProgram({ terminal: { color: false } as Terminal, exitCode: 0 });
    const lines = program.commands.flatMap((one) =>
      one.commands.length > 0 ? one.commands.map((two) => `${one.name()} ${two.name()}`) : [one.name()],
    );
    expect(lines).toEqual([
      "init",
      "serve",
      "doctor",
      "migrate",
      "config check",
      "config print",
      "config schema",
      "provider test",
      "provider remove",
      "claims explain",
      "user list",
      "user show",
      "user add",
      "user role",
      "user disable",
      "user enable",
      "user delete",
      "user sign-out",
      "user sync",
      "grant list",
      "grant revoke",
      "service add",
      "service list",
      "service rotate",
      "service remove",
      "tool-server add",
      "tool-server list",
      "tool-server test",
      "tool-server remove",
      "audit tail",
      "audit export",
      "webhook list",
      "webhook retry",
      "keys status",
      "keys rotate",
      "keys new",
      "version",
    ]);
    for (const line of lines) {
      const { code, out } = await run(`${line} --help`);
      expect(code).toBe(0);
      expect(out, line).toContain("--json");
      expect(out, line).toContain(`$ latchkey ${line}`);
    }
  });

  test.each([
    "",
    "nope",
    "config",
    "config nope",
    "serve --port many",
    "serve --port 65536",
    "user show",
    "user role a@b.test",
    "user list --limit 0",
    "version --nope",
  ])("SU-11 wrong usage is exit 2: %j", async (line) => {
    const { code, err, out } = await run(line);
    expect(code).toBe(2);
    expect(err).not.toBe("");
    expect(out).toBe("");
  });

  test("SU-11 version tells ours and Node's", async () => {
    expect((await run("version --json")).json()).toEqual({
      latchkey: expect.stringMatching(/^\d+\.\d+\.\d+/),
      node: process.version,
    });
  });

  test("SU-11 --version is what version says, and wrong usage names the help to read", async () => {
    expect((await run("--version")).out).toBe((await run("version")).out);
    expect((await run("user lst")).err).toContain("See: latchkey user --help");
    const cursor = await run("migrate").then(() => run("user list --cursor nonsense"));
    expect(cursor).toMatchObject({ code: 2, out: "" });
    expect(cursor.err).toContain("--cursor");
  });

  test("SU-11 what is wrong is told in an operator's words: which database, and what to do", async () => {
    const fresh = await run("user list");
    expect(fresh.err).toContain(`database: ${database}`);
    expect(fresh.err).toContain("Run latchkey migrate");
    expect(fresh.err).not.toContain("service is not available");
    await rm(join(cwd, "latchkey.yaml"));
    expect((await run("config check")).err).toContain("no configuration file in this folder");
  });

  test("SU-11 colours only on a terminal", async () => {
    expect((await run("config print")).out).not.toContain("\u001b");
    expect((await run("config print", { color: true })).err).toContain("\u001b");
  });
});

describe("config", () => {
  test("SU-11 check is exit 0 for a valid one, with warnings on standard error", async () => {
    const { code, err, json } = await run("config check --json", { env: { LATCHKEY_NONSENSE: "1" } });
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      ok: true,
      providers: ["corp"],
      file: join(cwd, "latchkey.yaml"),
      warnings: [expect.stringContaining("LATCHKEY_NONSENSE")],
    });
    expect(err).toContain("LATCHKEY_NONSENSE");
  });

  test("SU-1 check is exit 3 with every problem at once, in text and JSON", async () => {
    await writeFile(
      join(cwd, "bad.yaml"),
      "baseUrl: ftp://x\nsesions: {}\nobservability: { tracing: true }\nproviders: [{ id: corp }]\n",
    );
    const text = await run("config check --config bad.yaml");
    expect(text.code).toBe(3);
    for (const part of [
      "baseUrl",
      "did you mean sessions",
      "observability.tracing is not yet",
      "providers.0.issuer is missing",
      "providers.0.clientId is missing",
      "bad.yaml",
    ]) {
      expect(text.err).toContain(part);
    }
    const json = await run("config check --config bad.yaml --json");
    expect(json.code).toBe(3);
    expect(json.json().error.code).toBe("config.invalid");
    expect(
      json
        .json()
        .error.data.problems.map((problem: { path: string }) => problem.path)
        .sort(),
    ).toEqual(["baseUrl", "observability.tracing", "providers.0.clientId", "providers.0.issuer", "sesions"]);
  });

  test("VA-3 check says how to make a good secret", async () => {
    const { code, err } = await run("config check", { env: { LATCHKEY_SECRET: "changeme" } });
    expect(code).toBe(3);
    expect(err).toContain("openssl rand -base64 32");
  });

  test("SU-1 an unknown variable is told beside the problems too: it is often why a key is missing", async () => {
    await writeFile(join(cwd, "bad.yaml"), yaml.replace("clientId: x, ", ""));
    const env = { LATCHKEY_PROVIDERS__0__CLIENTID: "x" };
    const { code, err } = await run("config check --config bad.yaml", { env });
    expect(code).toBe(3);
    expect(err).toMatch(/providers\.0\.clientId .*\n.*LATCHKEY_PROVIDERS__0__CLIENTID names no key/);
    const { error } = (await run("config check --config bad.yaml --json", { env })).json();
    expect(error.data.warnings).toEqual([expect.stringContaining("LATCHKEY_PROVIDERS__0__CLIENTID")]);
  });

  test("SU-11 no configuration at all is exit 3", async () => {
    await rm(join(cwd, "latchkey.yaml"));
    const { code, err } = await run("config check", { env: { LATCHKEY_SECRET: undefined as never } });
    expect(code).toBe(3);
    expect(err).toContain("config.not_found");
  });

  test("VA-5 print masks secrets and tells where each value came from", async () => {
    for (const line of ["config print", "config print --json"]) {
      const { code, out, err } = await run(line, { env: { LATCHKEY_SESSIONS__IDLE: "1d" } });
      expect(code).toBe(0);
      expect(out + err).not.toMatch(/canary|q8Xo1/);
      expect(out).toContain("LATCHKEY_SESSIONS__IDLE");
      expect(out).toContain("[secret]");
    }
  });

  test("SU-11 schema prints the JSON Schema and needs no configuration", async () => {
    await rm(join(cwd, "latchkey.yaml"));
    const { code, json } = await run("config schema");
    expect(code).toBe(0);
    expect(json()).toMatchObject({
      title: "Latchkey configuration",
      type: "object",
      required: expect.arrayContaining(["baseUrl", "secrets", "providers"]),
    });
  });
});

describe("migrate", () => {
  test("SU-11 tells what there is to do, does it once, and --status changes nothing", async () => {
    expect(await run("migrate --status --json")).toMatchObject({ code: 1 });
    const first = (await run("migrate --json")).json();
    expect(first.from).toBe(0);
    expect(first.to).toBeGreaterThan(0);
    expect((await run("migrate --json")).json()).toEqual({ from: first.to, to: first.to });
    const status = await run("migrate --status --json");
    expect(status.code).toBe(0);
    expect(status.json()).toEqual({ status: "current", database: first.to, code: first.to });
  });

  test("SU-11 a database that cannot be reached is exit 4", async () => {
    const { code, err } = await run("migrate", {
      env: { LATCHKEY_DATABASE: `sqlite:${join(cwd, "no/such/folder/x.db")}` },
    });
    expect(code).toBe(4);
    expect(err).toContain("store.unavailable");
  });
});

describe("user", () => {
  let ann: UserId;
  let bob: UserId;
  const at = toInstant(1_700_000_000_000);
  const id = <T extends IdentityId | SessionId>() => newId<T>(systemClock.now(), systemRandom);

  async function withStore<T>(act: (store: Store) => Promise<T>): Promise<T> {
    const store = await openSqliteStore({
      path: database,
      migrate: true,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
    });
    try {
      return await act(store);
    } finally {
      await store.close();
    }
  }

  beforeEach(async () => {
    // Ids sort by the time of making, and lists are in order of id.
    ann = newId<UserId>(at, systemRandom);
    bob = newId<UserId>(toInstant(at + 1), systemRandom);
    await withStore((store) =>
      store.transaction(async (tx) => {
        for (const [user, email, role] of [
          [ann, "ann@example.test", "admin"],
          [bob, "bob@example.test", "pending"],
        ] as const) {
          await tx.users.insert({
            id: user,
            email,
            emailVerified: true,
            name: `${email.slice(0, 3)}\u001b[31m\u009b31m\u202e`,
            picture: null,
            role,
            roleOrigin: "manual",
            disabledAt: null,
            claimedAt: at,
            version: 1,
            createdAt: at,
            updatedAt: at,
            lastSignInAt: at,
          });
          const identity = id<IdentityId>();
          await tx.identities.insert({
            id: identity,
            userId: user,
            provider: "corp",
            issuer: "https://idp.corp.test",
            subject: `sub-${email}`,
            sub: `sub-${email}`,
            email,
            emailVerified: true,
            claims: "canary-claims",
            createdAt: at,
            lastUsedAt: at,
          });
          await tx.sessions.insert({
            id: id<SessionId>(),
            tokenHash: `canary-hash-${email}`,
            userId: user,
            identityId: identity,
            provider: "corp",
            issuer: "https://idp.corp.test",
            clientId: "x",
            sub: `sub-${email}`,
            sid: null,
            createdAt: at,
            lastSeenAt: at,
            idleEndsAt: toInstant(at + 1),
            endsAt: toInstant(at + 2),
            address: "192.0.2.1",
            userAgent: null,
            roleAtIssue: role,
          });
        }
      }),
    );
  });

  test("SU-11 list shows who there is, by role and text, page by page", async () => {
    const all = (await run("user list --json")).json();
    expect(all.items.map((user: { email: string }) => user.email)).toEqual(["ann@example.test", "bob@example.test"]);
    expect(all.next).toBeNull();
    expect((await run("user list --json --role pending")).json().items).toHaveLength(1);
    expect((await run("user list --json --search ANN")).json().items).toHaveLength(1);
    const first = (await run("user list --json --limit 1")).json();
    expect((await run(`user list --json --limit 1 --cursor ${first.next}`)).json().items[0].email).toBe(
      "bob@example.test",
    );
  });

  test("VA-5 show tells all but hashes and sealed values, and no name moves the cursor", async () => {
    for (const line of ["user show ANN@example.test", `user show ${ann} --json`, "user list"]) {
      const { code, out } = await run(line);
      expect(code).toBe(0);
      expect(out).toContain("ann@example.test");
      expect(out).not.toMatch(/canary|[\u001b\u009b\u202e]/);
    }
    const { user, identities, sessions } = (await run(`user show ${ann} --json`)).json();
    expect(user).toMatchObject({ id: ann, role: "admin", createdAt: "2023-11-14T22:13:20.000Z", disabledAt: null });
    expect(identities).toHaveLength(1);
    expect(sessions).toMatchObject([{ provider: "corp", expiresAt: "2023-11-14T22:13:20.001Z" }]);
  });

  test("SU-11 role changes it, and refuses a role that does not exist", async () => {
    const { code, json } = await run("user role bob@example.test user --json");
    expect(code).toBe(0);
    expect(json()).toMatchObject({ role: "user", roleOrigin: "manual", version: 2 });
    const unknown = await run("user role bob@example.test owner --json");
    expect(unknown.code).toBe(1);
    expect(unknown.json().error.code).toBe("account.role_unknown");
  });

  test("SU-11 disable ends the sessions too, enable lets in again", async () => {
    expect((await run("user disable bob@example.test")).code).toBe(0);
    expect(await withStore((store) => store.sessions.ofUser(bob))).toEqual([]);
    expect((await run("user enable bob@example.test --json")).json().disabledAt).toBeNull();
  });

  test("SU-11 the last admin is neither demoted, disabled nor deleted", async () => {
    for (const line of [
      "user role ann@example.test user",
      "user disable ann@example.test",
      "user delete ann@example.test --yes",
    ]) {
      const { code, err } = await run(line);
      expect(code).toBe(1);
      expect(err).toContain("account.last_admin");
    }
    expect((await withStore((store) => store.users.byId(ann)))?.role).toBe("admin");
    expect(await withStore((store) => store.sessions.ofUser(ann))).toHaveLength(1);
  });

  test("SU-11 delete asks on a terminal and needs --yes where nobody can answer", async () => {
    expect((await run("user delete bob@example.test")).code).toBe(2);
    const refused = await run("user delete bob@example.test", { answer: false });
    expect(refused.code).toBe(1);
    expect(refused.asked).toEqual(["Delete bob@example.test for good?"]);
    expect(await withStore((store) => store.users.byId(bob))).toBeDefined();
    expect((await run("user delete bob@example.test", { answer: true })).code).toBe(0);
    expect(await withStore((store) => store.users.byId(bob))).toBeUndefined();
  });

  test("SU-11 sign-out ends every session and tells how many", async () => {
    expect((await run("user sign-out ann@example.test --json")).json()).toMatchObject({ ended: 1, user: { id: ann } });
    expect((await run("user sign-out ann@example.test --json")).json().ended).toBe(0);
    const events = await withStore((store) => store.audit.list({ limit: 10 }));
    expect(events.items).toMatchObject([
      { type: "session.ended", rule: "ended_by_operator", actor: { kind: "operator" } },
    ]);
  });

  test.each(["show", "disable", "enable", "sign-out"])("SU-11 %s of nobody is exit 1", async (name) => {
    const { code, json } = await run(`user ${name} nobody@example.test --json`);
    expect(code).toBe(1);
    expect(json().error.code).toBe("account.not_found");
  });
});
