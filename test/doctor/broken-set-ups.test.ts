/** Each check of the doctor, shown failing once: a set-up that works, broken in one place. */
import { chmod, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { migrateDatabase } from "../../src/administration.js";
import { resolveUnknown } from "../../src/config/resolve.js";
import type { FindingStatus } from "../../src/doctor/finding.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes, systemClock, toInstant } from "../../src/kernel/time.js";
import { aSetting, type Setting, strong } from "./setting.js";

test("SU-12 a set-up that works has no fault, and tells nothing that is secret", async () => {
  const setting = await aSetting();
  const { all, of } = await setting.examine();
  expect(all.filter(({ status }) => status === "fail")).toEqual([]);
  for (const id of ["config", "secrets", "base-url", "cookie", "proxy", "database", "providers"]) {
    expect([id, of(id).status]).toEqual([id, "ok"]);
  }
  for (const name of ["egress", "clock", "discovery", "issuer", "jwks", "redirect-uri", "client-authentication"]) {
    expect([name, of(`${name}:fake`).status]).toEqual([name, "ok"]);
  }
  const text = JSON.stringify(all);
  expect(text).not.toContain(strong);
  expect(text).not.toContain(String(setting.providerConfig["clientSecret"]));
  for (const { found, why, fix, status } of all) {
    expect(found).not.toBe("");
    expect(why).not.toBe("");
    if (status === "warn" || status === "fail") expect(fix).not.toBe("");
  }
});

test("SU-12 nobody is signed in: no code is redeemed, and no browser's session is used", async () => {
  const { provider, examine } = await aSetting();
  await examine();
  const [asked] = provider.requestsTo("authorize");
  expect(asked?.query.get("prompt")).toBe("none");
  expect(asked?.headers["cookie"]).toBeUndefined();
  expect(provider.requestsTo("token").map(({ form }) => form.get("code"))).toEqual([
    expect.stringMatching(/^made-up-/),
  ]);
  expect(provider.requestsTo("userinfo")).toEqual([]);
});

interface BrokenSetUp {
  readonly fault: string;
  readonly id: string;
  readonly status?: FindingStatus;
  readonly break: (setting: Setting) => void | Promise<void>;
  readonly options?: Parameters<typeof aSetting>[0];
  readonly how?: Parameters<Setting["examine"]>[0];
  readonly found: RegExp;
  readonly fix: RegExp;
}

const hourBehind = { ...systemClock, now: () => toInstant(systemClock.now() - minutes(60)) };
const hourAhead = { ...systemClock, now: () => toInstant(systemClock.now() + minutes(60)) };

const setUps: readonly BrokenSetUp[] = [
  {
    fault: "a key with a typing mistake",
    id: "config",
    break: ({ config }) => {
      config["sesions"] = {};
    },
    found: /sesions is not a known key.*sessions/,
    fix: /config\.md/,
  },
  {
    fault: "a secret from an example",
    id: "secrets",
    break: ({ config }) => {
      config["secrets"] = ["change-me-change-me-change-me-change-me"];
    },
    found: /example/,
    fix: /openssl rand/,
  },
  {
    fault: "a secret file that is not there any more",
    id: "secrets",
    break: ({ config, folder }) => {
      config["secrets"] = [`\${file:${join(folder, "latchkey.secret.2")}}`, strong];
    },
    found: /secrets\.0 needs the file .*latchkey\.secret\.2, which cannot be read \(ENOENT\)/,
    fix: /^Restore it, .*a new secret opens nothing that is stored(?!.*openssl)/,
  },
  {
    fault: "a secret in a variable that is not set",
    id: "secrets",
    break: ({ config }) => {
      config["secrets"] = ["${LATCHKEY_SECRET}"];
    },
    found: /secrets\.0 needs the environment variable LATCHKEY_SECRET, which is not set/,
    fix: /^Restore it, .*a new secret opens nothing that is stored(?!.*openssl)/,
  },
  {
    fault: "a secret that is lost beside one that is weak",
    id: "secrets",
    break: ({ config }) => {
      config["secrets"] = ["${LATCHKEY_SECRET}", "too short"];
    },
    found: /secrets\.0 needs .*secrets\.1 is shorter/,
    fix: /a new secret opens nothing that is stored.*Instead of the weak one: openssl rand/,
  },
  {
    fault: "no secrets, as for an account without Latchkey's environment",
    id: "secrets",
    break: ({ config }) => void delete config["secrets"],
    found: /secrets is missing/,
    fix: /^Set those that Latchkey had: a new secret opens nothing.* new installation .*openssl rand/,
  },
  {
    fault: "a secret file that everybody can read",
    id: "secrets",
    status: "warn",
    async break({ config, folder }) {
      const file = join(folder, "open.secret");
      await writeFile(file, strong);
      await chmod(file, 0o644);
      config["secrets"] = [`\${file:${file}}`];
    },
    found: /open\.secret/,
    fix: /chmod 600/,
  },
  {
    fault: "plain http on a public name",
    id: "base-url",
    status: "warn",
    break: ({ config }) =>
      void Object.assign(config, { baseUrl: "http://app.corp.test", server: { insecureHttp: true } }),
    found: /plain http/,
    fix: /TLS/,
  },
  {
    fault: "baseUrl and server.port that differ",
    id: "base-url",
    status: "warn",
    break: ({ config }) => {
      config["server"] = { port: 4_000 };
    },
    found: /3999.*4000/,
    fix: /same port/,
  },
  {
    fault: "nothing answers at baseUrl",
    id: "base-url-reachable",
    status: "warn",
    break: () => {},
    found: /ECONNREFUSED/,
    fix: /latchkey serve/,
  },
  {
    fault: "a cookie domain below which anybody can have a name",
    id: "cookie",
    break: ({ config }) =>
      void Object.assign(config, { baseUrl: "https://app.github.io", sessions: { cookieDomain: "github.io" } }),
    found: /github\.io/,
    fix: /cookieDomain/,
  },
  {
    fault: "a cookie that every sibling host gets",
    id: "cookie",
    status: "warn",
    break: ({ config }) =>
      void Object.assign(config, { baseUrl: "https://app.corp.test", sessions: { cookieDomain: "corp.test" } }),
    found: /shared with every host below corp\.test/,
    fix: /Leave sessions\.cookieDomain out/,
  },
  {
    fault: "a proxy in front that is not trusted",
    id: "proxy",
    status: "warn",
    break: ({ config }) => {
      config["baseUrl"] = "https://app.corp.test";
    },
    found: /trustedProxies is empty/,
    fix: /127\.0\.0\.1/,
  },
  {
    fault: "everybody trusted as a proxy",
    id: "proxy",
    status: "warn",
    break: ({ config }) => {
      config["server"] = { port: 3999, trustedProxies: ["0.0.0.0/0"] };
    },
    found: /everybody/,
    fix: /alone/,
  },
  {
    fault: "everybody trusted as a proxy, written as IPv4-mapped addresses",
    id: "proxy",
    status: "warn",
    break: ({ config }) => {
      config["server"] = { port: 3999, trustedProxies: ["::ffff:0:0/96"] };
    },
    found: /everybody/,
    fix: /alone/,
  },
  {
    fault: "a database in a folder that does not exist",
    id: "database",
    break: ({ config, folder }) => {
      config["database"] = `sqlite:${join(folder, "nowhere", "x.db")}`;
    },
    found: /folder that does not exist/,
    fix: /folder/,
  },
  {
    fault: "a database file that is no database",
    id: "database",
    break: ({ folder }) =>
      writeFile(join(folder, "latchkey.db"), "this is no database, but a text of some length".repeat(40)),
    found: /cannot be opened/,
    fix: /database of Latchkey/,
  },
  {
    fault: "a database that an older version left",
    id: "database",
    status: "warn",
    break({ folder }) {
      const older = new Database(join(folder, "latchkey.db"));
      older.exec("create table migrations (version integer, name text, runs_from integer, applied_at integer)");
      older.exec("insert into migrations values (1, 'first', 1, 0)");
      older.close();
    },
    found: /older/,
    fix: /latchkey migrate/,
  },
  {
    fault: "SQLite on a network file system",
    id: "database-place",
    status: "warn",
    break: () => {},
    how: { fileSystem: "NFS" },
    found: /NFS/,
    fix: /local disk/,
  },
  {
    fault: "an installation that is empty and open",
    id: "first-person",
    status: "warn",
    break: () => {},
    found: /whoever signs in first/,
    fix: /bootstrapAdmins/,
  },
  {
    fault: "every provider switched off",
    id: "providers",
    break: ({ providerConfig }) => {
      providerConfig["enabled"] = false;
    },
    found: /switched off/,
    fix: /enabled/,
  },
  {
    fault: "an authority file that cannot be read",
    id: "egress",
    break: ({ config }) => {
      config["egress"] = { ca: "/nowhere/ca.pem" };
    },
    found: /\/nowhere\/ca\.pem/,
    fix: /PEM/,
  },
  {
    fault: "a provider at an inside address",
    id: "egress:fake",
    break: ({ config }) => {
      config["egress"] = { allowHttp: ["127.0.0.1"] };
    },
    found: /127\.0\.0\.1 is refused: loopback/,
    fix: /allow: \["127\.0\.0\.1"\]/,
  },
  {
    fault: "a provider over plain http",
    id: "egress:fake",
    break: ({ config }) => {
      config["egress"] = { allow: ["127.0.0.1"] };
    },
    found: /plain_http/,
    fix: /allowHttp/,
  },
  {
    fault: "a userinfo endpoint that egress will refuse",
    id: "egress:fake",
    status: "warn",
    break: ({ provider }) => {
      provider.tweaks.metadata = (honest) => ({ ...honest, userinfo_endpoint: "http://10.0.0.9/userinfo" });
    },
    found: /userinfo_endpoint/,
    fix: /10\.0\.0\.9/,
  },
  {
    fault: "a clock that is an hour ahead",
    id: "clock:fake",
    break: () => {},
    how: { ports: { clock: hourAhead } },
    // A Date header has no fractions, and a busy server renews it late.
    found: /360\d s ahead/,
    fix: /NTP/,
  },
  {
    fault: "a clock that is an hour behind",
    id: "clock:fake",
    break: () => {},
    how: { ports: { clock: hourBehind } },
    found: /3[56]\d\d s behind/,
    fix: /NTP/,
  },
  {
    fault: "a provider that is down",
    id: "discovery:fake",
    break: ({ provider }) => provider.stop(),
    found: /cannot be had/,
    fix: /firewall/,
  },
  {
    fault: "an issuer that is only a web page",
    id: "discovery:fake",
    break: ({ provider }) =>
      provider.script({ metadata: { headers: { "content-type": "text/html" }, body: "<h1>Welcome</h1>" } }),
    found: /no metadata document/,
    fix: /discoveryUrl/,
  },
  {
    fault: "metadata without a token endpoint",
    id: "discovery:fake",
    break: ({ provider }) => {
      provider.tweaks.metadata = (honest) => ({ ...honest, token_endpoint: undefined });
    },
    found: /token_endpoint is missing/,
    fix: /endpoints/,
  },
  {
    fault: "an issuer with a slash too many",
    id: "issuer:fake",
    break: ({ providerConfig, provider }) => {
      providerConfig["issuer"] = `${provider.issuer}/`;
    },
    found: /the configuration says/,
    fix: /issuer: "http:\/\/127\.0\.0\.1:\d+"/,
  },
  {
    fault: "an empty key set",
    id: "jwks:fake",
    break: ({ provider }) => {
      provider.tweaks.jwks = () => [];
    },
    found: /empty/,
    fix: /verified/,
  },
  {
    fault: "a key set that answers 404",
    id: "jwks:fake",
    break: ({ provider }) => provider.script({ jwks: { status: 404 } }),
    found: /404/,
    fix: /jwks/,
  },
  {
    fault: "a redirect URI that is not registered",
    id: "redirect-uri:fake",
    options: { clients: [{ clientId: "latchkey", clientSecret: "x", redirectUris: ["https://old.corp.test/cb"] }] },
    break: () => {},
    found: /foreign redirect URI/,
    fix: /http:\/\/localhost:3999\/auth\/providers\/fake\/callback/,
  },
  {
    fault: "a scope that the provider does not give",
    id: "redirect-uri:fake",
    break: ({ provider }) => {
      provider.tweaks.authorizationResponse = () => ({ error: "invalid_scope" });
    },
    found: /error=invalid_scope/,
    fix: /scopes/,
  },
  {
    fault: "a provider that only shows its sign-in page",
    id: "redirect-uri:fake",
    status: "skip",
    break: ({ provider }) => provider.script({ authorize: { body: "<form><input name=user></form>" } }),
    found: /Could not tell/,
    fix: /registered/,
  },
  {
    fault: "a client secret that is wrong",
    id: "client-authentication:fake",
    break: ({ providerConfig }) => {
      providerConfig["clientSecret"] = "canary-wrong-secret";
    },
    found: /invalid_client/,
    fix: /clientSecret/,
  },
  {
    fault: "a method of client authentication that the provider does not take",
    id: "client-authentication:fake",
    options: { clients: [{ clientId: "latchkey", clientSecret: "x", authMethod: "client_secret_post" }] },
    break: ({ providerConfig }) => {
      providerConfig["tokenEndpointAuthMethod"] = "client_secret_basic";
    },
    found: /invalid_client/,
    fix: /tokenEndpointAuthMethod/,
  },
  {
    fault: "a token endpoint that is out of order",
    id: "client-authentication:fake",
    break: ({ provider }) => provider.script({ token: { status: 502, body: "bad gateway" } }),
    found: /502/,
    fix: /firewall/,
  },
];

test.each(setUps)("SU-12 names the fault: $fault", async (setUp) => {
  const setting = await aSetting(setUp.options);
  await setUp.break(setting);
  const { all, of } = await setting.examine(setUp.how);
  const finding = of(setUp.id);
  expect(finding).toMatchObject({ status: setUp.status ?? "fail", found: expect.stringMatching(setUp.found) });
  expect(finding.why.length).toBeGreaterThan(20);
  expect(finding.fix).toMatch(setUp.fix);
  // It is named alone: what hangs on it is left out, and nothing else is called a fault.
  const others = all.filter(({ id, status }) => status === "fail" && id !== setUp.id).map(({ id }) => id);
  const following = setUp.id === "egress:fake" ? ["discovery:fake"] : [];
  expect(others.filter((id) => !following.includes(id))).toEqual([]);
  expect(JSON.stringify(all)).not.toContain("canary");
});

test.each(["token_endpoint", "jwks_uri"])(
  "SU-12 a %s that egress will refuse would stop a sign-in",
  async (endpoint) => {
    const setting = await aSetting();
    setting.provider.tweaks.metadata = (honest) => ({ ...honest, [endpoint]: "https://10.0.0.9/x" });
    const finding = (await setting.examine()).of("egress:fake");
    expect(finding).toMatchObject({
      status: "fail",
      found: expect.stringContaining("10.0.0.9"),
      fix: expect.any(String),
    });
  },
);

test("SU-12 the redirect URI counts as accepted when the provider leads back with login_required", async () => {
  const setting = await aSetting();
  setting.provider.signInAs(null);
  expect((await setting.examine()).of("redirect-uri:fake")).toMatchObject({
    status: "ok",
    found: expect.stringContaining("login_required"),
  });
});

test("SU-12 the redirect URI of a form_post answer is judged as well", async () => {
  const setting = await aSetting();
  setting.providerConfig["responseMode"] = "form_post";
  expect((await setting.examine()).of("redirect-uri:fake").status).toBe("ok");
  setting.provider.tweaks.authorizationResponse = () => ({ error: "unauthorized_client" });
  expect((await setting.examine()).of("redirect-uri:fake").status).toBe("fail");
});

test("SU-12 with PAR the request is pushed, and a refusal there is the finding", async () => {
  const setting = await aSetting();
  setting.providerConfig["par"] = "always";
  expect((await setting.examine()).of("redirect-uri:fake").status).toBe("ok");
  setting.provider.script({ par: { status: 400, json: { error: "invalid_redirect_uri" } } });
  expect((await setting.examine()).of("redirect-uri:fake")).toMatchObject({
    status: "fail",
    found: expect.stringContaining("invalid_redirect_uri"),
  });
});

test("SU-12 what answers at baseUrl is told apart: ours, and somebody else's", async () => {
  let status = 200;
  const server = createServer((_request, response) =>
    response.writeHead(status, { location: "https://x.test/y" }).end(),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const setting = await aSetting();
    Object.assign(setting.config, { baseUrl: `http://127.0.0.1:${port}`, server: { port } });
    expect((await setting.examine()).of("base-url-reachable").status).toBe("ok");
    status = 302;
    expect((await setting.examine()).of("base-url-reachable")).toMatchObject({
      status: "warn",
      found: expect.stringContaining("302 and leads to https://x.test"),
    });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("SU-12 whoever is named as admin beforehand leaves nothing open to the first person", async () => {
  const setting = await aSetting();
  setting.config["signIn"] = { bootstrapAdmins: ["ann@example.com"] };
  expect((await setting.examine()).of("first-person")).toMatchObject({
    status: "ok",
    found: expect.stringContaining("signIn.bootstrapAdmins"),
  });
});

test("SU-12 a database that is open and current is told with its version", async () => {
  const setting = await aSetting();
  const resolved = resolveUnknown(setting.config);
  if (!resolved.ok) throw new Error("the configuration of this test is wrong");
  const { to } = await migrateDatabase(resolved.value, { log: silentLog });
  expect((await setting.examine()).of("database")).toMatchObject({
    status: "ok",
    found: expect.stringContaining(`version ${to}`),
  });
});
