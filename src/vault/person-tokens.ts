/**
 * What a person has at the provider that they signed in with, to get a token of another connection with (TS-15, TS-21): the
 * grant of the session that asks, else the newest one (VA-16), refreshed first where it is over. Nothing here leaves the
 * process but in a request to that provider itself.
 */
import { decodeJwt } from "jose";
import { sha256Base64Url } from "../crypto/digest.js";
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import { type Instant, milliseconds } from "../kernel/time.js";
import type { GrantFinder } from "./find-grant.js";
import type { GrantKey, HeldGrant } from "./grant-cache.js";
import type { PersonTokens, VaultPorts } from "./ports.js";
import type { Refresher } from "./refresh.js";

/** What is over in so short a time would be over where it is read. */
const soon = 10_000;

export function createPersonTokens(
  { clock }: Pick<VaultPorts, "clock">,
  finder: GrantFinder,
  refresher: Pick<Refresher, "refresh">,
  accessToken: (key: GrantKey) => Promise<{ readonly accessToken: string }>,
  who: Pick<GrantKey, "user" | "session">,
): PersonTokens {
  return {
    async idToken(connection) {
      const key = { ...who, connection };
      const held = await finder.find(key);
      if (isGood(held, clock.now())) return held.secrets.idToken;
      const startedAt = clock.now();
      if (held.secrets.refreshToken !== null) {
        const end = await refresher.refresh(held.grant.id, { always: true, minValidity: milliseconds(0), startedAt });
        finder.drop(key);
        const next = await finder.find(key);
        if (isGood(next, clock.now())) return next.secrets.idToken;
        // The provider is out of order, or does not take our client: no sign-in would help.
        if (end.kind === "held") throw new LatchkeyError(end.code, { data: { connection, reason: end.reason } });
      }
      const reason = held.secrets.idToken === null ? "no_id_token" : "id_token_over";
      throw new LatchkeyError("grant.sign_in_needed", { data: { connection, reason } });
    },
    async standing(connection) {
      try {
        const { grant, secrets } = await finder.find({ ...who, connection });
        return `${grant.id}:${secrets.idToken === null ? "" : sha256Base64Url(secrets.idToken)}`;
      } catch (thrown) {
        if (!isLatchkeyError(thrown) || thrown.code.startsWith("store.")) throw thrown;
        return thrown.code;
      }
    },
    accessToken: async (connection) => (await accessToken({ ...who, connection })).accessToken,
  };
}

function isGood(held: HeldGrant, now: Instant): held is HeldGrant & { secrets: { idToken: string } } {
  const { idToken } = held.secrets;
  if (idToken === null) return false;
  try {
    const { exp } = decodeJwt(idToken);
    return typeof exp === "number" && exp * 1_000 > now + soon;
  } catch {
    return false;
  }
}
