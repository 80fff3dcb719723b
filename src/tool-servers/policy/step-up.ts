/**
 * How often a person is sent to consent for one set of challenged scopes (TS-14). Pure. A server that never grants what
 * it asks for would send them round for ever; after three authorization requests within an hour it is told to stop.
 */
import { hours, type Instant } from "../../kernel/time.js";
import type { ChallengeRecord } from "../../store/records.js";

type Requests = ChallengeRecord["requests"];

const mostRequests = 3;
const within = hours(1);

/** Those that still count, the oldest first. */
export const recent = (requests: Requests, now: Instant): Requests => requests.filter(({ at }) => at > now - within);

/** True when one more authorization request for this set may be made. The one that connected it is the first. */
export function mayAskAgain(requests: Requests, step: string, now: Instant): boolean {
  const counted = recent(requests, now);
  const first = counted.some((one) => one.step === null) ? 1 : 0;
  return first + counted.filter((one) => one.step === step).length < mostRequests;
}

/** Longer lists say nothing more. */
const mostKept = 20;

export const withRequest = (requests: Requests, step: string | null, now: Instant): Requests =>
  [...recent(requests, now), { at: now, step }].slice(-mostKept);
