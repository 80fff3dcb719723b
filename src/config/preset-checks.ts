/**
 * What each preset needs of its record, and what it must not be told (SI-1). The preset itself is in providers/presets;
 * here is only what an operator can get wrong, so that it is said when the configuration is read.
 */
import { isJsonObject } from "../kernel/json.js";
import { type IssuerFacts, issuerProblems, type KnownRecord } from "./issuer-checks.js";
import { presets } from "./later.js";
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { providersOf, textAt, written } from "./written.js";

interface PresetFacts extends IssuerFacts {
  readonly tenant?: true;
  /** There is nothing that tells the endpoints: the operator does, and whether `iss` is compared. */
  readonly custom?: true;
  /** It cannot do PKCE, so a client without a secret would have nothing that keeps a stolen code from being used. */
  readonly secret?: true;
  /** The only claims that may be the subject, where the preset has one of its own that goes over the global name. */
  readonly subjects?: readonly string[];
  /** The secret is signed with a key of the operator's, and the answer is always a form (apple). */
  readonly signedSecret?: true;
}

/** As in providers/presets: a test compares them. */
const servers = {
  github: {
    issuer: "https://github.com/login/oauth",
    token: "https://github.com",
    userinfo: "https://api.github.com",
  },
  feishu: {
    issuer: "https://accounts.feishu.cn",
    token: "https://accounts.feishu.cn",
    userinfo: "https://open.feishu.cn",
  },
  discord: { issuer: "https://discord.com", token: "https://discord.com", userinfo: "https://discord.com" },
};

const facts: Readonly<Record<(typeof presets)[number], PresetFacts>> = {
  oidc: { issuer: true, openid: true },
  oauth2: { issuer: true, openid: false, custom: true },
  google: { issuer: false, openid: true },
  microsoft: { issuer: false, openid: true, tenant: true },
  github: { issuer: "optional", openid: false, server: servers.github, subjects: ["sub", "id"] },
  feishu: { issuer: "optional", openid: false, server: servers.feishu, subjects: ["user_id", "open_id"] },
  gitlab: { issuer: "optional", openid: true },
  slack: { issuer: false, openid: true, secret: true },
  discord: { issuer: "optional", openid: false, server: servers.discord, subjects: ["sub", "id"] },
  linkedin: { issuer: false, openid: true, secret: true },
  apple: { issuer: false, openid: true, signedSecret: true },
  auth0: { issuer: true, openid: true },
  authentik: { issuer: true, openid: true },
  keycloak: { issuer: true, openid: true },
  okta: { issuer: true, openid: true },
  zitadel: { issuer: true, openid: true },
};

const tenantGroups = ["common", "organizations"];
/** The tenant of all personal accounts, by its name and its id (as in providers/presets/microsoft). */
const personalAccounts = ["consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"];

/** Everything that the records of known presets lack, or have too much. */
export function presetChecks(input: unknown): readonly ConfigProblem[] {
  const records = providersOf(input).flatMap((record, index): (KnownRecord & Named)[] => {
    const preset = presets.find((name) => name === textAt(input, "providers", index, "preset"));
    return preset && isJsonObject(record) ? [{ index, preset, known: facts[preset] }] : [];
  });
  return [...issuerProblems(input, records), ...records.flatMap((record) => recordProblems(input, record))];
}

interface Named {
  readonly preset: string;
  readonly known: PresetFacts;
}

const recordProblems = (input: unknown, { index, preset, known }: KnownRecord & Named): readonly ConfigProblem[] => [
  ...scopeProblems(input, index, known),
  ...maxAgeProblems(input, index, preset, known),
  ...customProblems(input, index, preset, known),
  ...(known.secret ? secretProblems(input, index) : []),
  ...(known.subjects ? subjectProblems(input, index, known.subjects) : []),
  ...(known.tenant ? tenantProblems(input, index) : strayTenantProblems(input, index, preset)),
  ...(known.signedSecret ? signedSecretProblems(input, index) : straySignedSecretProblems(input, index, preset)),
];

function scopeProblems(input: unknown, index: number, known: PresetFacts): ConfigProblem[] {
  const path = ["providers", index, "scopes"];
  const scopes = valueAt(input, path);
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.includes("openid") === known.openid) return [];
  const words = known.openid
    ? "lacks openid, without which there is no ID token (OpenID Connect Core §3.1.2.1)"
    : known.custom
      ? "holds openid, and this preset reads no ID token: a provider that has them is the preset oidc"
      : "holds openid, which this provider does not know";
  return [problem(path, "invalid", words, input)];
}

/** What `max_age` asks for is checked in the ID token (SI-6): where there is none it would only look like a rule. */
function maxAgeProblems(input: unknown, index: number, preset: string, known: PresetFacts): ConfigProblem[] {
  if (known.openid) return [];
  // One that is switched off is asked nothing: it may stay in the file beside a rule for all that are on.
  const asked = valueAt(input, ["providers", index, "enabled"]) !== false;
  return [["providers", index], ...(asked ? [["signIn"]] : [])].flatMap((where) => {
    const path = [...where, "authorizeParams", "max_age"];
    if (valueAt(input, path) === undefined) return [];
    const words = `cannot be checked at providers.${index}: the preset ${preset} has no ID token`;
    return [problem(path, "invalid", words, input, { allowed: "max_age at providers with an ID token alone" })];
  });
}

/** What is not discovered must be written, and what only a custom provider may choose is refused elsewhere (AC-1). */
function customProblems(input: unknown, index: number, preset: string, known: PresetFacts): ConfigProblem[] {
  if (!known.custom) {
    if (textAt(input, "providers", index, "callbackIss") !== "ignore") return [];
    const path = ["providers", index, "callbackIss"];
    return [problem(path, "invalid", `is for the preset oauth2; ${preset} has its iss checked`, input)];
  }
  return ["authorization", "token", "userinfo"].flatMap((name) => {
    const path = ["providers", index, "endpoints", name];
    return (valueAt(input, path) ?? null) === null ? [problem(path, "missing", "is missing", input)] : [];
  });
}

/** Without PKCE the secret is all that keeps a stolen code from being exchanged by somebody else (SI-5). */
function secretProblems(input: unknown, index: number): ConfigProblem[] {
  const at = (key: string) => ["providers", index, key];
  const method = textAt(input, "providers", index, "tokenEndpointAuthMethod");
  if (method === "none" || method === "private_key_jwt") {
    const words = "must be one with the client secret: this provider does not do PKCE";
    const how = { allowed: "auto, client_secret_basic or client_secret_post" };
    return [problem(at("tokenEndpointAuthMethod"), "invalid", words, input, how)];
  }
  if ((valueAt(input, at("clientSecret")) ?? null) !== null) return [];
  const words = "is missing: this provider does not do PKCE, so its client must have a secret";
  return method === "auto" ? [problem(at("clientSecret"), "missing", words, input)] : [];
}

/**
 * Which claim is the subject is chosen once, among those that never come to mean somebody else. The record's name is the
 * only one there is to check: such a preset has a name of its own, which goes over the global one.
 */
function subjectProblems(input: unknown, index: number, subjects: readonly string[]): ConfigProblem[] {
  const path = ["providers", index, "claims", "subject"];
  const subject = valueAt(input, path);
  if (typeof subject !== "string" || subjects.includes(subject)) return [];
  return [problem(path, "invalid", "is no subject of this provider", input, { allowed: subjects.join(" or ") })];
}

function tenantProblems(input: unknown, index: number): ConfigProblem[] {
  const at = (key: string) => ["providers", index, key];
  const tenant = textAt(input, "providers", index, "tenant")?.toLowerCase();
  const allowed = written(input, "providers", index, "allowedTenants");
  const listed = Array.isArray(allowed) && allowed.length > 0;
  if (tenant === undefined) {
    const how = { allowed: "the tenant's id or domain name · common · organizations · consumers" };
    return [problem(at("tenant"), "missing", "is missing", input, how)];
  }
  const found: ConfigProblem[] = [];
  if (!tenantGroups.includes(tenant)) {
    if (listed) found.push(problem(at("allowedTenants"), "invalid", "counts only with common or organizations", input));
  } else if (!listed) {
    const words = `is needed with tenant ${tenant}: without it anybody with a tenant of their own could sign in`;
    found.push(problem(at("allowedTenants"), "missing", words, input, { allowed: "ids of tenants" }));
  }
  const foreign = [...tenantGroups, ...personalAccounts].includes(tenant);
  if (foreign && textAt(input, "providers", index, "emailVerified") === "always") {
    const words = `cannot be vouched for with tenant ${tenant}: other tenants' administrators write any address`;
    found.push(problem(at("emailVerified"), "invalid", words, input, { allowed: "claim, or a tenant of your own" }));
  }
  return found;
}

function strayTenantProblems(input: unknown, index: number, preset: string): ConfigProblem[] {
  return ["tenant", "allowedTenants", "loginBaseUrl", "pictureUrl"].flatMap((key) => {
    const path = ["providers", index, key];
    const value = valueAt(input, path) ?? null;
    const fallback = written({}, "providers", index, key);
    const same = value === null || value === fallback || (Array.isArray(value) && value.length === 0);
    return same ? [] : [problem(path, "invalid", `means nothing to the preset ${preset}`, input)];
  });
}

function signedSecretProblems(input: unknown, index: number): ConfigProblem[] {
  const at = (key: string) => ["providers", index, key];
  const given = (key: string) => (valueAt(input, at(key)) ?? null) !== null;
  const refused = (key: string, words: string) => (given(key) ? [problem(at(key), "invalid", words, input)] : []);
  const alone = (key: string, only: string, words: string) =>
    given(key) && textAt(input, "providers", index, key) !== only ? [problem(at(key), "invalid", words, input)] : [];
  return [
    ...["teamId", "keyId", "clientKey"]
      .filter((key) => !given(key))
      .map((key) => problem(at(key), "missing", "is missing: the secret is signed with it", input)),
    ...refused("clientSecret", "is signed anew for each request, from teamId, keyId and clientKey: leave it out"),
    ...refused("discoveryUrl", "means nothing here: this provider is not discovered"),
    ...alone("tokenEndpointAuthMethod", "auto", "is set by the preset: leave it out"),
    ...alone("responseMode", "form_post", "is set by the preset: leave it out"),
  ];
}

const straySignedSecretProblems = (input: unknown, index: number, preset: string): ConfigProblem[] =>
  ["teamId", "keyId"].flatMap((key) => {
    const path = ["providers", index, key];
    const given = (valueAt(input, path) ?? null) !== null;
    return given ? [problem(path, "invalid", `means nothing to the preset ${preset}`, input)] : [];
  });
