/**
 * The doctor over every preset: set up as its page says nothing is at fault, and a client that the provider refuses is
 * named, whichever words the provider has for it. The providers' words are those of test/presets.
 */
import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { presets } from "../../src/providers/presets/all.js";
import type { Answer } from "../../src/testing/fake-provider/answers.js";
import type { FakeProvider, FakeProviderOptions } from "../../src/testing/fake-provider.js";
import { aSetting } from "./setting.js";

type ProviderRecord = Partial<ConfigInput["providers"][number]>;
interface Place {
  readonly how?: FakeProviderOptions;
  /** The record beside id, preset and the client's id and secret; `undefined` takes something away. */
  readonly record: (provider: FakeProvider) => ProviderRecord;
  /** What its metadata says it is; undefined: the fake's own. */
  readonly issuer?: string;
  /** A code that was never issued, and a client that is not believed, in this provider's words; left out: RFC 6749 §5.2. */
  readonly codeRefused?: Answer;
  readonly clientRefused?: Answer;
  readonly groups: "ok" | "warn" | "skip";
}

const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490";
const own = (): ProviderRecord => ({});
/** Its issuer is the preset's; only the address of the document is another here. */
const fixed = (provider: FakeProvider): ProviderRecord => ({
  issuer: undefined,
  discoveryUrl: `${provider.issuer}/.well-known/openid-configuration`,
});
/** Nothing is discovered. */
const plain = (provider: FakeProvider): ProviderRecord => ({
  issuer: undefined,
  endpoints: {
    authorization: `${provider.issuer}/authorize`,
    token: `${provider.issuer}/token`,
    userinfo: `${provider.issuer}/userinfo`,
  },
});
const appleKey = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" });

const places: { readonly [preset in keyof typeof presets]: Place } = {
  oidc: { record: own, groups: "skip" },
  google: { record: fixed, issuer: "https://accounts.google.com", groups: "ok" },
  microsoft: {
    how: { path: `/${tenant}/v2.0`, alg: "RS256" },
    record: (provider) => ({ issuer: undefined, tenant, loginBaseUrl: new URL(provider.issuer).origin }),
    groups: "warn",
  },
  github: {
    record: plain,
    codeRefused: { json: { error: "bad_verification_code" } },
    clientRefused: { json: { error: "incorrect_client_credentials" } },
    groups: "ok",
  },
  gitlab: { record: own, groups: "ok" },
  slack: {
    how: { requirePkce: false },
    record: fixed,
    issuer: "https://slack.com",
    codeRefused: { json: { ok: false, error: "invalid_code" } },
    clientRefused: { json: { ok: false, error: "bad_client_secret" } },
    groups: "ok",
  },
  linkedin: {
    how: { requirePkce: false },
    record: fixed,
    issuer: "https://www.linkedin.com/oauth",
    codeRefused: { status: 400, json: { error: "invalid_grant" } },
    clientRefused: { status: 401, json: { error: "invalid_client" } },
    groups: "ok",
  },
  discord: { record: plain, groups: "ok" },
  feishu: {
    record: plain,
    codeRefused: { json: { code: 20003, msg: "…" } },
    clientRefused: { json: { code: 20002, msg: "…" } },
    groups: "ok",
  },
  apple: {
    how: { alg: "RS256" },
    record: (provider) => ({
      issuer: undefined,
      clientSecret: undefined,
      clientKey: String(appleKey),
      teamId: "DEF123GHIJ",
      keyId: "ABC123DEFG",
      endpoints: {
        authorization: `${provider.issuer}/authorize`,
        token: `${provider.issuer}/token`,
        jwks: `${provider.issuer}/jwks`,
      },
    }),
    codeRefused: { status: 400, json: { error: "invalid_grant" } },
    clientRefused: { status: 400, json: { error: "invalid_client" } },
    groups: "ok",
  },
  keycloak: { how: { path: "/realms/corp" }, record: own, groups: "warn" },
  authentik: { how: { path: "/application/o/latchkey" }, record: own, groups: "ok" },
  zitadel: { record: own, groups: "ok" },
  okta: { how: { path: "/oauth2/default" }, record: own, groups: "skip" },
  auth0: { record: own, groups: "ok" },
  oauth2: { record: (provider) => ({ ...plain(provider), issuer: "https://forum.example" }), groups: "skip" },
};

async function examined(preset: keyof typeof presets, said: "codeRefused" | "clientRefused") {
  const { how, record, issuer, groups, ...words } = places[preset];
  const setting = await aSetting(how);
  const { provider } = setting;
  Object.assign(setting.providerConfig, { id: "one", preset, ...record(provider) });
  setting.config["groups"] = { fromClaims: true };
  if (issuer !== undefined) provider.tweaks.metadata = (metadata) => ({ ...metadata, issuer });
  const answer = words[said];
  if (answer !== undefined) provider.script({ token: answer });
  else if (said === "clientRefused") setting.providerConfig["clientSecret"] = "another secret than the provider's";
  const { all } = await setting.examine();
  const ofProvider = all.filter(({ id }) => id.endsWith(":one"));
  return { setting, groups, status: Object.fromEntries(ofProvider.map(({ id, status }) => [id.slice(0, -4), status])) };
}

describe.each(Object.keys(presets) as (keyof typeof presets)[])("the doctor over the preset %s", (preset) => {
  test("SU-12 AC-15 finds no fault in what works, says what is known of its groups claim, and signs nobody in", async () => {
    const { setting, status, groups } = await examined(preset, "codeRefused");
    const { kind, quirks } = presets[preset];
    const discovered = kind === "oidc" && !quirks.fixedMetadata ? "ok" : "skip";
    expect(status).toEqual({
      egress: "ok",
      // Where there are no ID tokens, no time in one can be wrong.
      clock: kind === "oidc" ? "ok" : "skip",
      discovery: discovered,
      issuer: discovered,
      jwks: kind === "oidc" ? "ok" : "skip",
      "redirect-uri": "ok",
      "client-authentication": "ok",
      "groups-claim": groups,
    });
    expect(setting.provider.requestsTo("token")).toHaveLength(1);
    expect(setting.provider.requestsTo("userinfo")).toEqual([]);
  });

  test("SU-12 SI-12 names the client that the provider does not believe, in whichever words it says so", async () => {
    const { status } = await examined(preset, "clientRefused");
    const faults = Object.entries(status).filter(([, found]) => found === "fail");
    expect(faults).toEqual([["client-authentication", "fail"]]);
  });
});
