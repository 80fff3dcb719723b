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
    ];
  });
}

type At = (...path: Path) => Path;

function credentialProblems(input: unknown, at: At): readonly ConfigProblem[] {
  const has = (key: string) => (valueAt(input, at(key)) ?? null) !== null;
  const registration = textAt(input, ...at("registration")) ?? "auto";
  const method = textAt(input, ...at("tokenEndpointAuthMethod")) ?? "auto";
  const found: ConfigProblem[] = [];
  const missing = (key: string, why: string) => found.push(problem(at(key), "missing", `is needed for ${why}`, input));
  if (registration === "static" && !has("clientId")) missing("clientId", "registration static");
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
  // A value that nothing uses looks as if it did.
  const unused = (key: string) =>
    found.push(problem(at(key), "invalid", `is not used by registration ${registration}`, input));
  if (registration === "cimd" || registration === "dynamic") {
    for (const key of ["clientId", "clientSecret", "clientKey"]) if (has(key)) unused(key);
  }
  if ((registration === "static" || registration === "cimd") && has("initialAccessToken")) unused("initialAccessToken");
  if ((registration === "static" || registration === "dynamic") && has("clientMetadataUrl"))
    unused("clientMetadataUrl");
  return found;
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
