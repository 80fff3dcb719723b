/**
 * What each preset needs of its record, and what it must not be told (SI-1). The preset itself is in providers/presets;
 * here is only what an operator can get wrong, so that it is said when the configuration is read.
 */
import { isJsonObject } from "../kernel/json.js";
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { providersOf, textAt, written } from "./written.js";

interface PresetFacts {
  /** Whether the operator names the issuer; else the preset does, and every identity hangs on it. */
  readonly issuer: boolean;
  readonly openid: boolean;
  readonly tenant: boolean;
}

const facts: Readonly<Record<string, PresetFacts>> = {
  oidc: { issuer: true, openid: true, tenant: false },
  google: { issuer: false, openid: true, tenant: false },
  microsoft: { issuer: false, openid: true, tenant: true },
  github: { issuer: false, openid: false, tenant: false },
};

const tenantGroups = ["common", "organizations"];

/** Everything that the records of known presets lack, or have too much. */
export const presetChecks = (input: unknown): readonly ConfigProblem[] =>
  providersOf(input).flatMap((record, index) => {
    const preset = textAt(input, "providers", index, "preset") ?? "";
    const known = Object.hasOwn(facts, preset) ? facts[preset] : undefined;
    if (!known || !isJsonObject(record)) return [];
    return [
      ...issuerProblems(input, index, known),
      ...scopeProblems(input, index, known),
      ...(known.tenant ? tenantProblems(input, index) : strayTenantProblems(input, index, preset)),
    ];
  });

function issuerProblems(input: unknown, index: number, known: PresetFacts): ConfigProblem[] {
  const path = ["providers", index, "issuer"];
  const given = (valueAt(input, path) ?? null) !== null;
  if (known.issuer === given) return [];
  return known.issuer
    ? [problem(path, "missing", "is missing", input)]
    : [problem(path, "invalid", "is set by the preset, and every identity is keyed by it: leave it out", input)];
}

function scopeProblems(input: unknown, index: number, known: PresetFacts): ConfigProblem[] {
  const path = ["providers", index, "scopes"];
  const scopes = valueAt(input, path);
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.includes("openid") === known.openid) return [];
  const words = known.openid
    ? "lacks openid, without which there is no ID token (OpenID Connect Core §3.1.2.1)"
    : "holds openid, which this provider does not know";
  return [problem(path, "invalid", words, input)];
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
  const foreign = tenantGroups.includes(tenant) || tenant === "consumers";
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
