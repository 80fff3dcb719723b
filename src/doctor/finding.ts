/** What a check came to: what was found, why it matters, and what to do about it (SU-12). */

export type FindingStatus =
  /** Looked at, and right. */
  | "ok"
  /** Works, or may work; somebody should look. */
  | "warn"
  /** Would stop a sign-in. */
  | "fail"
  /** Not looked at, or looked at in vain: it says nothing either way. */
  | "skip";

export interface Finding {
  /** Stable. What is checked for each provider ends with the provider's id: `discovery:corp`. */
  readonly id: string;
  readonly status: FindingStatus;
  /** What was seen. Never a secret, a token or a code. */
  readonly found: string;
  readonly why: string;
  /** What to do; null where there is nothing to do. */
  readonly fix: string | null;
}

export interface Check {
  ok(found: string): Finding;
  warn(found: string, fix: string): Finding;
  fail(found: string, fix: string): Finding;
  skip(found: string, fix?: string): Finding;
}

/** One check with the reason for it; its methods make the finding. */
export function check(id: string, why: string): Check {
  const finding = (status: FindingStatus, found: string, fix: string | null): Finding => ({
    id,
    status,
    found,
    why,
    fix,
  });
  return {
    ok: (found) => finding("ok", found, null),
    warn: (found, fix) => finding("warn", found, fix),
    fail: (found, fix) => finding("fail", found, fix),
    skip: (found, fix) => finding("skip", found, fix ?? null),
  };
}

/** True when something was found that would stop a sign-in. */
export const stopsSignIn = (findings: readonly Finding[]): boolean => findings.some(({ status }) => status === "fail");
