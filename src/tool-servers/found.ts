/** What is known of a tool server and its authorization server: found once, kept for everybody (TS-6). */
import type { Instant } from "../kernel/time.js";
import type { AuthorizationServer } from "../oauth/types.js";

/** The `Bearer` or `DPoP` parameters of one challenge (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9728 §5.1). */
export interface Challenge {
  readonly scheme: "Bearer" | "DPoP";
  readonly resourceMetadata: string | null;
  readonly scopes: readonly string[] | null;
  readonly error: string | null;
}

/** Protected resource metadata (RFC 9728 §2), checked; `resource` is kept byte for byte. */
export interface ResourceMetadata {
  readonly url: string;
  readonly resource: string;
  readonly authorizationServers: readonly string[];
  readonly scopesSupported: readonly string[] | null;
  readonly dpopAlgorithms: readonly string[] | null;
  readonly dpopRequired: boolean;
}

/** What an operator should know about what was found; words are made from it where it is shown. */
export interface DiscoveryWarning {
  readonly code: string;
  readonly detail: string;
}

export interface FoundToolServer {
  /** `open`: it asks for no token at all (TS-2). */
  readonly status: "protected" | "open";
  readonly challenge: Challenge | null;
  /** Null where the server publishes none (2025-03-26 servers). */
  readonly resource: ResourceMetadata | null;
  /** Null for an open server. Its `issuer` is the identifier that its metadata was built from. */
  readonly authorizationServer: AuthorizationServer | null;
  /** `metadata`: read from a document. `fallback`: the fixed paths of 2025-03-26, where nothing was found. */
  readonly authorizationServerFrom: "metadata" | "fallback" | null;
  readonly warnings: readonly DiscoveryWarning[];
  readonly foundAt: Instant;
  readonly freshUntil: Instant;
}
