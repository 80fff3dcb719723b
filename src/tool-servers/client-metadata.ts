/**
 * Our client metadata document (TS-8): what an authorization server reads that takes a URL as a client id. `client_id`
 * is the URL it lies at. There is nothing secret in it, and no member for a secret; every URL is one of ours.
 *
 * Not here: who asks for it with which URL (the route), and whether a server takes it (policy/choose-registration).
 */
import { installationDocument, serverDocument } from "./registry.js";
import type { ToolServers } from "./tool-server.js";

export interface ClientMetadata {
  readonly client_id: string;
  readonly client_name: string;
  readonly client_uri: string;
  readonly redirect_uris: readonly string[];
  readonly grant_types: readonly ["authorization_code", "refresh_token"];
  readonly response_types: readonly ["code"];
  readonly application_type: "web" | "native";
  readonly token_endpoint_auth_method: "none";
}

export interface OurClient {
  /** `{base}` */
  readonly base: string;
  /** What people know this installation as. */
  readonly name: string;
}

/** The document of one server. Undefined for one that is not configured, or switched off. */
export function serverMetadata(our: OurClient, servers: ToolServers, id: string): ClientMetadata | undefined {
  const server = servers.byId(id);
  return server?.enabled ? metadata(our, serverDocument(our.base, id), [server.redirectUri]) : undefined;
}

/** The installation's, with every connection's redirect URI. Undefined while there is none. */
export function installationMetadata(our: OurClient, servers: ToolServers): ClientMetadata | undefined {
  const uris = servers.all().flatMap((server) => (server.enabled ? [server.redirectUri] : []));
  return uris.length === 0 ? undefined : metadata(our, installationDocument(our.base), uris);
}

const metadata = ({ base, name }: OurClient, id: string, redirectUris: readonly string[]): ClientMetadata => ({
  client_id: id,
  client_name: name,
  client_uri: new URL(base).origin,
  redirect_uris: redirectUris,
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  application_type: applicationType(base),
  token_endpoint_auth_method: "none",
});

/** OpenID Connect Registration §2: a web client has https redirect URIs, a native one loopback ones. */
export const applicationType = (base: string): "web" | "native" =>
  new URL(base).protocol === "https:" ? "web" : "native";
