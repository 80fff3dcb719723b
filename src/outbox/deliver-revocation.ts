/** One attempt to revoke what a revocation holds, at the issuer it came from and nowhere else. */
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import { type RandomSource, randomFraction } from "../kernel/random.js";
import { type Clock, type Duration, hours, milliseconds, seconds } from "../kernel/time.js";
import type { Metadata } from "../oauth/metadata.js";
import { revokeToken } from "../oauth/revocation.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { ClientRegistration, ProviderRegistry } from "../providers/provider.js";
import { isRevocableAt, type Revocation } from "./revocation.js";

/** Where tokens are revoked, and as whom. */
interface RevocationTarget {
  readonly as: AuthorizationServer;
  readonly client: ClientRegistration;
  readonly timeout?: Duration | undefined;
}

export interface RevokePorts {
  readonly egress: Egress;
  readonly metadata: Metadata;
  readonly providers: ProviderRegistry;
  /** The same of a tool server's tokens. @throws LatchkeyError `unknownHere` · `anotherNow` · whatever means later */
  readonly toolServer: (revocation: Revocation) => Promise<RevocationTarget>;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
}

/** Kept for as long as any other: another node may have the new configuration already, as in a restart that adds the server. */
export const unknownHere = (): LatchkeyError =>
  new LatchkeyError("egress.not_accepted", { data: { reason: "not_configured" } });

/** The server, or our client there, is another: it must never see these tokens, so no further attempt is made. */
export const anotherNow = (): LatchkeyError =>
  new LatchkeyError("egress.not_accepted", { data: { reason: "server_changed", gone: true } });

/** @throws LatchkeyError where it was not revoked; `data.gone` when no attempt ever will */
export async function revoke(ports: RevokePorts, revocation: Revocation): Promise<void> {
  const target = revocation.provider.startsWith("tool:")
    ? await ports.toolServer(revocation)
    : await ofProvider(ports, revocation);
  if (!target.as.revocation_endpoint) return;
  const request = { ...target };
  if (revocation.refreshToken) {
    await revokeToken(ports, { ...request, token: revocation.refreshToken, hint: "refresh_token" });
  }
  // A row that never had a token (TS-15) has none to revoke.
  if (revocation.accessToken === "") return;
  await revokeToken(ports, { ...request, token: revocation.accessToken, hint: "access_token" });
}

async function ofProvider(ports: RevokePorts, revocation: Revocation): Promise<RevocationTarget> {
  const provider = ports.providers.byId(revocation.provider);
  if (!provider) throw unknownHere();
  // Which issuer a tenant's name stands for another node may have been told, and this one not yet (SI-2).
  if (provider.issuers.length === 0) await ports.metadata.discover(provider);
  if (!isRevocableAt(provider, revocation)) throw anotherNow();
  return {
    as: await ports.metadata.discover(provider),
    client: provider.client,
    timeout: provider.timeout ?? undefined,
  };
}

/** 5 s, doubled each time up to an hour, half of it by chance so that nodes and rows spread. */
export function revocationPause(attempts: number, random: RandomSource): Duration {
  const full = Math.min(seconds(5) * 2 ** Math.min(attempts - 1, 20), hours(1));
  return milliseconds(Math.round(full / 2 + (full / 2) * randomFraction(random)));
}
