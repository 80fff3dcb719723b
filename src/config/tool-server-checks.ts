/** Checks between the keys of tool servers: ids that meet, credentials that are missing or that nothing would use. */
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { type Path, textAt, written } from "./written.js";

export function toolServerChecks(input: unknown): readonly ConfigProblem[] {
  const list = written(input, "toolServers");
  if (!Array.isArray(list)) return [];
  const first = new Map<string, number>();
  return list.flatMap((_, index) => {
    const at = (...path: Path): Path => ["toolServers", index, ...path];
    const id = textAt(input, ...at("id"));
    const earlier = id === undefined ? undefined : first.get(id);
    if (id !== undefined && earlier === undefined) first.set(id, index);
    return [
      ...(earlier === undefined
        ? []
        : [problem(at("id"), "invalid", `is already the id of toolServers.${earlier}`, input)]),
      ...credentialProblems(input, at),
      ...roleProblems(input, at),
      ...providerProblems(input, at),
    ];
  });
}

type At = (...path: Path) => Path;

const needsClient: ReadonlySet<string> = new Set(["static", "client-credentials", "enterprise", "workload"]);
/** A key that one registration cannot do without. */
const neededBy = { key: "key", workloadTokenFile: "workload" } as const;
const usedBy = { key: ["key"], workloadTokenFile: ["workload"], provider: ["provider", "enterprise"] } as const;

function credentialProblems(input: unknown, at: At): readonly ConfigProblem[] {
  const has = (key: string) => (valueAt(input, at(key)) ?? null) !== null;
  const registration = textAt(input, ...at("registration")) ?? "auto";
  const method = textAt(input, ...at("tokenEndpointAuthMethod")) ?? "auto";
  const found: ConfigProblem[] = [];
  const missing = (key: string, why: string) => found.push(problem(at(key), "missing", `is needed for ${why}`, input));
  const why = `registration ${registration}`;
  const asItself = registration === "client-credentials";
  if (needsClient.has(registration) && !has("clientId")) missing("clientId", why);
  if (asItself && has("clientId") && !has("clientSecret") && !has("clientKey")) missing("clientSecret", why);
  for (const [key, of] of Object.entries(neededBy)) if (of === registration && !has(key)) missing(key, why);
  for (const key of ["clientSecret", "clientKey"]) {
    if (has(key) && !has("clientId")) missing("clientId", key);
  }
  // A credential is for one server: the tool server could name another one at any time, and would be shown it (TS-10).
  const registers = registration === "auto" || registration === "dynamic";
  if (registers && has("initialAccessToken") && !has("authorizationServer"))
    missing("authorizationServer", "initialAccessToken");
  if (method === "private_key_jwt" && !has("clientId")) missing("clientId", "tokenEndpointAuthMethod private_key_jwt");
  if (has("clientId")) {
    if (method === "private_key_jwt" && !has("clientKey"))
      missing("clientKey", "tokenEndpointAuthMethod private_key_jwt");
    if (/^client_secret_/.test(method) && !has("clientSecret"))
      missing("clientSecret", `tokenEndpointAuthMethod ${method}`);
  }
  if (asItself && method === "none") {
    found.push(problem(at("tokenEndpointAuthMethod"), "invalid", `says nobody who we are: of no use to ${why}`, input));
  }
  // A value that nothing uses looks as if it did.
  const unused = (key: string) =>
    found.push(problem(at(key), "invalid", `is not used by registration ${registration}`, input));
  if (registration === "cimd" || registration === "dynamic" || registration === "key" || registration === "provider") {
    for (const key of ["clientId", "clientSecret", "clientKey"]) if (has(key)) unused(key);
  }
  if (!registers && has("initialAccessToken")) unused("initialAccessToken");
  if (registration !== "auto" && registration !== "cimd" && has("clientMetadataUrl")) unused("clientMetadataUrl");
  for (const [key, of] of Object.entries(usedBy))
    if (has(key) && !(of as readonly string[]).includes(registration)) unused(key);
  if (valueAt(input, at("passToken")) === true && registration !== "provider") unused("passToken");
  return found;
}

/** The one that is named, or the only one that there is. */
function providerProblems(input: unknown, at: At): readonly ConfigProblem[] {
  const registration = textAt(input, ...at("registration")) ?? "auto";
  if (registration !== "provider" && registration !== "enterprise") return [];
  const list = written(input, "providers");
  const ids = (Array.isArray(list) ? list : []).map((_, index) => textAt(input, "providers", index, "id"));
  const named = textAt(input, ...at("provider"));
  const allowed = ids.join(" · ");
  if (named === undefined) {
    const why = `is needed for registration ${registration} where there are several providers`;
    return ids.length > 1 ? [problem(at("provider"), "missing", why, input, { allowed })] : [];
  }
  return ids.includes(named) ? [] : [problem(at("provider"), "invalid", "is no provider", input, { allowed })];
}

function roleProblems(input: unknown, at: At): readonly ConfigProblem[] {
  const order = written(input, "roles", "order");
  const roles = valueAt(input, at("access", "roles"));
  if (!Array.isArray(order) || !Array.isArray(roles)) return [];
  const allowed = order.filter((name) => typeof name === "string").join(" · ");
  return roles.flatMap((role, index) =>
    typeof role !== "string" || order.includes(role)
      ? []
      : [problem(at("access", "roles", index), "invalid", "is not in roles.order", input, { allowed })],
  );
}
