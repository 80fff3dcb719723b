/**
 * Turns what undici, TLS, DNS and zlib throw into the closed set of egress failures, and makes it fit for a log.
 *
 * Their errors are not kept as they are: a parse error carries the bytes it choked on (perhaps a token), a certificate
 * error the whole certificate. A new error with the message and the code says as much.
 */
import type { ErrorCode } from "../kernel/error-catalog.js";
import { LatchkeyError } from "../kernel/errors.js";
import type { EgressPurpose } from "./port.js";

export interface RequestFacts {
  readonly purpose: EgressPurpose;
  /** Host and port of the hop that failed. */
  readonly host: string;
  /** False when it is certain that nothing of the request was written. */
  readonly sent: boolean;
}

const codesOf: Readonly<Record<string, ErrorCode>> = {
  UND_ERR_CONNECT_TIMEOUT: "egress.timeout",
  ETIMEDOUT: "egress.timeout",
  UND_ERR_HEADERS_OVERFLOW: "egress.too_large",
};

export function toEgressError(thrown: unknown, facts: RequestFacts): LatchkeyError {
  const known = findEgressError(thrown);
  if (known) return new LatchkeyError(known.code, { data: { ...known.data, ...facts }, cause: known.cause });
  const code = codeOf(thrown);
  return new LatchkeyError(codesOf[code ?? ""] ?? "egress.failed", {
    data: { ...facts, reason: code ?? "unknown" },
    cause: plainCause(thrown),
  });
}

/** Ours may come back wrapped, by a proxy's tunnel for one. */
function findEgressError(thrown: unknown): LatchkeyError | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if (error instanceof LatchkeyError && error.code.startsWith("egress.")) return error;
  }
  return undefined;
}

const codeOf = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;

function plainCause(thrown: unknown): Error | undefined {
  if (!(thrown instanceof Error)) return undefined;
  // Several addresses tried, each with an error of its own.
  const parts =
    thrown instanceof AggregateError ? thrown.errors.filter((each): each is Error => each instanceof Error) : [thrown];
  const cause = new Error(
    parts
      .map((each) => `${each.name}: ${each.message}`)
      .join("; ")
      .slice(0, 500),
  );
  return Object.assign(cause, { code: codeOf(thrown) });
}
