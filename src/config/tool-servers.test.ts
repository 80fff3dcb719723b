/** What the keys of tool servers accept and refuse. That each of them does something is proved in test/options. */
import { describe, expect, test } from "vitest";
import { resolveUnknown } from "./resolve.js";

const base = {
  baseUrl: "https://app.test",
  secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
  providers: [{ id: "corp", issuer: "https://idp.test", clientId: "latchkey" }],
};
const files = { id: "files", url: "https://files.test/mcp" };

function problemsWith(...toolServers: readonly object[]) {
  const resolved = resolveUnknown({ ...base, toolServers });
  return resolved.ok ? [] : resolved.error.map(({ path, kind }) => `${path} ${kind}`);
}

describe("SU-1 a tool server in the configuration", () => {
  test("SU-1 needs an id and a URL; everything else has a default", () => {
    const resolved = resolveUnknown({ ...base, toolServers: [files] });
    expect(resolved.ok && resolved.value.toolServers[0]).toMatchObject({
      name: null,
      enabled: true,
      registration: "auto",
      resource: "auto",
      clientMetadata: "server",
      refreshScope: "omit",
      access: { roles: ["user", "admin"], groups: [], users: [] },
    });
    expect(problemsWith({})).toEqual(["toolServers.0.id missing", "toolServers.0.url missing"]);
  });

  test.each<[problem: string, entry: object]>([
    ["toolServers.0.id invalid", { ...files, id: "Files" }],
    ["toolServers.0.url invalid", { ...files, url: "https://files.test/mcp#part" }],
    ["toolServers.0.url invalid", { ...files, url: "javascript:alert(1)" }],
    ["toolServers.0.url invalid", { ...files, url: "https://user:pw@files.test/mcp" }],
    ["toolServers.0.resourceIdentifier invalid", { ...files, resourceIdentifier: "any" }],
    ["toolServers.0.resourceIdentifier invalid", { ...files, resourceIdentifier: "https://files.test/#x" }],
    ["toolServers.0.registration invalid", { ...files, registration: "magic" }],
    ["toolServers.0.clientId missing", { ...files, registration: "enterprise" }],
    ["toolServers.0.clientSecret missing", { ...files, registration: "client-credentials", clientId: "x" }],
    [
      "toolServers.0.tokenEndpointAuthMethod invalid",
      {
        ...files,
        registration: "client-credentials",
        clientId: "x",
        clientSecret: "y",
        tokenEndpointAuthMethod: "none",
      },
    ],
    ["toolServers.0.workloadTokenFile missing", { ...files, registration: "workload", clientId: "x" }],
    ["toolServers.0.workloadTokenFile invalid", { ...files, workloadTokenFile: "/run/token" }],
    ["toolServers.0.key missing", { ...files, registration: "key" }],
    ["toolServers.0.key invalid", { ...files, key: "x" }],
    ["toolServers.0.key invalid", { ...files, registration: "key", key: "a\r\nb: c" }],
    ["toolServers.0.clientId invalid", { ...files, registration: "key", key: "x", clientId: "y" }],
    ["toolServers.0.provider invalid", { ...files, registration: "provider", provider: "other" }],
    ["toolServers.0.provider invalid", { ...files, provider: "corp" }],
    ["toolServers.0.passToken invalid", { ...files, passToken: true }],
    [
      "toolServers.0.clientMetadataUrl invalid",
      { ...files, registration: "key", key: "x", clientMetadataUrl: "https://elsewhere.test/c" },
    ],
    ["toolServers.0.clientId missing", { ...files, registration: "static" }],
    ["toolServers.0.clientId missing", { ...files, clientSecret: "x" }],
    ["toolServers.0.clientId invalid", { ...files, clientId: "x", registration: "dynamic" }],
    ["toolServers.0.clientKey missing", { ...files, clientId: "x", tokenEndpointAuthMethod: "private_key_jwt" }],
    ["toolServers.0.clientSecret missing", { ...files, clientId: "x", tokenEndpointAuthMethod: "client_secret_post" }],
    ["toolServers.0.initialAccessToken invalid", { ...files, registration: "cimd", initialAccessToken: "x" }],
    ["toolServers.0.authorizationServer missing", { ...files, initialAccessToken: "x" }],
    ["toolServers.0.clientId missing", { ...files, tokenEndpointAuthMethod: "private_key_jwt" }],
    ["toolServers.0.clientMetadataUrl invalid", { ...files, clientMetadataUrl: "https://elsewhere.test/" }],
    ["toolServers.0.clientMetadataUrl invalid", { ...files, clientMetadataUrl: "http://elsewhere.test/client" }],
    ["toolServers.0.headers.authorization invalid", { ...files, headers: { authorization: "Bearer x" } }],
    ["toolServers.0.headers.Cookie invalid", { ...files, headers: { Cookie: "a=b" } }],
    ["toolServers.0.headers.x-key invalid", { ...files, headers: { "x-key": "a\r\nHost: evil" } }],
    ["toolServers.0.access.roles.0 invalid", { ...files, access: { roles: ["owner"] } }],
    ["toolServers.0.scopes.0 invalid", { ...files, scopes: ["two words"] }],
    ["toolServers.0.authorizeParams.resource invalid", { ...files, authorizeParams: { resource: "x" } }],
  ])("SU-1 %s is said of %o", (problem, entry) => {
    expect(problemsWith(entry)).toEqual([problem]);
  });

  test("SU-1 two of one id are refused", () => {
    expect(problemsWith(files, files)).toEqual(["toolServers.1.id invalid"]);
  });

  test("VA-5 its headers, secret and tokens are not printed", () => {
    const leak = "hunter2-hunter2";
    const authorizationServer = "https://as.test";
    const secretive = { clientSecret: leak, clientKey: leak, initialAccessToken: leak };
    const entry = { ...files, clientId: "x", authorizationServer, ...secretive };
    const resolved = resolveUnknown({ ...base, toolServers: [{ ...entry, headers: { "X-Key": leak } }] });
    expect(resolved.ok && resolved.value.toolServers[0]?.headers["x-key"]?.reveal()).toBe(leak);
    expect(JSON.stringify(resolved)).not.toContain(leak);
  });
});
