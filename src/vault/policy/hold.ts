/** When a refresh that failed may be tried again (VA-9). Pure. */
import { type Duration, hours, milliseconds, minutes, seconds } from "../../kernel/time.js";
import { ambiguousRefresh, type RefreshOutcome } from "./outcome.js";

type Failure = Transient | Fault | SignIn;
type Transient = Extract<RefreshOutcome, { kind: "transient" }>;
type SignIn = Extract<RefreshOutcome, { kind: "sign_in_needed" }>;
type Fault = Extract<RefreshOutcome, { kind: "client_fault" | "configuration_fault" }>;

const pauses = {
  first: seconds(2),
  longest: minutes(5),
  /** What a server may ask for with `Retry-After`. */
  longestAsked: hours(1),
  /** Somebody has to change something; until then the answer would be the same. */
  configuration: hours(1),
  client: minutes(5),
} as const;

/**
 * @param previous the last pause of this grant; null when the last refresh went well
 * @param fraction a random number in [0, 1): grants that failed together must not come back together
 */
export function pauseAfter(failure: Transient | Fault, previous: Duration | null, fraction: number): Duration {
  if (failure.kind !== "transient") return failure.kind === "client_fault" ? pauses.client : pauses.configuration;
  const grown = Math.min(previous === null ? pauses.first : Math.max(pauses.first, previous * 2), pauses.longest);
  const spread = Math.round(grown / 2 + (grown / 2) * fraction);
  return milliseconds(Math.max(spread, Math.min(failure.retryAfter ?? 0, pauses.longestAsked)));
}

/**
 * What is kept in the row as `last_failure_code`. A fault that the operator, or the person by a sign-in, can mend is followed by the fingerprint of
 * the client it was about, so that a change is seen; that an outcome is unknown stays until a refresh goes well.
 */
export function failureText(failure: Failure, unknownBefore: boolean, fingerprint: string | null): string {
  if (failure.kind === "transient") return failure.unknown || unknownBefore ? ambiguousRefresh : failure.reason;
  return `${failure.kind}:${failure.reason.slice(0, 100)}@${fingerprint ?? ""}`;
}

export interface KeptFailure {
  readonly kind: Failure["kind"];
  readonly reason: string;
  /** Null where a changed client makes no difference. */
  readonly fingerprint: string | null;
}

/** The same, read again. */
export function readFailure(text: string | null): KeptFailure | undefined {
  if (text === null) return undefined;
  const fault = /^(client_fault|configuration_fault|sign_in_needed):(.*)@([^@]*)$/s.exec(text);
  if (!fault) return { kind: "transient", reason: text, fingerprint: null };
  return { kind: fault[1] as Failure["kind"], reason: fault[2] ?? "", fingerprint: fault[3] ?? "" };
}
