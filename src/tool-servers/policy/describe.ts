/** What an operator is shown of a tool server: what was found, what will be used and why (TS-18). Pure. */
import type { AuthorizationServer } from "../../oauth/types.js";
import type { DiscoveryWarning, FoundToolServer } from "../found.js";
import type { ToolServer } from "../tool-server.js";
import { type Binding, bindingFor } from "./binding.js";
import { chooseRegistration, type RegistrationChoice } from "./choose-registration.js";
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
  readonly waysToRegister: readonly string[];
  /** False where its metadata does not list S256 (RFC 7636). */
  readonly pkce: boolean;
  readonly uses: {
    /** How we are known there, or the way of a connection that no person makes (TS-15, TS-21). */
    readonly registration: RegistrationChoice["kind"] | ToolServer["registration"];
    readonly why: string;
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
  return {
    registration: needsPerson(server) ? choice.kind : server.registration,
    why: needsPerson(server) ? why(choice, server, documentRefused) : `registration is ${server.registration}`,
    clientId: "clientId" in choice ? choice.clientId : null,
    scopes,
    resource: resourceOf(server, found),
    dpop: bindingFor(server, found),
    redirectUri: server.redirectUri,
  };
}

const waysToRegister = (as: AuthorizationServer): readonly string[] => [
  ...(as["client_id_metadata_document_supported"] === true ? ["cimd"] : []),
  ...(typeof as["registration_endpoint"] === "string" ? ["dynamic"] : []),
];

function why(choice: RegistrationChoice, server: ToolServer, documentRefused: boolean): string {
  switch (choice.kind) {
    case "static":
      return "a client id is set";
    case "cimd":
      return server.registration === "cimd"
        ? "registration is cimd"
        : "the server takes client metadata documents, and can fetch ours";
    case "dynamic":
      if (server.registration === "dynamic") return "registration is dynamic";
      if (documentRefused) return "the server refused our client metadata document before";
      return server.documentIsPublic
        ? "the server takes no client metadata documents"
        : "baseUrl is not public, so that the server could not fetch our client metadata document";
    case "operator":
      return {
        no_way_to_register: "the server registers nobody by itself, and no client id is set",
        no_registration_endpoint: "registration is dynamic, and the server has no registration endpoint",
        document_refused: "the server refused our client metadata document and registers nobody by itself",
      }[choice.reason];
    default:
      return "the configuration says so";
  }
}
