/**
 * The one door out, with somebody standing beside it: what a step makes of an answer is the step's, but the doctor
 * also wants the Date header of a metadata document or, where there is none, of the keys, and to know whether a URL was refused before it was asked.
 */
import type { Egress } from "../egress/port.js";
import { isLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import { type Clock, type Instant, milliseconds, parseHttpDate } from "../kernel/time.js";

export interface WatchedEgress extends Egress {
  /** The clock of the one who served the metadata, else the keys, and ours at that moment; undefined when no answer said. */
  dateSeen(): { readonly theirs: Instant; readonly ours: Instant } | undefined;
  /** Refusals of the url policy and of the lookup, in order. */
  readonly refusals: readonly LatchkeyError[];
  /** How many metadata documents were asked for. */
  metadataAsked(): number;
}

export function watchEgress(egress: Egress, clock: Clock): WatchedEgress {
  let seen: { theirs: Instant; ours: Instant } | undefined;
  let asked = 0;
  const refusals: LatchkeyError[] = [];
  return {
    async request(request) {
      const isMetadata = request.purpose === "metadata";
      if (isMetadata) asked += 1;
      try {
        const answer = await egress.request(request);
        const date = parseHttpDate(answer.headers.get("date") ?? "");
        if ((isMetadata || (request.purpose === "jwks" && seen === undefined)) && date !== undefined) {
          // What a cache in between has held is as old as it says (RFC 9111 §5.1).
          const held = milliseconds(1_000 * (Number(answer.headers.get("age") ?? 0) || 0));
          seen = { theirs: (date + held) as Instant, ours: clock.now() };
        }
        return answer;
      } catch (thrown) {
        if (isLatchkeyError(thrown, "egress.url_refused", "egress.address_refused")) refusals.push(thrown);
        throw thrown;
      }
    },
    close: () => egress.close(),
    dateSeen: () => seen,
    refusals,
    metadataAsked: () => asked,
  };
}
