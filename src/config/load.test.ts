/** Long because each way by which a value comes in is a story with files and variables of its own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isLatchkeyError } from "../kernel/errors.js";
import { configJsonSchema } from "./json-schema.js";
import { loadConfig, readConfig } from "./load.js";
import { pathOfVariable, upperSnake } from "./overrides.js";
import { effectiveValues } from "./print.js";
import { schemaLeaves } from "./schema-tree.js";

const strong = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
const other = "Zt7Lm3Qa9Xw1Ev5Rb8Yn2Uc6Ip0Os4Dk7Gh1";
const yaml = `
baseUrl: https://app.test
secrets: ["\${APP_SECRET}"]
providers:
  - id: corp
    issuer: https://idp.corp.test
    clientId: latchkey
    clientSecret: \${CORP_SECRET}
sessions: { idle: 2d }
`;
const env = { APP_SECRET: strong, CORP_SECRET: "corp-secret" };

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "latchkey-config-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));
const put = (name: string, text: string) => writeFile(join(cwd, name), text);

/** The error of a load that must fail. */
async function failure(
  options: Parameters<typeof loadConfig>[0],
): Promise<{ code: string; text: string; problems: { path: string; message: string }[] }> {
  try {
    await loadConfig(options);
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    return { code: thrown.code, text: JSON.stringify(thrown.data), problems: (thrown.data["problems"] ?? []) as never };
  }
  throw new Error("the load did not fail");
}

describe("files", () => {
  const json = JSON.stringify({
    baseUrl: "https://app.test",
    secrets: [strong],
    providers: [{ id: "corp", issuer: "https://idp.corp.test", clientId: "x" }],
  });

  test.each([
    ["latchkey.yaml", yaml],
    ["latchkey.yml", yaml],
    ["latchkey.json", json],
    ["latchkey.config.mjs", `export default ${json};`],
    ["latchkey.config.ts", `const config: object = ${json}; export default config;`],
  ])("SU-1 finds %s in the working directory", async (name, text) => {
    await put(name, text);
    const { config, document } = await loadConfig({ cwd, env });
    expect(config.baseUrl).toBe("https://app.test");
    expect(document.file).toBe(join(cwd, name));
  });

  test("SU-1 a TypeScript file that this Node cannot read is refused with what to do", async () => {
    await put("latchkey.config.ts", "export default {};");
    const importModule = () =>
      Promise.reject(Object.assign(new TypeError("Unknown file extension"), { code: "ERR_UNKNOWN_FILE_EXTENSION" }));
    const { code, text } = await failure({ cwd, env, importModule });
    expect(code).toBe("config.unreadable");
    expect(text).toContain("latchkey.config.mjs");
  });

  test("SU-1 a named file is taken as it is, and no other is looked for", async () => {
    await put("latchkey.yaml", "nonsense: true");
    await put("other.yaml", yaml);
    expect((await loadConfig({ cwd, env, file: "other.yaml" })).config.sessions.idle).toBe(2 * 86_400_000);
    expect((await failure({ cwd, env, file: "missing.yaml" })).code).toBe("config.unreadable");
    expect((await failure({ cwd, env, file: "other.toml" })).code).toBe("config.unreadable");
  });

  test("SU-1 no file and no variable is said so", async () => {
    expect((await failure({ cwd, env: { PATH: "/bin" } })).code).toBe("config.not_found");
  });

  test.each([
    ["latchkey.yaml", "secrets: [hunter2-hunter2\n", /line \d+, column \d+/],
    ["latchkey.yaml", "a: 1\na: hunter2-hunter2\n", /line 2/],
    ["latchkey.yaml", "a: *hunter2-hunter2\n", /alias/],
    ["latchkey.json", '{ "secrets": hunter2-hunter2 }', /JSON/],
    ["latchkey.json", '{\n\t"basePath": "/a",\n\t"basePath": "/hunter2"\n}', /line 3, column 2 .*DUPLICATE_KEY/],
    ["latchkey.json", '{ "providers": [{ "id": "a", "\\u0069d": "hunter2" }] }', /DUPLICATE_KEY/],
  ])("VA-5 %s that cannot be parsed tells the place and not the text", async (name, text, expected) => {
    await put(name, text);
    const found = await failure({ cwd, env });
    expect(found.code).toBe("config.unreadable");
    expect(found.text).toMatch(expected);
    expect(found.text).not.toContain("hunter2");
  });

  test("SU-1 follows no extends, reads no rc file and no .env, and makes no request", async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await put(".latchkeyrc", "basePath: /rc");
      await put(".env", `LATCHKEY_BASE_PATH=/env\nAPP_SECRET=${other}`);
      await put("package.json", JSON.stringify({ latchkey: { basePath: "/package", extends: url } }));
      await put("base.yaml", "basePath: /base");
      await put("latchkey.yaml", yaml.replace("https://idp.corp.test", `${url}/issuer`));
      const { config } = await loadConfig({ cwd, env });
      expect(config.basePath).toBe("/auth");
      expect(config.secrets[0]?.reveal()).toBe(strong);

      for (const target of [url, "./base.yaml", "github:someone/config"]) {
        await put("latchkey.yaml", `${yaml}\nextends: ${target}\n$schema: ${url}/schema`);
        expect((await failure({ cwd, env })).problems.map((problem) => problem.path)).toEqual(["extends", "$schema"]);
      }
      expect(asked).toEqual([]);
    } finally {
      server.close();
    }
  });
});

describe("values from elsewhere", () => {
  test("SU-1 ${NAME} and ${file:…} stand for a variable and a file, $${ for itself", async () => {
    await put("secret.txt", `${strong}\n`);
    await put(
      "latchkey.yaml",
      yaml
        .replace("${APP_SECRET}", () => `\${file:${join(cwd, "secret.txt")}}`)
        .replace("clientId: latchkey", () => "clientId: a-$${X}-${CORP_SECRET}"),
    );
    const { config } = await loadConfig({ cwd, env: { CORP_SECRET: "${APP_SECRET}" } });
    expect(config.secrets[0]?.reveal()).toBe(strong);
    // What was put in is not searched again.
    expect(config.providers[0]?.clientId).toBe("a-${X}-${APP_SECRET}");
    expect(config.providers[0]?.clientSecret?.reveal()).toBe("${APP_SECRET}");
  });

  test("SU-1 a number from a variable is a number", async () => {
    await put("latchkey.yaml", `${yaml}server: { port: "\${PORT}", insecureHttp: "\${INSECURE}" }`);
    const { config } = await loadConfig({ cwd, env: { ...env, PORT: "8080", INSECURE: "false" } });
    expect(config.server).toMatchObject({ port: 8080, insecureHttp: false });
  });

  test("SU-1 every missing variable and file is a problem with its path, beside the others", async () => {
    await put(
      "latchkey.yaml",
      `${yaml}branding: { name: "\${file:/no/such/file}" }\nlog: { level: loud }\nbasePath: "\${not a name}"`,
    );
    const { problems } = await failure({ cwd, env: {} });
    expect(problems.map((problem) => problem.path).sort()).toEqual([
      "basePath",
      "branding.name",
      "log.level",
      "providers.0.clientSecret",
      "secrets.0",
    ]);
    expect(problems.find((problem) => problem.path === "secrets.0")?.message).toContain("APP_SECRET");
  });
});

describe("LATCHKEY_ variables", () => {
  test("SU-1 are enough to start without a file", async () => {
    const { config, document } = await loadConfig({
      cwd,
      env: {
        LATCHKEY_BASE_URL: "https://app.test",
        LATCHKEY_SECRET: strong,
        LATCHKEY_PROVIDERS__0__ID: "corp",
        LATCHKEY_PROVIDERS__0__ISSUER: "https://idp.corp.test",
        LATCHKEY_PROVIDERS__0__CLIENT_ID: "x",
        LATCHKEY_PROVIDERS__0__CLIENT_SECRET: "y",
        LATCHKEY_PROVIDERS__0__AUTHORIZE_PARAMS__PROMPT: "login",
        LATCHKEY_PROVIDERS__0__SCOPES: "openid, email",
        LATCHKEY_PROVIDERS__0__CLAIMS__PICTURE: "",
        LATCHKEY_SIGN_IN__SIGN_UP: "true",
        LATCHKEY_SERVER__PORT: "0",
        LATCHKEY_SIGN_IN__ALLOWED_DOMAINS: '["a.test","b.test"]',
        LATCHKEY_RATE_LIMITS__START: "off",
        LATCHKEY_TEST_REQUIRE: "chromium",
      },
    });
    expect(document.file).toBeNull();
    expect(document.warnings).toEqual([]);
    expect(config.signIn).toMatchObject({ signUp: true, allowedDomains: ["a.test", "b.test"] });
    expect(config.server.port).toBe(0);
    expect(config.rateLimits.start).toBe("off");
    expect(config.providers[0]).toMatchObject({
      scopes: ["openid", "email"],
      authorizeParams: { prompt: "login" },
      claims: { picture: null },
    });
    expect(config.providers[0]?.clientSecret?.reveal()).toBe("y");
  });

  test("SU-1 a plain number where units may stand is the same from a file, a variable and ${NAME}", async () => {
    await put("latchkey.yaml", `${yaml}egress: { maxBytes: "\${MAX}" }\nsignIn: { clockTolerance: "\${NONE}" }`);
    const plain = { ...env, MAX: "2000000", NONE: "0" };
    expect((await loadConfig({ cwd, env: plain })).config).toMatchObject({
      egress: { maxBytes: 2_000_000 },
      signIn: { clockTolerance: 0 },
    });
    const over = { ...plain, LATCHKEY_EGRESS__MAX_BYTES: "3000000" };
    expect((await loadConfig({ cwd, env: over })).config.egress.maxBytes).toBe(3_000_000);
    const { problems } = await failure({ cwd, env: { ...plain, MAX: "2e6", NONE: "10" } });
    expect(problems.map(({ path }) => path).sort()).toEqual(["egress.maxBytes", "signIn.clockTolerance"]);
  });

  test("SU-1 override single keys of the file and leave the others", async () => {
    await put("latchkey.yaml", yaml);
    const { config } = await loadConfig({
      cwd,
      env: { ...env, LATCHKEY_SECRET: other, LATCHKEY_SESSIONS__IDLE: "1d", LATCHKEY_PROVIDERS__0__CLIENT_SECRET: "z" },
    });
    expect(config.sessions.idle).toBe(86_400_000);
    expect(config.secrets.map((one) => one.reveal())).toEqual([other]);
    expect(config.providers[0]?.clientSecret?.reveal()).toBe("z");
    expect(config.providers[0]?.clientId).toBe("latchkey");
  });

  test("SU-1 what a variable replaces need not have been readable", async () => {
    await put("latchkey.yaml", yaml);
    const { config } = await loadConfig({ cwd, env: { CORP_SECRET: "x", LATCHKEY_SECRET: other } });
    expect(config.secrets[0]?.reveal()).toBe(other);
  });

  test("SU-1 an unknown one is a warning, one of a later feature is refused", async () => {
    await put("latchkey.yaml", yaml);
    const warned = await loadConfig({
      cwd,
      env: { ...env, LATCHKEY_BASEURL: "https://x.test", LATCHKEY_PROVIDERS__99999999__ID: "x" },
    });
    expect(warned.warnings.map((warning) => warning.split(" ")[0])).toEqual([
      "LATCHKEY_BASEURL",
      "LATCHKEY_PROVIDERS__99999999__ID",
    ]);
    const { problems } = await failure({
      cwd,
      env: { ...env, LATCHKEY_OBSERVABILITY__TRACING: "true", LATCHKEY_PROVIDERS__0__TENANT: "x" },
    });
    expect(problems.map((problem) => problem.path).sort()).toEqual(["observability.tracing", "providers.0.tenant"]);
  });

  test("SU-1 every key has a variable, and no two have the same", () => {
    const variables = schemaLeaves().map(
      ({ path }) => [`LATCHKEY_${path.replaceAll("*", "0").split(".").map(upperSnake).join("__")}`, path] as const,
    );
    for (const [variable, path] of variables)
      expect(pathOfVariable(variable)?.join(".")).toBe(path.replaceAll("*", "0"));
    expect(new Set(variables.map(([variable]) => variable)).size).toBe(variables.length);
  });
});

describe("config print and schema", () => {
  test("SU-2 tells every value in force and where it came from", async () => {
    await put("latchkey.yaml", yaml);
    const document = await readConfig({ cwd, env: { ...env, LATCHKEY_LOG__LEVEL: "debug" } });
    const values = new Map(effectiveValues(document).map((value) => [value.path, value]));
    const file = join(cwd, "latchkey.yaml");
    expect(values.get("sessions.idle")).toEqual({ path: "sessions.idle", value: "2d", source: "file", from: file });
    expect(values.get("sessions.lifetime")).toEqual({
      path: "sessions.lifetime",
      value: "30d",
      source: "default",
      from: null,
    });
    expect(values.get("log.level")).toEqual({
      path: "log.level",
      value: "debug",
      source: "environment",
      from: "LATCHKEY_LOG__LEVEL",
    });
    expect(values.get("providers.0.clientSecret")).toEqual({
      path: "providers.0.clientSecret",
      value: "[secret]",
      source: "file",
      from: `${file} \${CORP_SECRET}`,
    });
  });

  test("VA-5 masks secrets, in whatever way they came", async () => {
    await put(
      "latchkey.yaml",
      `${yaml}egress: { proxy: "http://user:hunter2@proxy:3128" }`.replace("${CORP_SECRET}", "hunter2-${CORP_SECRET}"),
    );
    const document = await readConfig({ cwd, env: { ...env, LATCHKEY_SECRETS__1: other } });
    const text = JSON.stringify(effectiveValues(document));
    for (const hidden of [strong, other, "corp-secret", "hunter2"]) expect(text).not.toContain(hidden);
    expect(effectiveValues(document).find((value) => value.path === "secrets")?.value).toEqual([
      "[secret]",
      "[secret]",
    ]);
  });

  test("SU-1 the JSON Schema knows every key, refuses others and carries the descriptions", () => {
    type Node = {
      properties?: Record<string, Node>;
      items?: Node;
      anyOf?: Node[];
      additionalProperties?: unknown;
      description?: string;
    };
    const root = configJsonSchema() as Node;
    expect(root.additionalProperties).toBe(false);
    for (const { path } of schemaLeaves()) {
      let node: Node | undefined = root;
      for (const part of path.split(".")) {
        node = node?.properties ? node : (node?.anyOf?.find((option) => option.properties !== undefined) ?? node);
        node = part === "*" ? node?.items : node?.properties?.[part];
      }
      expect(node?.description, path).toBeTruthy();
    }
  });
});
