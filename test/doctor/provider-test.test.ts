/** `latchkey provider test` as a process, against a provider that takes the client's secret and one that does not. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProviderTest } from "../../src/diagnostics.js";
import { latchkey, patiently } from "./process.js";
import { aFolder, aProvider, strong } from "./setting.js";

async function configured(clientSecret: string) {
  const provider = await aProvider({ clients: [{ clientId: "latchkey", clientSecret: "canary-right-secret" }] });
  const cwd = await aFolder();
  const config = {
    baseUrl: "http://localhost:3999",
    server: { port: 3999 },
    secrets: [strong],
    egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"] },
    providers: [{ id: "corp", issuer: provider.issuer, clientId: "latchkey", clientSecret }],
  };
  await writeFile(join(cwd, "latchkey.json"), JSON.stringify(config));
  return { provider, cwd };
}

test(
  "SU-11 provider test says what discovery says, what would be sent, and that the client is accepted",
  patiently,
  async () => {
    const { provider, cwd } = await configured("canary-right-secret");
    const { code, out, err } = await latchkey(cwd, ["provider", "test", "corp", "--json"]).ended;
    expect([code, err]).toEqual([0, ""]);
    const tested = JSON.parse(out) as ProviderTest;
    expect(tested).toMatchObject({
      provider: "corp",
      metadata: { issuer: provider.issuer, token_endpoint: `${provider.issuer}/token` },
      redirectUri: "http://localhost:3999/auth/providers/corp/callback",
      postLogoutRedirectUri: "http://localhost:3999/auth/signed-out",
      backchannelLogoutUri: "http://localhost:3999/auth/backchannel-logout",
      frontchannelLogoutUri: "http://localhost:3999/auth/providers/corp/frontchannel-logout",
      authorizationRequest: {
        endpoint: `${provider.issuer}/authorize`,
        pushed: false,
        parameters: { client_id: "latchkey", scope: "openid email profile", code_challenge_method: "S256" },
      },
    });
    expect(tested.checks.map(({ status }) => status)).toEqual(Array(tested.checks.length).fill("ok"));
    expect(out).not.toContain("canary");
    // Nobody was signed in: the code that the provider gave is left to expire.
    expect(provider.requestsTo("token").map(({ form }) => form.get("code"))).toEqual([
      expect.stringMatching(/^made-up-/),
    ]);
  },
);

test(
  "SU-11 provider test says nothing of endpoints that a provider without discovery does not have",
  patiently,
  async () => {
    const { provider, cwd } = await configured("canary-right-secret");
    const config = {
      baseUrl: "http://localhost:3999",
      server: { port: 3999 },
      secrets: [strong],
      egress: { allow: ["127.0.0.1"], allowHttp: ["127.0.0.1"] },
      providers: [
        {
          id: "github",
          preset: "github",
          clientId: "latchkey",
          clientSecret: "canary-right-secret",
          endpoints: {
            authorization: `${provider.issuer}/authorize`,
            token: `${provider.issuer}/token`,
            userinfo: `${provider.issuer}/userinfo`,
          },
        },
      ],
    };
    await writeFile(join(cwd, "latchkey.json"), JSON.stringify(config));
    const { out } = await latchkey(cwd, ["provider", "test", "github"]).ended;
    expect(out).toContain(`${provider.issuer}/token`);
    expect(out).not.toMatch(/undefined|jwks_uri/);
  },
);

test("SU-11 provider test is exit 1 where the client is refused, in words and in JSON", patiently, async () => {
  const { cwd } = await configured("canary-wrong-secret");
  const { code, out } = await latchkey(cwd, ["provider", "test", "corp"]).ended;
  expect(code).toBe(1);
  expect(out).toMatch(/FAULT {2}client-authentication:corp/);
  expect(out).toContain("invalid_client");
  expect(out).toMatch(/back-channel logout URI +http:\/\/localhost:3999\/auth\/backchannel-logout/);
  expect(out).toMatch(/redirect URI +http:\/\/localhost:3999\/auth\/providers\/corp\/callback/);
  expect(out).not.toContain("canary");
  const doctor = await latchkey(cwd, ["doctor", "--json"]).ended;
  expect(doctor.code).toBe(1);
  const faults = (JSON.parse(doctor.out) as { id: string; status: string }[]).filter(({ status }) => status === "fail");
  expect(faults.map(({ id }) => id)).toEqual(["client-authentication:corp"]);
});

test("SU-11 provider test of a provider that is not there names those that are", patiently, async () => {
  const { cwd } = await configured("canary-right-secret");
  const { code, err } = await latchkey(cwd, ["provider", "test", "other"]).ended;
  expect(code).toBe(1);
  expect(err).toContain("other is not among corp");
});

test("SU-12 doctor without any configuration is one finding, with what to run", patiently, async () => {
  const { code, out } = await latchkey(await aFolder(), ["doctor"]).ended;
  expect(code).toBe(1);
  expect(out).toContain("config.not_found");
  expect(out).toContain("latchkey init");
});
