/** What the operator says about finding one tool server: plain data. */
import type { Secret } from "../kernel/secret.js";
import type { ResourceRules } from "./policy/resource.js";
import { needsPerson } from "./policy/without-person.js";
import type { ToolServer } from "./tool-server.js";

export interface DiscoverySettings {
  /** The connection's id without `tool:`. */
  readonly id: string;
  /** The MCP endpoint. */
  readonly url: string;
  /** Further headers for the tool server itself; never Authorization. */
  readonly headers: Readonly<Record<string, Secret>>;
  /** The issuer to take of several, or where no metadata names one; null leaves it to TS-3. */
  readonly authorizationServer: string | null;
  /** Which `resource` identifiers are taken for this server. */
  readonly resource: ResourceRules;
  /** Goes on where the metadata does not say S256; PKCE is sent all the same (TS-5). */
  readonly allowMissingPkceMetadata: boolean;
  /** The exact `issuer` that metadata may say instead of the one it was built from (TS-4). */
  readonly allowIssuerMismatch: string | null;
  /** False for connections without a person (TS-15): no authorization endpoint and no PKCE is needed. */
  readonly needsPerson: boolean;
}

const resourceRules = (identifier: string): ResourceRules =>
  identifier === "prefix" || identifier === "exact"
    ? { pinned: null, allowPrefix: identifier === "prefix" }
    : { pinned: identifier, allowPrefix: true };

/** Of a tool server's record. */
export const discoverySettings = (server: ToolServer): DiscoverySettings => ({
  id: server.id,
  url: server.url,
  headers: server.headers,
  authorizationServer: server.authorizationServer,
  resource: resourceRules(server.resourceIdentifier),
  allowMissingPkceMetadata: server.allowMissingPkceMetadata,
  allowIssuerMismatch: server.allowIssuerMismatch,
  needsPerson: needsPerson(server),
});

/** What makes what was found another's: other settings never use it. Headers may hold keys, so only their names count. */
export const settingsFingerprint = (settings: DiscoverySettings): string =>
  JSON.stringify([
    settings.url,
    Object.keys(settings.headers).sort(),
    settings.authorizationServer,
    settings.resource.pinned,
    settings.resource.allowPrefix,
    settings.allowMissingPkceMetadata,
    settings.allowIssuerMismatch,
    settings.needsPerson,
  ]);
