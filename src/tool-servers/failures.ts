/** What can go wrong while a tool server is looked at, in the codes of the catalog. */
import { isLatchkeyError, LatchkeyError } from "../kernel/errors.js";
import type { JsonValue } from "../kernel/json.js";

type Facts = Readonly<Record<string, JsonValue | undefined>>;

/** Egress failures that are the URL's or the answer's fault: asking again changes nothing. */
const lasting: ReadonlySet<string> = new Set([
  "egress.url_refused",
  "egress.address_refused",
  "egress.redirect_refused",
  "egress.too_large",
  "egress.content_type",
]);

/** It may work at another time. */
export const unreachable = (reason: string, facts: Facts, cause?: unknown): LatchkeyError =>
  new LatchkeyError("connect.server_unreachable", { cause, data: { reason, ...facts } });

/** What it says about itself cannot be used. */
export const refused = (reason: string, facts: Facts, cause?: unknown): LatchkeyError =>
  new LatchkeyError("connect.metadata_refused", { cause, data: { reason, ...facts } });

/** A failed request in these words; anything else is handed back as it is. */
export function asDiscoveryFailure(thrown: unknown, facts: Facts): unknown {
  if (!(thrown instanceof LatchkeyError) || !thrown.code.startsWith("egress.")) return thrown;
  if (!lasting.has(thrown.code)) return unreachable(thrown.code, facts, thrown);
  // Which rule of ours it was, and about what: an operator can allow it.
  const rule = isLatchkeyError(thrown, "egress.url_refused", "egress.address_refused")
    ? { refused: thrown.data["reason"], host: thrown.data["target"], address: thrown.data["address"] }
    : {};
  return refused(thrown.code, { ...facts, ...rule }, thrown);
}
