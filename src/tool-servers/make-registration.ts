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
import type { RegistrationRecord } from "../store/records.js";
import { applicationType } from "./client-metadata.js";
import type { RegistrationPorts } from "./registration-ports.js";
import { openRegistration } from "./sealed-registration.js";
import type { ToolServer } from "./tool-server.js";

export interface MadeRegistration {
  readonly client: RegisteredClient;
  /** Rows of ours for older addresses, which this one takes the place of. */
  readonly older: readonly OlderRegistration[];
}

export interface OlderRegistration {
  readonly row: RegistrationRecord;
  /** Undefined where there is none, or no key opens it. */
  readonly registered: RegisteredClient | undefined;
}

export interface NotRegistered {
  readonly kind: RegistrationFailure["kind"];
  readonly reason: string;
  /** For the operator's eyes: what the server said, and what it was told. */
  readonly about: Readonly<Record<string, string | null>>;
}

const worthAnother: ReadonlySet<string> = new Set(["invalid_redirect_uri", "invalid_client_metadata"]);

/** @param isPatient an outage while an older one is moved is no reason for a new one, with which people's grants would end */
export async function makeRegistration(
  ports: RegistrationPorts,
  server: ToolServer,
  as: AuthorizationServer,
  isPatient: boolean,
): Promise<Result<MadeRegistration, NotRegistered>> {
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
  const older = await olderOf(ports, server, as);
  const moved = await move(ports, older, wanted);
  if (moved.ok) return moved;
  if (moved.error && isPatient) return err(failure(moved.error, wanted));
  const { initialAccessToken } = server;
  const first = await registerClient(ports, { endpoint, wanted, initialAccessToken });
  if (first.ok) return ok({ client: first.value, older });
  if (first.error.kind !== "refused" || !worthAnother.has(first.error.error)) return err(failure(first.error, wanted));
  const other: WantedClient = { ...wanted, applicationType: wanted.applicationType === "web" ? "native" : "web" };
  const second = await registerClient(ports, { endpoint, wanted: other, initialAccessToken });
  return second.ok ? ok({ client: second.value, older }) : err(failure(second.error, other));
}

function failure(error: RegistrationFailure, wanted: WantedClient): NotRegistered {
  const about = { redirectUri: wanted.redirectUri, applicationType: wanted.applicationType };
  if (error.kind !== "refused") return { ...error, about };
  return { kind: "refused", reason: error.error, about: { ...about, description: error.description } };
}

async function olderOf(
  { store, keyring }: RegistrationPorts,
  { connection, redirectUri }: ToolServer,
  { issuer }: AuthorizationServer,
): Promise<readonly OlderRegistration[]> {
  const rows = await store.registrations.ofConnection(connection);
  return rows
    .filter((row) => row.kind === "dynamic" && row.issuer === issuer && row.redirectUri !== redirectUri)
    .map((row) => ({ row, registered: openRegistration(keyring, row) }));
}

/**
 * Our address changed: the registration that we have there is told, and keeps its id and with it people's grants. The error is
 * an outage; undefined where there is none to move, or its server does not do it.
 */
async function move(
  ports: RegistrationPorts,
  older: readonly OlderRegistration[],
  wanted: WantedClient,
): Promise<Result<MadeRegistration, RegistrationFailure | undefined>> {
  const now = ports.clock.now();
  let unavailable: RegistrationFailure | undefined;
  for (const { row, registered } of older) {
    if (!registered?.management || (row.secretEndsAt !== null && row.secretEndsAt <= now)) continue;
    const updated = await updateClient(ports, { registered, wanted: { ...wanted, method: registered.method } });
    if (updated.ok) return ok({ client: updated.value, older });
    if (updated.error.kind === "unavailable") unavailable ??= updated.error;
  }
  return err(unavailable);
}
