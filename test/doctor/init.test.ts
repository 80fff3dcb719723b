/** `latchkey init`: from an empty folder to a person who is signed in, and the dialogue. */
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { runProgram } from "../../src/cli/program.js";
import type { Terminal } from "../../src/cli/terminal.js";
import { createBrowser } from "../../src/testing/browser.js";
import { freePort } from "../support/free-port.js";
import { latchkey, patiently } from "./process.js";
import { aFolder, aProvider } from "./setting.js";

interface Made {
  readonly file: string;
  readonly secretFile: string;
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  readonly next: readonly string[];
}

test("SU-11 init in an empty folder, doctor, serve, and a person signs in", patiently, async () => {
  const cwd = await aFolder();
  const provider = await aProvider();
  const { clientId, clientSecret = "" } = provider.client;
  const baseUrl = `http://127.0.0.1:${await freePort()}`;
  const env = { CORP_SECRET: clientSecret };
  const flags = ["--base-url", baseUrl, "--provider", provider.issuer, "--client-id", clientId];
  const init = ["init", ...flags, "--client-secret-env", "CORP_SECRET", "--json"];
  const { code, out, err } = await latchkey(cwd, init).ended;
  expect([code, err]).toEqual([0, ""]);
  const made = JSON.parse(out) as Made;
  expect(made).toMatchObject({
    file: join(cwd, "latchkey.yaml"),
    redirectUri: `${baseUrl}/auth/providers/sso/callback`,
    postLogoutRedirectUri: `${baseUrl}/auth/signed-out`,
    backchannelLogoutUri: `${baseUrl}/auth/backchannel-logout`,
    frontchannelLogoutUri: `${baseUrl}/auth/providers/sso/frontchannel-logout`,
    next: ["export CORP_SECRET=…", "latchkey doctor", "latchkey serve"],
  });
  expect((await stat(made.secretFile)).mode & 0o777).toBe(0o600);
  const secret = (await readFile(made.secretFile, "utf8")).trim();
  expect(secret).toMatch(/^[\w-]{43}$/);
  expect(await readFile(made.file, "utf8")).not.toContain(secret);
  expect(out).not.toContain(secret);

  const doctor = await latchkey(cwd, ["doctor"], env).ended;
  expect([doctor.code, doctor.out]).toEqual([0, expect.stringContaining("Nothing found that would stop a sign-in")]);

  const server = latchkey(cwd, ["serve"], env);
  expect(JSON.parse(await server.firstLine)).toMatchObject({ event: "ready", url: baseUrl });
  const browser = createBrowser();
  const page = await browser.get(`${baseUrl}/auth/providers/sso/start?return_to=/auth/session`);
  expect([page.url, page.json()]).toEqual([
    `${baseUrl}/auth/session`,
    expect.objectContaining({ user: expect.objectContaining({ email: "ann@example.com", role: "admin" }) }),
  ]);
  const callback = page.hops.find(({ url }) => url.includes("/callback"))?.url;
  expect(callback?.startsWith(`${made.redirectUri}?`)).toBe(true);
  server.stop();
  expect((await server.ended).code).toBe(0);
});

async function run(cwd: string, parameters: readonly string[], answers?: readonly string[]) {
  let out = "";
  let err = "";
  const asked: string[] = [];
  const waiting = [...(answers ?? [])];
  const answer = (question: string) => {
    asked.push(question);
    return waiting.shift() ?? "";
  };
  const terminal: Terminal = {
    cwd,
    env: {},
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    canAsk: answers !== undefined,
    color: false,
    confirm: async (question) => answer(question) === "y",
    ask: async (question) => answer(question),
    onStopSignal: () => {},
    exitNow: () => {},
  };
  const code = await runProgram(terminal, ["init", ...parameters]);
  return { code, out, err, asked };
}
const enough = ["--provider", "https://idp.corp.test", "--client-id", "latchkey"];
const written = async (cwd: string) => parse(await readFile(join(cwd, "latchkey.yaml"), "utf8"));

test("SU-11 init into another folder names every file so that it is found from anywhere", async () => {
  const cwd = await aFolder();
  await mkdir(join(cwd, "conf"));
  const out = ["--out", "conf/latchkey.yaml"];
  const secret = ["--client-secret-file", "conf/corp.secret"];
  expect(
    (await run(cwd, ["--provider", "https://idp.example", "--client-id", "app", ...secret, ...out, "--yes"])).code,
  ).toBe(0);
  expect(parse(await readFile(join(cwd, "conf/latchkey.yaml"), "utf8"))).toMatchObject({
    secrets: [`\${file:${join(cwd, "conf/latchkey.secret")}}`],
    database: `sqlite:${join(cwd, "conf/latchkey.db")}`,
    providers: [{ clientSecret: `\${file:${join(cwd, "conf/corp.secret")}}` }],
  });

  const apple = ["--provider", "apple", "--client-id", "app", "--team-id", "TEAMTEAM01", "--key-id", "KEYKEY0001"];
  const made = await run(cwd, [...apple, "--client-key-file", "conf/key.p8", ...out, "--force", "--yes"]);
  expect([made.err, made.code]).toEqual(["", 0]);
  expect(await readFile(join(cwd, "conf/latchkey.yaml"), "utf8")).toContain(`\${file:${join(cwd, "conf/key.p8")}}`);
});

test("SU-11 init without what it needs is wrong usage, names the flags, and writes nothing", async () => {
  const cwd = await aFolder();
  const { code, err } = await run(cwd, []);
  expect(code).toBe(2);
  expect(err).toContain("--provider or --issuer");
  expect(err).toContain("--client-id");
  await expect(stat(join(cwd, "latchkey.secret"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("SU-11 init for a folder that is not there, or that is a file, names it and the reason, before it asks anything", async () => {
  const cwd = await aFolder();
  await writeFile(join(cwd, "file"), "mine\n");
  for (const [folder, reason] of [
    ["missing", "does not exist (ENOENT)"],
    ["file", "is no folder (ENOTDIR)"],
  ] as const) {
    const out = ["--out", join(cwd, folder, "latchkey.yaml")];
    for (const { code, err, asked } of [await run(cwd, [...enough, ...out]), await run(cwd, out, ["", "no answer"])]) {
      expect([code, asked]).toEqual([3, []]);
      expect(err).toContain("(config.unwritable)");
      expect(err).toContain(`${join(cwd, folder)} ${reason}`);
      expect(err).not.toMatch(/defect|\n +at /i);
    }
    const json = JSON.parse((await run(cwd, [...enough, ...out, "--force", "--json"])).out);
    expect(json.error).toMatchObject({ code: "config.unwritable", data: { file: out[1], reason: expect.any(String) } });
  }
  expect(await readdir(cwd)).toEqual(["file"]);
});

test("SU-11 init names a folder that this account may not write to", async () => {
  const cwd = await aFolder();
  await chmod(cwd, 0o555);
  // Root may write everywhere, so it is nobody for a while; what is loaded at first use has been, by the tests before.
  const root = process.geteuid?.() === 0;
  if (root) process.seteuid?.(65_534);
  const { code, err } = await run(cwd, enough).finally(() => root && process.seteuid?.(0));
  expect([code, err]).toEqual([3, expect.stringContaining(`this account may not write to ${cwd} (EACCES)`)]);
});

test("SU-11 init that cannot write all of its files leaves what was there, and none of its own", async () => {
  const cwd = await aFolder();
  await writeFile(join(cwd, "latchkey.yaml"), "mine: true\n");
  // Where the typed client secret would go there is a folder.
  await mkdir(join(cwd, "latchkey.sso.secret"));
  const { code, err } = await run(
    cwd,
    ["--force"],
    ["", "", "https://idp.corp.test", "latchkey", "canary-typed", "", "n"],
  );
  expect([code, err]).toEqual([3, expect.stringContaining("latchkey.sso.secret cannot be written (EISDIR)")]);
  expect(await readdir(cwd)).toEqual(["latchkey.sso.secret", "latchkey.yaml"]);
  expect(await written(cwd)).toEqual({ mine: true });
});

test("SU-11 init never writes over a configuration, and with --force keeps the secret", async () => {
  const cwd = await aFolder();
  await writeFile(join(cwd, "latchkey.yaml"), "mine: true\n");
  const refused = await run(cwd, enough);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining("--force")]);
  expect(await written(cwd)).toEqual({ mine: true });
  expect((await run(cwd, [...enough, "--force"])).code).toBe(0);
  const secret = await readFile(join(cwd, "latchkey.secret"), "utf8");
  expect((await run(cwd, [...enough, "--force"])).code).toBe(0);
  expect(await readFile(join(cwd, "latchkey.secret"), "utf8")).toBe(secret);
});

test("SU-11 init for a public origin expects a proxy on this machine, and for another folder writes whole paths", async () => {
  const cwd = await aFolder();
  expect((await run(cwd, [...enough, "--base-url", "https://app.corp.test", "--admin", "ann@corp.test"])).code).toBe(0);
  expect(await written(cwd)).toMatchObject({
    server: { port: 3000, trustedProxies: ["127.0.0.1", "::1"] },
    signIn: { signUp: false, bootstrapAdmins: ["ann@corp.test"] },
  });
  const elsewhere = await aFolder();
  const { code, out } = await run(cwd, [...enough, "--out", join(elsewhere, "latchkey.yaml"), "--sign-up"]);
  expect([code, out]).toEqual([0, expect.stringContaining(`latchkey serve --config ${elsewhere}`)]);
  expect(await written(elsewhere)).toMatchObject({
    secrets: [`\${file:${join(elsewhere, "latchkey.secret")}}`],
    database: `sqlite:${join(elsewhere, "latchkey.db")}`,
    signIn: { signUp: true },
  });
});

test("SU-11 the dialogue asks again where an answer cannot be used, and a typed secret goes into a file of its own", async () => {
  const cwd = await aFolder();
  const answers = [
    "http://app.corp.test",
    "https://app.corp.test",
    "",
    "no url",
    "https://idp.corp.test",
    "latchkey ${X}",
    "canary-typed",
    "ann@corp.test",
    "y",
  ];
  const { code, out, err, asked } = await run(cwd, [], answers);
  expect([code, asked.length]).toEqual([0, answers.length]);
  expect(err).toContain("is http on a name that is not loopback");
  expect(err).toContain("That is no absolute http or https URL");
  expect(out + err).not.toContain("canary");
  expect(out).toContain("https://app.corp.test/auth/providers/sso/callback");
  expect(await written(cwd)).toMatchObject({
    baseUrl: "https://app.corp.test",
    providers: [
      { id: "sso", preset: "oidc", clientId: "latchkey $${X}", clientSecret: "${file:./latchkey.sso.secret}" },
    ],
    signIn: { signUp: true, bootstrapAdmins: ["ann@corp.test"] },
  });
  const file = join(cwd, "latchkey.sso.secret");
  expect(await readFile(file, "utf8")).toBe("canary-typed\n");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("SU-11 the dialogue gives up on somebody who is not there", async () => {
  const cwd = await aFolder();
  const { code } = await run(cwd, [], []);
  expect(code).toBe(2);
  await expect(stat(join(cwd, "latchkey.yaml"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("SU-11 SI-1 init takes every preset, and names the flags for what one of them lacks", async () => {
  const client = ["--client-id", "latchkey"];
  for (const preset of ["google", "github", "feishu", "gitlab", "discord"]) {
    const cwd = await aFolder();
    const { code, out } = await run(cwd, ["--provider", preset, ...client]);
    expect([preset, code, out]).toEqual([preset, 0, expect.stringContaining(`/auth/providers/${preset}/callback`)]);
    expect((await written(cwd)).providers).toEqual([{ id: preset, preset, clientId: "latchkey" }]);
  }
  for (const preset of ["linkedin", "slack"]) {
    const cwd = await aFolder();
    const { code, err } = await run(cwd, ["--provider", preset, ...client]);
    expect([preset, code, err]).toEqual([preset, 2, expect.stringContaining("--client-secret-env")]);
    expect((await run(cwd, ["--provider", preset, ...client, "--client-secret-env", "S"])).code).toBe(0);
  }
  const cwd = await aFolder();
  const { code, err } = await run(cwd, ["--provider", "oauth2", ...client]);
  expect(code).toBe(2);
  for (const flag of ["--issuer", "--authorization-endpoint", "--token-endpoint", "--userinfo-endpoint"])
    expect(err).toContain(flag);
});

test("SU-11 SI-1 the dialogue asks for the endpoints of a custom provider, and again for a secret that must be", async () => {
  const custom = await aFolder();
  const endpoints = {
    authorization: "https://forum.test/authorize",
    token: "https://forum.test/token",
    userinfo: "http://127.0.0.1:8080/me",
  };
  const urls = [endpoints.authorization, endpoints.token, "no url", endpoints.userinfo];
  const answers = ["", "oauth2", "https://forum.test", ...urls, "latchkey", "", "", "n"];
  const first = await run(custom, [], answers);
  expect([first.code, first.asked.length]).toEqual([0, answers.length]);
  expect(await written(custom)).toMatchObject({
    egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"] },
    providers: [{ id: "oauth2", preset: "oauth2", issuer: "https://forum.test", endpoints, clientId: "latchkey" }],
  });

  const confidential = await aFolder();
  const second = await run(confidential, [], ["", "linkedin", "77x", "", "canary-typed", "", "n"]);
  expect(second.asked.filter((question) => question.startsWith("Client secret"))).toHaveLength(2);
  expect(second.code).toBe(0);
  expect(await readFile(join(confidential, "latchkey.linkedin.secret"), "utf8")).toBe("canary-typed\n");
});

test("SU-11 init for Apple needs the team, the key's id and the key file, and writes where the key is", async () => {
  const cwd = await aFolder();
  const flags = ["--provider", "apple", "--client-id", "com.example.web"];
  const lacking = await run(cwd, flags);
  expect(lacking.code).toBe(2);
  for (const flag of ["--team-id", "--key-id", "--client-key-file"]) expect(lacking.err).toContain(flag);

  const key = ["--team-id", "DEF123GHIJ", "--key-id", "ABC123DEFG", "--client-key-file", "./AuthKey.p8"];
  expect((await run(cwd, [...flags, ...key])).code).toBe(0);
  expect((await written(cwd)).providers).toEqual([
    {
      id: "apple",
      preset: "apple",
      clientId: "com.example.web",
      teamId: "DEF123GHIJ",
      keyId: "ABC123DEFG",
      clientKey: "${file:./AuthKey.p8}",
    },
  ]);
});

test("SU-11 the dialogue asks for Apple's key instead of a secret, and for the issuer of a realm", async () => {
  const cwd = await aFolder();
  const baseUrl = ["--base-url", "https://app.corp.test", "--admin", "ann@corp.test", "--sign-up"];
  const answers = ["apple", "com.example.web", "nonsense", "DEF123GHIJ", "ABC123DEFG", "./AuthKey.p8"];
  const apple = await run(cwd, baseUrl, answers);
  expect([apple.code, apple.asked.length]).toEqual([0, answers.length]);
  expect(apple.asked.join("\n")).not.toContain("Client secret");
  expect((await written(cwd)).providers[0]).toMatchObject({ preset: "apple", teamId: "DEF123GHIJ" });

  const other = await aFolder();
  const realm = ["keycloak", "https://sso.corp.test/realms/corp", "latchkey", "canary-typed"];
  expect((await run(other, baseUrl, realm)).code).toBe(0);
  expect((await written(other)).providers[0]).toMatchObject({
    id: "keycloak",
    preset: "keycloak",
    issuer: "https://sso.corp.test/realms/corp",
  });
});
