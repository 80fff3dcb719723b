/**
 * Who we are to an authorization server (TS-7). Pure. The order: what the operator was given there, our client metadata
 * document, dynamic registration; else it is the operator's to say.
 */
import type { AuthorizationServer } from "../../oauth/types.js";
import type { ToolServer } from "../tool-server.js";

export type RegistrationChoice =
  | { readonly kind: "static"; readonly clientId: string }
  | { readonly kind: "cimd"; readonly clientId: string }
  | { readonly kind: "dynamic"; readonly endpoint: string }
  /** Nothing that we can do. `reason` says what is missing. */
  | {
      readonly kind: "operator";
      readonly reason: "no_way_to_register" | "document_refused" | "no_registration_endpoint";
    };

export interface RegistrationFacts {
  readonly server: Pick<ToolServer, "registration" | "clientId" | "documentUrl" | "documentIsPublic">;
  readonly as: AuthorizationServer;
  /** This issuer refused our document before, or the operator says so. */
  readonly documentRefused: boolean;
}

const takesCredentials: ReadonlySet<string> = new Set([
  "auto",
  "static",
  "client-credentials",
  "enterprise",
  "workload",
]);

export function chooseRegistration({ server, as, documentRefused }: RegistrationFacts): RegistrationChoice {
  const { registration, clientId } = server;
  if (clientId !== null && takesCredentials.has(registration)) return { kind: "static", clientId };
  const takesDocument =
    registration === "cimd" ||
    (registration === "auto" && as["client_id_metadata_document_supported"] === true && server.documentIsPublic);
  if (takesDocument && !documentRefused) return { kind: "cimd", clientId: server.documentUrl };
  // A refusal is the server's word over the operator's: with a document it will not take, nobody could connect.
  const endpoint = as["registration_endpoint"];
  if (typeof endpoint === "string") return { kind: "dynamic", endpoint };
  if (takesDocument) return { kind: "operator", reason: "document_refused" };
  return { kind: "operator", reason: registration === "dynamic" ? "no_registration_endpoint" : "no_way_to_register" };
}
