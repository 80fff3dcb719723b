/**
 * Which service is asking. Those of the configuration are known from the start; those that an operator made at run time
 * are rows, read for each request, so that one that was removed or got another secret is that on every node at once.
 *
 * An unknown name and a wrong secret look alike from outside, and take the same way to say so: a look into the database
 * and as many comparisons, of which none ends early.
 */
import { equalInConstantTime, sha256Base64Url } from "../crypto/digest.js";
import { randomToken } from "../crypto/random.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { RandomSource } from "../kernel/random.js";
import type { Secret } from "../kernel/secret.js";
import type { Clock, Instant } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { ServiceRecord } from "../store/records.js";
import { readCredentials } from "./policy/credentials.js";
import type { Service } from "./service.js";

export interface AuthenticateServicePorts {
  readonly store: Pick<Store, "services">;
  /** Those of the file: each hides a stored one of its name (SU-2). */
  readonly configured: readonly (Service & { readonly secret: Secret })[];
  readonly clock: Clock;
  readonly random: RandomSource;
}

/** What a request authenticates with. */
export interface PresentedService {
  /** The header. */
  readonly authorization: string | undefined;
  /** The body's fields, none of these twice. */
  readonly form: URLSearchParams;
}

/** @returns throws LatchkeyError `token.client_invalid` · `token.request_invalid` · `store.*` */
export function createServiceAuthentication(
  ports: AuthenticateServicePorts,
): (presented: PresentedService) => Promise<Service> {
  const configured = new Map(
    ports.configured.map(({ secret, ...service }) => [service.id, { service, hash: sha256Base64Url(secret.reveal()) }]),
  );
  /** What a name that is nobody's is compared with. */
  const nobodys = sha256Base64Url(randomToken(ports.random));

  return async ({ authorization, form }) => {
    const read = readCredentials(authorization, form);
    if (!read.ok) throw refused(read.error);
    const { id, secrets } = read.value;
    const inFile = configured.get(id);
    const stored = await ports.store.services.byId(id.slice(0, 100));
    const hashes = inFile ? [inFile.hash, nobodys] : hashesOf(stored, ports.clock.now(), nobodys);
    let fits = false;
    for (const presented of secrets.map(sha256Base64Url)) {
      for (const hash of hashes) if (equalInConstantTime(presented, hash)) fits = true;
    }
    const service = inFile?.service ?? (stored && serviceOf(stored));
    if (!fits || !service) throw refused(service ? "secret" : "unknown", id);
    return service;
  };
}

function hashesOf(stored: ServiceRecord | undefined, now: Instant, nobodys: string): readonly string[] {
  if (!stored) return [nobodys, nobodys];
  const { secretHash, formerSecretHash, formerSecretEndsAt } = stored;
  const formerCounts = formerSecretEndsAt !== null && formerSecretEndsAt > now;
  return [secretHash, (formerCounts ? formerSecretHash : null) ?? nobodys];
}

const serviceOf = ({ id, connections, offline, audience }: ServiceRecord): Service => ({
  id,
  connections,
  offline,
  audience,
});

/** The reason is for the log: whoever asks is told the same of a wrong secret and of a name that is nobody's. */
function refused(reason: string, id?: string): LatchkeyError {
  const code = reason === "two_methods" || reason === "two_names" ? "token.request_invalid" : "token.client_invalid";
  // What is no name of a service may be a secret that was put into the wrong place.
  const service = id !== undefined && /^[a-z0-9-]{1,32}$/.test(id) ? id : undefined;
  return new LatchkeyError(code, { data: { reason, service } });
}
