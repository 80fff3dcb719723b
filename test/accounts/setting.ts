/**
 * One decision as an operator would ask for it: their configuration, what the provider said, and what is known here go
 * in, and what comes out is written in one line, so that the tables can be read and checked by people.
 */
import {
  decideSignIn,
  type KnownFacts,
  nothingUnknown,
  type SignInDecision,
  type UnknownClaims,
} from "../../src/accounts/policy/decide-sign-in.js";
import type { GroupStep, KnownGroups } from "../../src/accounts/policy/groups.js";
import { claimsOrigin } from "../../src/accounts/policy/origin.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { Config, ConfigInput } from "../../src/config/schema.js";
import type { GroupId, UserId } from "../../src/kernel/ids.js";
import type { JsonObject } from "../../src/kernel/json.js";
import { createProviderRegistry } from "../../src/providers/registry.js";

export const issuer = "https://idp.example";
/** `claims:corp`, as it is stored. */
export const corp = claimsOrigin("corp", issuer);

type ProviderInput = ConfigInput["providers"][number];

export interface Question {
  readonly signIn?: ConfigInput["signIn"];
  readonly roles?: ConfigInput["roles"];
  readonly groups?: ConfigInput["groups"];
  readonly limits?: ConfigInput["limits"];
  readonly provider?: Partial<ProviderInput>;
  readonly claims?: JsonObject;
  readonly unknown?: Partial<UnknownClaims>;
  /** `nobody`: there is no user at all. `new`: there are others. Otherwise the person is known by their identity. */
  readonly known?: "nobody" | "new" | KnownPerson;
  /** Groups that are there, by name, with who made them. */
  readonly existing?: Readonly<Record<string, string>>;
}
export interface KnownPerson {
  readonly role: string;
  readonly origin?: string;
  readonly lastAdmin?: boolean;
  readonly onlyUser?: boolean;
  readonly disabled?: boolean;
  /** Known by address alone, to a configuration that links by it. */
  readonly byEmail?: boolean;
  /** `name from origin`, as `staff from manual`; `corp` stands for this provider. */
  readonly groups?: readonly string[];
}

function configOf(question: Question): Config {
  const { signIn, roles, groups, limits, provider } = question;
  const resolved = resolveConfig({
    baseUrl: "https://app.example",
    secrets: ["q8Xo1vJx0tYk3Zr5Wb7Nc9Md2Lf4Gh6Js"],
    signIn: { signUp: true, ...signIn },
    ...(roles ? { roles } : {}),
    ...(groups ? { groups } : {}),
    ...(limits ? { limits } : {}),
    providers: [{ id: "corp", issuer, clientId: "latchkey", ...provider }],
  });
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  return resolved.value;
}

/** The whole decision for one question. */
export function decide(question: Question): SignInDecision {
  const config = configOf(question);
  const provider = createProviderRegistry(config).byId("corp");
  if (!provider) throw new Error("no provider");
  const claims = { sub: "1", email: "ann@example.com", email_verified: true, name: "Ann", ...question.claims };
  const told = { issuer, claims, unknown: { ...nothingUnknown, ...question.unknown } };
  return decideSignIn(provider, told, factsOf(question), {
    ...config.signIn,
    firstPerson: "open",
    fallbackEmail: null,
    roleOrder: config.roles.order,
    healLoneUser: config.roles.healLoneUser,
    groupsPerClaim: config.limits.groupsPerClaim,
  });
}

const idOf = (name: string) => `id of ${name}` as GroupId;
const originOf = (text: string) => (text === "corp" ? corp : text);

function factsOf({ known = "new", existing = {} }: Question): KnownFacts {
  const person = typeof known === "string" ? null : known;
  const user = person && {
    id: "ann" as UserId,
    disabled: person.disabled ?? false,
    claimed: true,
    emailVerified: true,
    role: person.role,
  };
  const groups: KnownGroups = {
    existing: Object.entries(existing).map(([name, by]) => ({ id: idOf(name), name, createdBy: originOf(by) })),
    memberships: (person?.groups ?? []).map((text) => {
      const [name = "", origin = ""] = text.split(" from ");
      return { id: idOf(name), name, origin: originOf(origin) };
    }),
  };
  return {
    accounts: {
      bySubject: user && !person.byEmail ? user : undefined,
      byEmail: user && person.byEmail ? { ...user, hasIdentityOfIssuer: false } : undefined,
      empty: known === "nobody",
    },
    roleOrigin: person?.origin ?? (person ? "manual" : null),
    lastAdmin: person?.lastAdmin ?? false,
    onlyUser: person?.onlyUser ?? false,
    groups,
  };
}

/** Who comes in with which role, and by which rule. */
export function roleInWords(decision: SignInDecision): string {
  if (decision.kind === "unreadable") return `unreadable: ${decision.problem}`;
  if (decision.kind === "refuse") {
    const out = decision.signOutEverywhere ? ", signed out everywhere" : "";
    return `refused: ${decision.reason}${decision.rule === null ? "" : ` by ${decision.rule}`}${out}`;
  }
  const { role, account } = decision;
  if (role.kind === "keep") return `keeps ${role.role} by ${role.rule}`;
  if (role.kind === "last_admin_kept") return `stays the last admin, ${role.wanted} by ${role.rule}`;
  const write = account.role === null ? " (nothing to write)" : "";
  return `${role.role} from ${role.origin} by ${role.rule}${write}`;
}

/** What happens to the groups, a line for each step. */
export const groupsInWords = (decision: SignInDecision): readonly string[] =>
  decision.kind === "admit" ? decision.groups.map(stepInWords) : [roleInWords(decision)];

function stepInWords(step: GroupStep): string {
  const from = "origin" in step ? ` from ${step.origin === corp ? "corp" : step.origin}` : "";
  switch (step.kind) {
    case "blocked":
      return `block ${step.name} by ${step.pattern}`;
    case "ignored":
      return `pass over ${step.name}: ${step.why}`;
    case "create":
    case "join":
      return `${step.kind} ${step.name}${from}`;
    case "leave":
    case "keep":
      return `${step.kind} ${step.name}${from}: ${step.why}`;
    default:
      return step satisfies never;
  }
}
