/**
 * Client registrations that nobody needs any more (RFC 7592), as outbox rows: sealed before the transaction that throws the
 * registration away, asked for afterwards, so that an authorization server that is down holds up nobody.
 */
import type { Keyring } from "../crypto/port.js";
import { outboxPlace } from "../crypto/sealed-places.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { newId, type OutboxId } from "../kernel/ids.js";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import { secret } from "../kernel/secret.js";
import { after, hours, type Instant } from "../kernel/time.js";
import { deleteClient, type RegisteredClient } from "../oauth/client-registration.js";
import type { OutboxRecord } from "../store/records.js";

export const unregistrationKind = "unregister";

/** Which registration goes, and how its server is told. */
export interface Unregistration {
  /** `tool:<id>` */
  readonly connection: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly management: NonNullable<RegisteredClient["management"]>;
  /** The row that still has it, where that is to go with it; null where another registration has taken its place. */
  readonly registration: string | null;
}

const giveUpAfter = hours(24);

/** Undefined where the server gave us no way to do it. */
export function unregistrationRow(
  ports: { readonly keyring: Keyring; readonly random: RandomSource },
  of: Omit<Unregistration, "clientId" | "management"> & { readonly client: RegisteredClient | undefined },
  now: Instant,
  firstAttempt: Instant,
): OutboxRecord | undefined {
  const { connection, issuer, registration, client } = of;
  if (!client?.management) return undefined;
  const id = newId<OutboxId>(now, ports.random);
  const { uri, token } = client.management;
  const content = { connection, issuer, registration, clientId: client.clientId, uri, token: token.reveal() };
  return {
    id,
    kind: unregistrationKind,
    dead: false,
    sealed: ports.keyring.seal("outbox", outboxPlace({ id }).context, JSON.stringify(content)),
    attempts: 0,
    nextAttemptAt: firstAttempt,
    endsAt: after(firstAttempt, giveUpAfter),
    lastFailure: null,
    // It is not late before that.
    createdAt: firstAttempt,
  };
}

/** `undefined` when no key opens the row. */
export function openUnregistration(keyring: Keyring, row: OutboxRecord): Unregistration | undefined {
  const opened = keyring.open("outbox", outboxPlace(row).context, row.sealed);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  if (!isJsonObject(value)) return undefined;
  const read = (name: string) => stringMember(value, name);
  const [connection, issuer, clientId] = [read("connection"), read("issuer"), read("clientId")];
  const [uri, token] = [read("uri"), read("token")];
  if (!connection || !issuer || !clientId || !uri || !token) return undefined;
  const management = { uri, token: secret(token) };
  return { connection, issuer, clientId, management, registration: read("registration") ?? null };
}

export interface UnregisterPorts {
  readonly egress: Egress;
  /** Has the row go that still holds it; false where it has come to be used again. */
  readonly letGo: (unregistration: Unregistration) => Promise<boolean>;
  readonly log: Log;
}

/** One attempt. @throws LatchkeyError `egress.not_accepted` where another is worth it */
export async function unregister(ports: UnregisterPorts, unregistration: Unregistration): Promise<void> {
  const { connection, issuer, clientId, management } = unregistration;
  const fields = { connection, issuer, clientId };
  if (!(await ports.letGo(unregistration))) return ports.log.info(fields, "a registration is in use again, and stays");
  const failed = await deleteClient(ports, management);
  if (failed === undefined) return ports.log.info(fields, "a registration was taken back at its server");
  const { kind, reason } = failed;
  if (kind === "unavailable") throw new LatchkeyError("egress.not_accepted", { data: { reason } });
  // Asked again it would say the same: it has forgotten us, or does not do this.
  ports.log.warn({ ...fields, reason }, "an authorization server does not take a registration back");
}
