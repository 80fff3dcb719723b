/** The decisions of connecting, as tables: who we are, what is asked for, who may. */
import { describe, expect, test } from "vitest";
import { isPublicOrigin } from "../../egress/public-origin.js";
import { minutes, toInstant } from "../../kernel/time.js";
import type { ToolServer } from "../tool-server.js";
import { mayUse, type Person } from "./access.js";
import { chooseRegistration, type RegistrationChoice, type RegistrationFacts } from "./choose-registration.js";
import { resourceOf } from "./resource-parameter.js";
import { chooseScopes, type ScopeFacts, scopeSet } from "./scopes.js";
import { mayAskAgain, withRequest } from "./step-up.js";

const documentUrl = "https://app.example.com/auth/client-metadata/files.json";
const issuer = "https://as.example.com";
const register = `${issuer}/register`;

describe("TS-7 who we are to an authorization server", () => {
  type Server = RegistrationFacts["server"];
  type As = { readonly cimd?: boolean; readonly register?: boolean };
  const fixed: RegistrationChoice = { kind: "static", clientId: "given" };
  const cimd: RegistrationChoice = { kind: "cimd", clientId: documentUrl };
  const dynamic: RegistrationChoice = { kind: "dynamic", endpoint: register };
  const operator = (reason: Extract<RegistrationChoice, { kind: "operator" }>["reason"]) =>
    ({ kind: "operator", reason }) as const;
  const all: As = { cimd: true, register: true };

  test.each<[why: string, server: Partial<Server>, as: As, refused: boolean, expected: RegistrationChoice]>([
    ["credentials of the operator go before everything", { clientId: "given" }, all, false, fixed],
    ["and are asked for by name, too", { clientId: "given", registration: "static" }, {}, false, fixed],
    ["a document where the server takes one", {}, all, false, cimd],
    ["no document where it does not say so", {}, { register: true }, false, dynamic],
    ["no document that nobody could fetch", { documentIsPublic: false }, all, false, dynamic],
    ["but the operator may say that it can", { documentIsPublic: false, registration: "cimd" }, {}, false, cimd],
    ["a document that was refused is not offered again", {}, all, true, dynamic],
    ["not even where the operator asked for it", { registration: "cimd" }, all, true, dynamic],
    ["with nothing else left it is the operator's turn", {}, { cimd: true }, true, operator("document_refused")],
    ["dynamic by name passes the document over", { registration: "dynamic" }, all, false, dynamic],
    ["and needs an endpoint", { registration: "dynamic" }, { cimd: true }, false, operator("no_registration_endpoint")],
    ["a server that registers nobody", {}, {}, false, operator("no_way_to_register")],
    [
      "a document nobody can fetch, and no endpoint",
      { documentIsPublic: false },
      { cimd: true },
      false,
      operator("no_way_to_register"),
    ],
  ])("%s", (_why, server, as, documentRefused, expected) => {
    const facts: RegistrationFacts = {
      server: { registration: "auto", clientId: null, documentUrl, documentIsPublic: true, ...server },
      as: {
        issuer,
        ...(as.cimd ? { client_id_metadata_document_supported: true } : {}),
        ...(as.register ? { registration_endpoint: register } : {}),
      },
      documentRefused,
    };
    expect(chooseRegistration(facts)).toEqual(expected);
  });

  test.each([
    ["https://app.example.com", true],
    ["https://8.8.8.8", true],
    ["http://app.example.com", false],
    ["https://localhost:3000", false],
    ["https://app.localhost", false],
    ["https://127.0.0.1", false],
    ["https://10.1.2.3", false],
    ["https://[::1]", false],
    ["https://[fd00::1]", false],
    ["https://chat.internal", false],
    ["https://nas.local", false],
    ["https://intranet", false],
    ["https://box.home.arpa.", false],
  ])("TS-7 whether strangers can fetch what lies at %s: %s", (origin, expected) => {
    expect(isPublicOrigin(origin)).toBe(expected);
  });
});

describe("TS-12 which scopes are asked for", () => {
  const nothing: ScopeFacts = {
    override: null,
    challenge: null,
    supported: null,
    offered: null,
    requested: null,
    promptIsSet: false,
  };
  const challenged = (...scopes: string[]) => ({ scopes, error: null });
  const steppedUp = (...scopes: string[]) => ({
    scopes: scopes.length === 0 ? null : scopes,
    error: "insufficient_scope",
  });
  test.each<[why: string, facts: Partial<ScopeFacts>, scopes: string[], prompt?: "consent"]>([
    ["none where nobody names any", {}, []],
    ["those that the metadata lists", { supported: ["a", "b", "a"] }, ["a", "b"]],
    ["a challenge goes before the list", { supported: ["a", "b"], challenge: challenged("c") }, ["c"]],
    [
      "a challenge that names none leaves it to the list",
      { supported: ["a"], challenge: { scopes: null, error: null } },
      ["a"],
    ],
    ["the operator goes before both", { override: ["x"], supported: ["a"], challenge: challenged("c") }, ["x"]],
    [
      "offline_access where it is offered",
      { supported: ["a"], offered: ["a", "offline_access"] },
      ["a", "offline_access"],
      "consent",
    ],
    ["once", { supported: ["offline_access"], offered: ["offline_access"] }, ["offline_access"], "consent"],
    [
      "and without a prompt where the operator chose one",
      { supported: ["a"], offered: ["offline_access"], promptIsSet: true },
      ["a", "offline_access"],
    ],
    ["never where it is not offered", { supported: ["a"], offered: ["a"] }, ["a"]],
    [
      "TS-14 a step-up asks for what was asked before and what is missing",
      { requested: ["a", "b"], challenge: steppedUp("c", "a") },
      ["a", "b", "c"],
    ],
    [
      "TS-14 with nothing named, for all that the metadata lists",
      { requested: ["a"], supported: ["a", "d"], challenge: steppedUp() },
      ["a", "d"],
    ],
    [
      "TS-14 the operator's scopes are no limit to it",
      { override: ["x"], requested: ["x"], challenge: steppedUp("c") },
      ["x", "c"],
    ],
  ])("TS-12 %s", (_why, facts, scopes, prompt) => {
    expect(chooseScopes({ ...nothing, ...facts })).toEqual({ scopes, prompt: prompt ?? null });
  });

  test("TS-14 a set of scopes has one name, whatever their order", () => {
    expect(scopeSet(["b", "a", "b"])).toBe(scopeSet(["a", "b"]));
    expect(scopeSet(["a"])).not.toBe(scopeSet(["a", "b"]));
  });
});

describe("TS-14 how often a person is asked", () => {
  const at = (minute: number) => toInstant(1_700_000_000_000 + minutes(minute));
  test("TS-14 three times an hour for one set of scopes, the first request included", () => {
    let requests = withRequest([], null, at(0));
    for (const minute of [1, 2]) {
      expect(mayAskAgain(requests, "a b", at(minute))).toBe(true);
      requests = withRequest(requests, "a b", at(minute));
    }
    expect(mayAskAgain(requests, "a b", at(3))).toBe(false);
    expect(mayAskAgain(requests, "c", at(3))).toBe(true);
    expect(mayAskAgain(requests, "a b", at(61))).toBe(true);
  });

  test("TS-14 who connects anew several times has not used that up", () => {
    let requests = withRequest([], null, at(0));
    for (const minute of [1, 2, 3, 4]) requests = withRequest(requests, null, at(minute));
    expect(mayAskAgain(requests, "a", at(5))).toBe(true);
  });
});

describe("TS-12 the resource parameter", () => {
  const url = "https://files.example.com/mcp";
  const entra = "https://login.microsoftonline.com/tenant/v2.0";
  const found = (resource: string | null, from: "metadata" | "fallback" = "metadata", of = issuer) => ({
    resource: resource === null ? null : ({ resource } as never),
    authorizationServer: { issuer: of, token_endpoint: `${of}/token` },
    authorizationServerFrom: from,
  });
  test.each<[why: string, setting: ToolServer["resource"], found: ReturnType<typeof found>, expected: string | null]>([
    [
      "is the metadata's text, byte for byte",
      "auto",
      found("HTTPS://Files.example.com/mcp/"),
      "HTTPS://Files.example.com/mcp/",
    ],
    ["gets no slash that was not there", "auto", found("https://files.example.com"), "https://files.example.com"],
    ["is the configured URL where there is no metadata", "auto", found(null), url],
    ["is left out for Entra", "auto", found("api://files", "metadata", entra), null],
    ["but sent to it where the operator says so", "include", found("api://files", "metadata", entra), "api://files"],
    [
      "is left out for a host that only looks like Entra's: no",
      "auto",
      found(null, "metadata", "https://login.microsoftonline.com.evil.example"),
      url,
    ],
    ["is left out where only the fixed paths are known", "auto", found(null, "fallback"), null],
    ["but sent there where the operator says so", "include", found(null, "fallback"), url],
    ["is left out where the operator says so", "omit", found("https://files.example.com/mcp"), null],
  ])("TS-12 %s", (_why, resource, what, expected) => {
    expect(resourceOf({ url, resource }, what)).toBe(expected);
  });
});

describe("TS-19 who may use it", () => {
  const ann: Person = {
    id: "ann",
    email: "ann@example.com",
    emailVerified: true,
    role: "user",
    disabled: false,
    groups: ["staff"],
  };
  type Access = ToolServer["access"];
  const open: Access = { roles: ["user", "admin"], groups: [], users: [] };
  test.each<[why: string, person: Partial<Person>, access: Partial<Access>, expected: boolean]>([
    ["a role of the list", {}, {}, true],
    ["no other role", { role: "guest" }, {}, false],
    ["an empty list of roles asks for none", { role: "guest" }, { roles: [] }, true],
    ["one group is enough", {}, { groups: ["ops", "staff"] }, true],
    ["but one it must be", {}, { groups: ["ops"] }, false],
    ["role and group both", { role: "guest" }, { groups: ["staff"] }, false],
    ["a single person by address, written in any case", { role: "guest" }, { users: ["Ann@Example.com"] }, true],
    [
      "an address that nobody vouched for is nobody's",
      { role: "guest", emailVerified: false },
      { users: ["ann@example.com"] },
      false,
    ],
    ["a single person by id", { groups: [] }, { groups: ["ops"], users: ["ann"] }, true],
    ["nobody who waits for approval", { role: "pending" }, { roles: [], users: ["ann"] }, false],
    ["nobody whose account is switched off", { disabled: true }, { users: ["ann"] }, false],
  ])("TS-19 %s", (_why, person, access, expected) => {
    expect(mayUse({ ...ann, ...person }, { access: { ...open, ...access } })).toBe(expected);
  });
});
