/**
 * What a tool server wants and where its tokens come from (TS-1 to TS-5), found by asking: challenge, resource metadata,
 * choice of the authorization server, its metadata. Nothing is kept here; `discovery` does that.
 *
 * Three requests where all is as the newest rules want it, so that with a registration a consent page costs four (QU-15).
 */
import type { Egress } from "../egress/port.js";
import { after, type Clock, hours, toInstant } from "../kernel/time.js";
import { chooseAuthorizationServer, type Registrations } from "./choose-authorization-server.js";
import { refused } from "./failures.js";
import { type FoundAuthorizationServer, fallbackServer, findAuthorizationServer } from "./find-authorization-server.js";
import { type FoundResource, findResource } from "./find-resource.js";
import type { FoundToolServer } from "./found.js";
import { authorizationServerPlaces, ownServerPlaces } from "./policy/well-known.js";
import { probe } from "./probe.js";
import type { DiscoverySettings } from "./settings.js";

export interface DiscoveryPorts {
  readonly egress: Egress;
  readonly clock: Clock;
  readonly registrations: Registrations;
}

/** For how long "there is none" is believed. */
const unsaidLifetime = hours(1);

/**
 * @throws LatchkeyError `connect.server_unreachable` (try again) · `connect.metadata_refused` (`data.reason` says what
 *   of it cannot be used) · `connect.pkce_unsupported`
 */
export async function discoverToolServer(ports: DiscoveryPorts, server: DiscoverySettings): Promise<FoundToolServer> {
  const now = ports.clock.now();
  const asked = await probe(ports, server);
  const resource = await findResource(ports, server, asked.challenge?.resourceMetadata ?? null);
  const found = await authorizationServerOf(ports, server, resource);
  const about = { challenge: asked.challenge, resource: resource?.resource ?? null, foundAt: now };
  const warnings = [...(resource?.warnings ?? []), ...(found?.warnings ?? [])];
  const ends = [resource?.freshUntil, found ? found.freshUntil : after(now, unsaidLifetime)];
  const freshUntil = toInstant(Math.min(...ends.filter((end) => end !== undefined)));
  if (found) {
    return {
      ...about,
      status: "protected",
      authorizationServer: found.as,
      authorizationServerFrom: "metadata",
      warnings,
      freshUntil,
    };
  }
  if (asked.said === "anonymous") {
    return { ...about, status: "open", authorizationServer: null, authorizationServerFrom: null, warnings, freshUntil };
  }
  if (asked.said === "unclear") throw refused("not_a_tool_server", { url: server.url });
  const authorizationServer = fallbackServer(server.url);
  warnings.push({ code: "fixed_endpoints", detail: authorizationServer.issuer });
  return {
    ...about,
    status: "protected",
    authorizationServer,
    authorizationServerFrom: "fallback",
    warnings,
    freshUntil,
  };
}

/** Null only where nothing names an authorization server and the tool server publishes none of its own. */
async function authorizationServerOf(
  ports: DiscoveryPorts,
  server: DiscoverySettings,
  found: FoundResource | null,
): Promise<FoundAuthorizationServer | null> {
  const named = found?.resource.authorizationServers ?? [];
  if (named.length === 0 && server.authorizationServer === null) {
    return findAuthorizationServer(ports, server, ownServerPlaces(server.url));
  }
  return chooseAuthorizationServer(named, server.authorizationServer, ports.registrations, async (issuer) => {
    const urls = authorizationServerPlaces(issuer);
    const one = await findAuthorizationServer(ports, server, { urls, issuers: [issuer] });
    // An issuer that is named and has no metadata is no reason to guess its endpoints.
    if (!one) throw refused("authorization_server_metadata_missing", { issuer });
    return one;
  });
}
