/**
 * One registration at one authorization server (TS-9): what is asked for, and once more with the other `application_type`
 * where the server finds fault with the redirect URI, since servers disagree on which one an installation like ours is.
 * A registration of ours for an older address is moved to the new one instead (RFC 7592).
 */
import { err, ok, type Result } from "../kernel/result.js";
import {
  methodToAskFor,
  type RegisteredClient,
  type RegistrationFailure,
  registerClient,
  updateClient,
  type WantedClient,
} from "../oauth/client-registration.js";
import type { AuthorizationServer } from "../oauth/types.js";
import { applicationType } from "./client-metadata.js";
import type { RegistrationPorts } from "./registration-ports.js";
import { openRegistration } from "./sealed-registration.js";
import type { ToolServer } from "./tool-server.js";

export interface NotRegistered {
  readonly kind: RegistrationFailure["kind"];
  readonly reason: string;
  /** For the operator's eyes: what the server said, and what it was told. */
  readonly about: Readonly<Record<string, string | null>>;
}

const worthAnother: ReadonlySet<string> = new Set(["invalid_redirect_uri", "invalid_client_metadata"]);

export async function makeRegistration(
  ports: RegistrationPorts,
  server: ToolServer,
  as: AuthorizationServer,
): Promise<Result<RegisteredClient, NotRegistered>> {
  const endpoint = as["registration_endpoint"];
  if (typeof endpoint !== "string") return err({ kind: "refused", reason: "no_registration_endpoint", about: {} });
  const { tokenEndpointAuthMethod: chosen } = server;
  const wanted: WantedClient = {
    clientName: ports.our.name,
    clientUri: new URL(ports.our.base).origin,
    redirectUri: server.redirectUri,
    applicationType: applicationType(ports.our.base),
    method: chosen === "auto" ? methodToAskFor(as.token_endpoint_auth_methods_supported) : chosen,
  };
  const moved = await moveOlder(ports, server, as, wanted);
  if (moved) return ok(moved);
  const { initialAccessToken } = server;
  const first = await registerClient(ports, { endpoint, wanted, initialAccessToken });
  if (first.ok) return first;
  if (first.error.kind !== "refused" || !worthAnother.has(first.error.error)) return err(failure(first.error, wanted));
  const other: WantedClient = { ...wanted, applicationType: wanted.applicationType === "web" ? "native" : "web" };
  const second = await registerClient(ports, { endpoint, wanted: other, initialAccessToken });
  return second.ok ? second : err(failure(second.error, other));
}

function failure(error: RegistrationFailure, wanted: WantedClient): NotRegistered {
  const about = { redirectUri: wanted.redirectUri, applicationType: wanted.applicationType };
  if (error.kind !== "refused") return { ...error, about };
  return { kind: "refused", reason: error.error, about: { ...about, description: error.description } };
}

/** Our address changed: the registration that we have there is told, and keeps its id and with it people's grants. */
async function moveOlder(
  ports: RegistrationPorts,
  server: ToolServer,
  as: AuthorizationServer,
  wanted: WantedClient,
): Promise<RegisteredClient | undefined> {
  const rows = await ports.store.registrations.ofConnection(server.connection);
  const now = ports.clock.now();
  for (const row of rows) {
    if (row.kind !== "dynamic" || row.issuer !== as.issuer || row.redirectUri === server.redirectUri) continue;
    const registered = openRegistration(ports.keyring, row);
    if (!registered?.management || (row.secretEndsAt !== null && row.secretEndsAt <= now)) continue;
    const updated = await updateClient(ports, { registered, wanted: { ...wanted, method: registered.method } });
    if (!updated.ok) continue;
    await ports.store.transaction((tx) => tx.registrations.delete(row.id));
    return updated.value;
  }
  return undefined;
}
