/**
 * The one-time set-up link (AC-9): on an address that strangers can reach, being first is no proof of anything. Only a
 * flow begun from the link that `serve` printed makes the first administrator; the link works once, for a day.
 */
import { sha256Base64Url } from "../crypto/digest.js";
import type { Keyring } from "../crypto/port.js";
import { randomToken } from "../crypto/random.js";
import { isJsonObject, parseJson } from "../kernel/json.js";
import type { RandomSource } from "../kernel/random.js";
import { after, hours, type Instant, toInstant } from "../kernel/time.js";

const context = { table: "setup", row: "link" };
const lifetime = hours(24);

/** A new value for the link's `setup` parameter. Every node that shares the secret accepts it. */
export const newSetupValue = (ports: { keyring: Keyring; random: RandomSource }, now: Instant): string =>
  ports.keyring.seal("setup", context, JSON.stringify({ e: after(now, lifetime), n: randomToken(ports.random, 16) }));

/** What a flow carries of it; null when the value is not ours or has run out. */
export function readSetupValue(
  keyring: Keyring,
  value: string | undefined,
  now: Instant,
): { readonly hash: string; readonly endsAt: Instant } | null {
  if (!value) return null;
  const opened = keyring.open("setup", context, value);
  const content = opened.ok ? parseJson(opened.value) : undefined;
  if (!isJsonObject(content) || typeof content["e"] !== "number" || content["e"] <= now) return null;
  return { hash: sha256Base64Url(value), endsAt: toInstant(content["e"]) };
}
