/**
 * Finds an authorization server's metadata (TS-4) and refuses what cannot be used safely: another issuer's document
 * (RFC 8414 §3.3), and one that does not know S256 (TS-5).
 */
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { stringMember } from "../kernel/json.js";
import type { Clock, Instant } from "../kernel/time.js";
import { readServerMetadata } from "../oauth/server-metadata.js";
import type { AuthorizationServer } from "../oauth/types.js";
import { fetchDocument } from "./documents.js";
import { refused, unreachable } from "./failures.js";
import type { DiscoveryWarning } from "./found.js";
import type { DiscoverySettings } from "./settings.js";

export interface FoundAuthorizationServer {
  readonly as: AuthorizationServer;
  readonly warnings: readonly DiscoveryWarning[];
  readonly freshUntil: Instant;
}

type Ports = { readonly egress: Egress; readonly clock: Clock };

/**
 * @param input.issuers What the document may call itself; the first is whose metadata it is taken for where the operator
 *   allows another name.
 * @returns null when no place has a document
 * @throws LatchkeyError `connect.server_unreachable` when one of the places may have it at another time ·
 *   `connect.metadata_refused` · `connect.pkce_unsupported`
 */
export async function findAuthorizationServer(
  ports: Ports,
  server: DiscoverySettings,
  input: { readonly urls: readonly string[]; readonly issuers: readonly string[] },
): Promise<FoundAuthorizationServer | null> {
  let later: unknown;
  let wrong: LatchkeyError | undefined;
  for (const url of input.urls) {
    const answer = await fetchDocument(ports, url);
    if (answer.kind === "failed") later ??= answer.error;
    if (answer.kind === "unavailable") later ??= unreachable(answer.reason, { url });
    if (answer.kind !== "document") continue;
    const told = stringMember(answer.document, "issuer");
    const named = input.issuers.find((one) => one === told);
    const allowed = named === undefined && told !== undefined && told === server.allowIssuerMismatch;
    const issuer = named ?? (allowed ? input.issuers[0] : undefined);
    if (issuer === undefined) {
      wrong ??= refused("issuer_mismatch", { url, issuer: told?.slice(0, 300), expected: [...input.issuers] });
      continue;
    }
    const required = server.needsPerson ? ["authorization_endpoint", "token_endpoint"] : ["token_endpoint"];
    const read = readServerMetadata({ ...answer.document, issuer }, issuer, {}, required);
    if (!read.ok) throw refused("endpoints", { url, detail: read.error });
    const warnings: DiscoveryWarning[] = allowed ? [{ code: "issuer_mismatch", detail: told }] : [];
    warnings.push(...pkceWarnings(server, read.value));
    return { as: read.value, warnings, freshUntil: answer.freshUntil };
  }
  if (later !== undefined) throw later;
  if (wrong) throw wrong;
  return null;
}

function pkceWarnings(server: DiscoverySettings, as: AuthorizationServer): readonly DiscoveryWarning[] {
  const methods = as.code_challenge_methods_supported;
  if (!server.needsPerson || methods?.includes("S256")) return [];
  const detail = methods === undefined ? "not said" : methods.join(" ").slice(0, 100);
  if (server.allowMissingPkceMetadata) return [{ code: "pkce_not_announced", detail }];
  throw new LatchkeyError("connect.pkce_unsupported", { data: { issuer: as.issuer, reason: "no_s256", detail } });
}

/** The fixed paths of 2025-03-26, for a server that asks for a token and publishes nothing. */
export const fallbackServer = (server: string): AuthorizationServer => {
  const { origin } = new URL(server);
  return {
    issuer: origin,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    registration_endpoint: `${origin}/register`,
  };
};
