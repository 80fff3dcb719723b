/** Finds a tool server's resource metadata (TS-2): the first place that has it, judged by whose it says it is. */
import type { Egress } from "../egress/port.js";
import type { Clock, Instant } from "../kernel/time.js";
import { fetchDocument } from "./documents.js";
import { refused, unreachable } from "./failures.js";
import type { DiscoveryWarning, ResourceMetadata } from "./found.js";
import { matchResource } from "./policy/resource.js";
import { readResourceMetadata } from "./policy/resource-metadata.js";
import { resourceMetadataPlaces } from "./policy/well-known.js";
import type { DiscoverySettings } from "./settings.js";

export interface FoundResource {
  readonly resource: ResourceMetadata;
  readonly warnings: readonly DiscoveryWarning[];
  readonly freshUntil: Instant;
}

/**
 * Null: no place has any. Anything else than "not here" ends the search with an error: a server that is out of order must
 * not look like one without metadata, which would be asked for tokens in another way.
 *
 * @throws LatchkeyError `connect.server_unreachable` · `connect.metadata_refused`
 */
export async function findResource(
  ports: { readonly egress: Egress; readonly clock: Clock },
  server: DiscoverySettings,
  challenged: string | null,
): Promise<FoundResource | null> {
  for (const { url, where } of resourceMetadataPlaces(server.url, challenged)) {
    const answer = await fetchDocument(ports, url);
    if (answer.kind === "not_here") continue;
    if (answer.kind === "failed") throw answer.error;
    if (answer.kind === "unavailable") throw unreachable(answer.reason, { url });
    if (answer.kind === "unusable") throw refused(answer.reason, { url });
    const read = readResourceMetadata(answer.document, url);
    if (!read.ok) throw refused(read.error, { url });
    const match = matchResource(read.value.resource, server.url, where, server.resource);
    const resource = read.value.resource.slice(0, 300);
    if (!match.ok) throw refused(match.error, { url, resource });
    const warnings = match.value === "prefix" ? [{ code: "resource_prefix", detail: resource }] : [];
    return { resource: read.value, warnings, freshUntil: answer.freshUntil };
  }
  return null;
}
