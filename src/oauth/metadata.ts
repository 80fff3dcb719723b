/**
 * What providers publish about themselves: authorization server metadata and keys (SI-2, SI-3).
 *
 * The one rule that carries the rest: the document's `issuer` equals the configured one, byte for byte. Whoever could
 * have another document believed would name the token endpoint that gets our secret, and the keys that sign for us.
 *
 * Not here: HTTP guards (egress), lifetimes and copies (document-cache).
 */
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { JsonObject } from "../kernel/json.js";
import { isJsonObject, member } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import { err, ok, type Result } from "../kernel/result.js";
import { type Clock, minutes } from "../kernel/time.js";
import type { Endpoints, Provider } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import { createDocumentCache, type DocumentRequest } from "./document-cache.js";
import type { IssuerPins } from "./issuer-pins.js";
import { readServerMetadata } from "./server-metadata.js";
import { metadataIssuer } from "./tenant-issuers.js";
import type { AuthorizationServer } from "./types.js";
import { endpointUrl } from "./urls.js";

export interface JsonWebKeySet {
  readonly keys: readonly JsonObject[];
}

export interface Metadata {
  /**
   * The provider's metadata with the operator's endpoints applied on top. For an `oauth2` provider, and one with fixed
   * metadata, it is made of its record, without a request.
   *
   * @throws LatchkeyError `signin.provider_unavailable` when it cannot be had and no copy is young enough ·
   *   `signin.provider_misconfigured` when what is there cannot be used
   */
  discover(provider: Provider): Promise<AuthorizationServer>;
  /**
   * The provider's keys. `refetch` asks the provider again, at most once a minute per issuer, and falls back to the
   * copy there is; the same object is returned as long as nothing was fetched.
   *
   * @throws LatchkeyError as `discover`
   */
  jwks(provider: Provider, as: AuthorizationServer, options?: { readonly refetch?: boolean }): Promise<JsonWebKeySet>;
  /** What the last request for metadata or keys came to, without making one; `unknown` before the first. */
  health(provider: Provider): "ok" | "unknown" | "unreachable" | "misconfigured";
}

/** How often the keys of one issuer are asked for again, whatever tokens say. */
export const refetchEvery = minutes(1);

export function createMetadata(ports: {
  readonly egress: Egress;
  readonly store: Pick<Store, "metadata" | "transaction">;
  readonly clock: Clock;
  readonly log: Log;
  /** Needed for providers with a tenant under a name. */
  readonly pins?: IssuerPins | undefined;
}): Metadata {
  const documents = createDocumentCache(ports);
  /** Monotonic time of the last refetch, by issuer. */
  const refetched = new Map<string, number>();
  /** The refetch that is under way, by issuer: of ten tokens with a new kid, nine wait for the first one's answer. */
  const refetching = new Map<string, Promise<JsonWebKeySet>>();
  const jwksUris = new Map<string, string>();

  async function keepIssuer(provider: Provider, unresolved: string, issuer: string): Promise<void> {
    if (ports.pins) return ports.pins.keep(unresolved, issuer);
    const data = { provider: provider.id, reason: "issuer_not_kept" };
    throw new LatchkeyError("signin.provider_misconfigured", { data });
  }

  return {
    async discover(provider) {
      if (isFixed(provider)) return fixedMetadata(provider);
      const as = await documents.get(discoveryRequest(provider));
      if (provider.unresolvedIssuer !== undefined) await keepIssuer(provider, provider.unresolvedIssuer, as.issuer);
      jwksUris.set(provider.id, as.jwks_uri ?? "");
      return as;
    },

    async jwks(provider, as, options = {}) {
      if (as.jwks_uri === undefined) {
        const data = { provider: provider.id, reason: "document_refused", detail: "jwks_uri is missing" };
        throw new LatchkeyError("signin.provider_misconfigured", { data });
      }
      const request = jwksRequest(provider, as.jwks_uri);
      if (!options.refetch) return documents.get(request);
      const running = refetching.get(as.issuer);
      if (running !== undefined) return running;
      const last = refetched.get(as.issuer);
      if (last !== undefined && ports.clock.monotonic() - last < refetchEvery) return documents.get(request);
      refetched.set(as.issuer, ports.clock.monotonic());
      const started = documents.get(request, { refetch: true }).finally(() => refetching.delete(as.issuer));
      refetching.set(as.issuer, started);
      return started;
    },

    health(provider) {
      if (provider.kind === "oauth2") return "ok";
      const keys = jwksRequest(provider, jwksUris.get(provider.id) ?? provider.endpoints.jwks ?? "");
      const asked = isFixed(provider) ? [keys] : [discoveryRequest(provider), keys];
      const states = asked.map((request) => documents.lastFailure(request));
      const failure = states.find((state) => state instanceof LatchkeyError);
      if (failure instanceof LatchkeyError) {
        return failure.code === "signin.provider_misconfigured" ? "misconfigured" : "unreachable";
      }
      return states[0] === undefined ? "unknown" : "ok";
    },
  };
}

/**
 * Where metadata lies: `discoveryUrl` alone if it is set; else OpenID Discovery §4 (suffix appended), then RFC 8414
 * §3.1 (inserted before the path). One terminating `/` of the issuer is removed first; comparing keeps it.
 */
export function discoveryUrls(provider: Pick<Provider, "issuer" | "discoveryUrl">): readonly [string, ...string[]] {
  if (provider.discoveryUrl !== null) return [provider.discoveryUrl];
  const base = provider.issuer.endsWith("/") ? provider.issuer.slice(0, -1) : provider.issuer;
  const appended = `${base}/.well-known/openid-configuration`;
  const url = endpointUrl(base);
  if (!url) return [appended];
  const path = url.pathname === "/" ? "" : url.pathname;
  return [appended, `${url.origin}/.well-known/oauth-authorization-server${path}`];
}

const discoveryRequest = (provider: Provider): DocumentRequest<AuthorizationServer> => ({
  purpose: "metadata",
  urls: discoveryUrls(provider),
  timeout: provider.timeout,
  reader: provider.unresolvedIssuer ?? provider.issuer,
  read: (document) =>
    readServerMetadata(
      { ...document, ...provider.quirks.metadata },
      metadataIssuer(provider, document),
      overrides(provider.endpoints),
    ),
});

const isFixed = (provider: Provider): boolean => provider.kind === "oauth2" || provider.quirks.fixedMetadata;

/** RFC 8414 §2 metadata of a provider that is not asked for any: its constant issuer and its record's endpoints. */
function fixedMetadata(provider: Provider): AuthorizationServer {
  const document = { ...provider.quirks.metadata, issuer: provider.issuer };
  const read = readServerMetadata(document, provider.issuer, overrides(provider.endpoints));
  if (read.ok) return read.value;
  const data = { provider: provider.id, reason: "endpoints", detail: read.error };
  throw new LatchkeyError("signin.provider_misconfigured", { data });
}

function jwksRequest(provider: Provider, uri: string): DocumentRequest<JsonWebKeySet> {
  return { purpose: "jwks", urls: [uri], timeout: provider.timeout, reader: "keys", read: readKeySet };
}

/** Results by document, so that "nothing was fetched" can be seen as "the same object". */
const keySets = new WeakMap<JsonObject, JsonWebKeySet>();

/** RFC 7517 §5: members that are no keys are passed over, as one odd key must not lock everybody out. */
function readKeySet(document: JsonObject): Result<JsonWebKeySet, string> {
  const known = keySets.get(document);
  if (known) return ok(known);
  const keys = member(document, "keys");
  if (!Array.isArray(keys)) return err("keys is not a list");
  const set = { keys: keys.filter(isJsonObject) };
  keySets.set(document, set);
  return ok(set);
}

const overrides = (endpoints: Endpoints): Readonly<Record<string, string | undefined>> => ({
  authorization_endpoint: endpoints.authorization,
  token_endpoint: endpoints.token,
  userinfo_endpoint: endpoints.userinfo,
  jwks_uri: endpoints.jwks,
  revocation_endpoint: endpoints.revocation,
  introspection_endpoint: endpoints.introspection,
  end_session_endpoint: endpoints.endSession,
});
