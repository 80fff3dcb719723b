/**
 * Which issuer a provider's identities are keyed by (AC-1): the operator's or the preset's. Without ID tokens nothing
 * signed says whose people an endpoint tells of, so the preset's issuer is good for the preset's own server alone, and
 * one issuer for one server: two of them count their people from 1, and the same number would open the same account.
 *
 * Loopback may stand for the preset's server: there it is a stand-in, or a proxy of the operator's own.
 */
import { isLoopbackHost } from "./loopback.js";
import { type ConfigProblem, problem, valueAt } from "./problems.js";
import { type Path, textAt, urlAt } from "./written.js";

/** The server of a preset without ID tokens: what its people are keyed by, and the origins that say who somebody is. */
export interface PresetServer {
  readonly issuer: string;
  readonly token: string;
  readonly userinfo: string;
}

/** What the issuer of a record depends on. */
export interface IssuerFacts {
  /** Whether the operator names the issuer; else the preset does. `optional`: either. */
  readonly issuer: boolean | "optional";
  /** False where userinfo alone says who somebody is. */
  readonly openid: boolean;
  /** Another server takes an issuer of its own. Left out: the preset is for one server, whose ID tokens name it. */
  readonly server?: PresetServer;
}

/** A record whose preset is known. */
export interface KnownRecord {
  readonly index: number;
  readonly known: IssuerFacts;
}

const endpoints = ["authorization", "token", "userinfo"] as const;

/** Of every record, so that two of them can be compared. */
export function issuerProblems(input: unknown, records: readonly KnownRecord[]): readonly ConfigProblem[] {
  const found = records.map((record) => [record, issuerProblem(input, record)] as const);
  const right = found.flatMap(([record, wrong]) => (wrong ? [] : [record]));
  return [...found.flatMap(([, wrong]) => wrong ?? []), ...sharedIssuerProblems(input, right)];
}

const pathOf = (index: number): Path => ["providers", index, "issuer"];
const given = (input: unknown, path: Path) => (valueAt(input, path) ?? null) !== null;

function issuerProblem(input: unknown, { index, known }: KnownRecord): ConfigProblem | undefined {
  const path = pathOf(index);
  const named = given(input, path);
  if (known.server) return serverProblem(input, index, known.server);
  if (known.issuer === named || known.issuer === "optional") return undefined;
  return known.issuer
    ? problem(path, "missing", "is missing", input)
    : problem(path, "invalid", "is set by the preset, and every identity is keyed by it: leave it out", input);
}

function serverProblem(input: unknown, index: number, server: PresetServer): ConfigProblem | undefined {
  const path = pathOf(index);
  const issuer = textAt(input, "providers", index, "issuer");
  const away = awayFrom(input, index, server);
  if (away && (issuer === undefined || issuer === server.issuer)) {
    const words = `endpoints.${away.name} is at ${away.origin}, whose ids are not those of ${server.issuer}`;
    const example = `${away.origin}${new URL(server.issuer).pathname.replace(/^\/$/, "")}`;
    const own = `an issuer of its own, such as ${example}, with its authorization, token and userinfo`;
    const allowed = `the preset's endpoint, which is used where this is left out; or, where it is another server, ${own}`;
    if (issuer === undefined) return problem(path, "missing", `is missing: ${words}`, input, { allowed });
    return problem(path, "invalid", `is the preset's own, but ${words}`, input, { allowed });
  }
  if (issuer === undefined) return undefined;
  const whole = endpoints.every((name) => given(input, ["providers", index, "endpoints", name]));
  if (whole && issuer !== server.issuer) return undefined;
  const words = `is ${server.issuer} by the preset, and every identity is keyed by it: leave it out`;
  const allowed = "another where endpoints has authorization, token and userinfo of another server";
  return problem(path, "invalid", words, input, { allowed });
}

/** The first endpoint that is another server's. */
function awayFrom(input: unknown, index: number, server: PresetServer) {
  for (const name of ["token", "userinfo"] as const) {
    const url = urlAt(input, "providers", index, "endpoints", name);
    const own = url?.origin === server.token || url?.origin === server.userinfo;
    if (url && !own && !isLoopbackHost(url.hostname)) return { name, origin: url.origin };
  }
  return undefined;
}

/** Whoever is first has the issuer; a later one with another userinfo origin would share its accounts. */
function sharedIssuerProblems(input: unknown, records: readonly KnownRecord[]): readonly ConfigProblem[] {
  const first = new Map<string, { readonly index: number; readonly origin: string }>();
  return records.flatMap(({ index, known }) => {
    if (known.openid) return [];
    const path = pathOf(index);
    const issuer = textAt(input, ...path) ?? known.server?.issuer;
    const origin = urlAt(input, "providers", index, "endpoints", "userinfo")?.origin ?? known.server?.userinfo;
    if (issuer === undefined || origin === undefined) return [];
    const earlier = first.get(issuer);
    if (!earlier) first.set(issuer, { index, origin });
    if (!earlier || earlier.origin === origin) return [];
    const [kind, is] = given(input, path)
      ? (["invalid", "is"] as const)
      : (["missing", "is missing, so it is"] as const);
    const words = `${is} the one of providers.${earlier.index}, whose userinfo is at ${earlier.origin} and not at ${origin}`;
    return [problem(path, kind, words, input, { allowed: "an issuer for each server, since each has ids of its own" })];
  });
}
