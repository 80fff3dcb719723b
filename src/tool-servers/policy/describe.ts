/** What an operator is shown of a tool server: what was found, what will be used and why (TS-18). Pure. */
import type { AuthorizationServer } from "../../oauth/types.js";
import type { DiscoveryWarning, FoundToolServer } from "../found.js";
import type { ToolServer } from "../tool-server.js";
import { type Binding, bindingFor } from "./binding.js";
import { chooseRegistration, type RegistrationChoice } from "./choose-registration.js";
import { reportWords, type UseReason } from "./report-words.js";
import { resourceOf } from "./resource-parameter.js";
import { chooseScopes, offeredScopes } from "./scopes.js";
import { needsPerson } from "./without-person.js";

export interface ToolServerReport {
  readonly id: string;
  readonly url: string;
  /** `open`: it asks for no token. */
  readonly status: FoundToolServer["status"];
  /** Of the protected resource metadata (RFC 9728); null where there is none. */
  readonly resource: string | null;
  readonly resourceMetadata: string | null;
  /** All that it names. */
  readonly authorizationServers: readonly string[];
  /** The one that is used. */
  readonly issuer: string | null;
  readonly issuerFrom: FoundToolServer["authorizationServerFrom"];
  readonly scopesSupported: readonly string[] | null;
  /** Ways in that the authorization server offers: `cimd`, `dynamic`. A client that was given by hand is always one. */
  readonly waysToRegister: readonly ("cimd" | "dynamic")[];
  /** False where its metadata does not list S256 (RFC 7636). */
  readonly pkce: boolean;
  readonly uses: {
    /** How we are known there, or the way of a connection that no person makes (TS-15, TS-21). */
    readonly registration: RegistrationChoice["kind"] | ToolServer["registration"];
    readonly why: string;
    /** The same for programs, and for words in another language. */
    readonly reason: UseReason;
    readonly clientId: string | null;
    /** Asked for by a person who connects for the first time. */
    readonly scopes: readonly string[];
    /** RFC 8707; null: left out. */
    readonly resource: string | null;
    readonly dpop: Binding;
    readonly redirectUri: string;
  } | null;
  readonly warnings: readonly DiscoveryWarning[];
}

export function describeToolServer(
  server: ToolServer,
  found: FoundToolServer,
  documentRefused: boolean,
): ToolServerReport {
  const { authorizationServer: as, resource, warnings } = found;
  return {
    id: server.id,
    url: server.url,
    status: found.status,
    resource: resource?.resource ?? null,
    resourceMetadata: resource?.url ?? null,
    authorizationServers: resource?.authorizationServers ?? [],
    issuer: as?.issuer ?? null,
    issuerFrom: found.authorizationServerFrom,
    scopesSupported: resource?.scopesSupported ?? null,
    waysToRegister: as ? waysToRegister(as) : [],
    pkce: as?.code_challenge_methods_supported?.includes("S256") === true,
    uses: as ? used(server, found, as, documentRefused) : null,
    warnings,
  };
}

function used(server: ToolServer, found: FoundToolServer, as: AuthorizationServer, documentRefused: boolean) {
  const choice = chooseRegistration({ server, as, documentRefused });
  const { scopes } = chooseScopes({
    override: server.scopes,
    challenge: found.challenge,
    supported: found.resource?.scopesSupported ?? null,
    offered: offeredScopes(as),
    requested: null,
    promptIsSet: Object.hasOwn(server.authorizeParams, "prompt"),
  });
  const reason = needsPerson(server) ? reasonOf(choice, server, documentRefused) : "registration_set";
  return {
    registration: needsPerson(server) ? choice.kind : server.registration,
    why: reason === "registration_set" ? `registration is ${server.registration}` : reportWords.reason[reason],
    reason,
    clientId: "clientId" in choice ? choice.clientId : null,
    scopes,
    resource: resourceOf(server, found),
    dpop: bindingFor(server, found),
    redirectUri: server.redirectUri,
  };
}

const waysToRegister = (as: AuthorizationServer): ToolServerReport["waysToRegister"] => [
  ...(as["client_id_metadata_document_supported"] === true ? (["cimd"] as const) : []),
  ...(typeof as["registration_endpoint"] === "string" ? (["dynamic"] as const) : []),
];

function reasonOf(choice: RegistrationChoice, server: ToolServer, documentRefused: boolean): UseReason {
  switch (choice.kind) {
    case "static":
      return "client_id_set";
    case "cimd":
      return server.registration === "cimd" ? "registration_set" : "cimd_taken";
    case "dynamic":
      if (server.registration === "dynamic") return "registration_set";
      if (documentRefused) return "cimd_refused";
      return server.documentIsPublic ? "cimd_not_taken" : "base_url_not_public";
    case "operator":
      return choice.reason;
    default:
      return choice satisfies never;
  }
}
