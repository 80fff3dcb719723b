/** The English of a tool server's report (TS-18): the same at a terminal, in JSON and on a page. Other languages have their own beside the pages. */
import type { ToolServer } from "../tool-server.js";
import type { RegistrationChoice } from "./choose-registration.js";

/** Why it is this way to be known. */
export type UseReason =
  | "client_id_set"
  | "registration_set"
  | "cimd_taken"
  | "cimd_not_taken"
  | "cimd_refused"
  | "base_url_not_public"
  | "no_way_to_register"
  | "no_registration_endpoint"
  | "document_refused";

const registration: Readonly<Record<RegistrationChoice["kind"] | ToolServer["registration"], string>> = {
  auto: "as the server wants it",
  static: "the client id that is set",
  cimd: "our client metadata document",
  dynamic: "dynamic registration",
  "client-credentials": "client credentials, for everybody alike",
  enterprise: "the person's sign-in here, exchanged (ID-JAG)",
  workload: "the token of this workload",
  key: "the key that is set",
  provider: "a token of the sign-in provider",
  operator: "nothing yet",
};
const reason: Readonly<Record<UseReason, string>> = {
  client_id_set: "a client id is set",
  registration_set: "the configuration says so (registration)",
  cimd_taken: "the server takes client metadata documents, and can fetch ours",
  cimd_not_taken: "the server takes no client metadata documents",
  cimd_refused: "the server refused our client metadata document before",
  base_url_not_public: "baseUrl is not public, so that the server could not fetch our client metadata document",
  no_way_to_register: "the server registers nobody by itself, and no client id is set",
  no_registration_endpoint: "registration is dynamic, and the server has no registration endpoint",
  document_refused: "the server refused our client metadata document and registers nobody by itself",
};
const ways: Readonly<Record<"cimd" | "dynamic", string>> = {
  cimd: "client metadata documents",
  dynamic: "dynamic registration (RFC 7591)",
};
const warnings: Readonly<
  Record<"fixed_endpoints" | "issuer_mismatch" | "pkce_not_announced" | "resource_prefix", (detail: string) => string>
> = {
  fixed_endpoints: (at) =>
    `It publishes no metadata. The paths of 2025-03-26 at ${at} are a guess: /authorize, /token, /register.`,
  issuer_mismatch: (told) => `Its metadata names the issuer ${told}, which allowIssuerMismatch takes.`,
  pkce_not_announced: (said) => `Its metadata does not list S256 (${said}); allowMissingPkceMetadata goes on anyway.`,
  resource_prefix: (resource) =>
    `Its metadata is about ${resource}, of which the URL is a part: tokens are good for all of that.`,
};
export const reportWords = { registration, reason, ways, warnings };
