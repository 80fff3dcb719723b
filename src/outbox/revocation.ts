/**
 * Revocations that must still happen after their grant is gone (RFC 7009): sealed into an outbox row before the
 * transaction that ends the grant, delivered afterwards, so that a provider that is down delays nobody's sign-out.
 */
import type { Keyring } from "../crypto/port.js";
import { outboxPlace } from "../crypto/sealed-places.js";
import type { OutboxId } from "../kernel/ids.js";
import { newId } from "../kernel/ids.js";
import { isJsonObject, parseJson, stringMember } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import { after, hours, type Instant } from "../kernel/time.js";
import type { Provider } from "../providers/provider.js";
import type { GrantRecord, OutboxRecord } from "../store/records.js";

export const revocationKind = "revoke";

/** What has to be revoked where. The refresh token goes first: it is what can make new ones. */
export interface Revocation {
  /** A provider's id, or `tool:<id>`. */
  readonly provider: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly refreshToken: string | null;
  readonly accessToken: string;
}

/** That of one grant: a provider's connection goes by the provider's id, any other by its whole name. */
export function revocationOf(
  { connection, issuer, clientId }: Pick<GrantRecord, "connection" | "issuer" | "clientId">,
  { refreshToken, accessToken }: Pick<Revocation, "refreshToken" | "accessToken">,
): Revocation {
  return { provider: connection.replace(/^provider:/, ""), issuer, clientId, refreshToken, accessToken };
}

/** Tokens are one issuer's and one client's alone: a provider that was re-pointed must never see those of the one before. */
export const isRevocableAt = (
  { issuers, client }: Pick<Provider, "issuers" | "client">,
  { issuer, clientId }: Pick<Revocation, "issuer" | "clientId">,
): boolean => issuers.includes(issuer) && client.clientId === clientId;

const giveUpAfter = hours(24);

export function revocationRow(
  ports: { keyring: Keyring; random: RandomSource },
  revocation: Revocation,
  now: Instant,
): OutboxRecord {
  const id = newId<OutboxId>(now, ports.random);
  const sealed = ports.keyring.seal("outbox", outboxPlace({ id }).context, JSON.stringify(revocation));
  return {
    id,
    kind: revocationKind,
    dead: false,
    sealed,
    attempts: 0,
    nextAttemptAt: now,
    endsAt: after(now, giveUpAfter),
    lastFailure: null,
    createdAt: now,
  };
}

/** `undefined` when no key opens the row. */
export function openRevocation(keyring: Keyring, row: OutboxRecord): Revocation | undefined {
  const opened = keyring.open("outbox", outboxPlace(row).context, row.sealed);
  const value = opened.ok ? parseJson(opened.value) : undefined;
  if (!isJsonObject(value)) return undefined;
  const [provider, issuer] = [stringMember(value, "provider"), stringMember(value, "issuer")];
  const [clientId, accessToken] = [stringMember(value, "clientId"), stringMember(value, "accessToken")];
  if (!provider || !issuer || !clientId || accessToken === undefined) return undefined;
  return { provider, issuer, clientId, accessToken, refreshToken: stringMember(value, "refreshToken") ?? null };
}
