import { expect, test } from "vitest";
import { seconds } from "../../kernel/time.js";
import type { RefreshAnswer } from "../../oauth/token-request.js";
import { failureText, pauseAfter, readFailure } from "./hold.js";
import { outcomeAfterAmbiguity, outcomeOf } from "./outcome.js";

const says = (error: string, status = 400): RefreshAnswer => ({
  kind: "oauth_error",
  error,
  description: null,
  status,
  retryAfter: null,
});
const silent = (code: "egress.timeout" | "egress.failed", sent: boolean): RefreshAnswer => ({
  kind: "no_answer",
  code,
  sent,
});

test.each<[why: string, answer: RefreshAnswer, outcome: string, reason: string]>([
  ["the server says that the grant is over", says("invalid_grant"), "ended", "invalid_grant"],
  ["the person has to take part", says("interaction_required"), "ended", "interaction_required"],
  ["the person has to sign in there", says("login_required"), "ended", "login_required"],
  ["the person has to agree again", says("consent_required"), "ended", "consent_required"],
  ["the server asks for patience", says("temporarily_unavailable"), "transient", "temporarily_unavailable"],
  ["the server broke and says so", says("server_error"), "transient", "server_error"],
  ["we ask too often", says("slow_down"), "transient", "slow_down"],
  ["our secret is wrong: every grant stays", says("invalid_client", 401), "client_fault", "invalid_client"],
  ["our client may not refresh: every grant stays", says("unauthorized_client"), "client_fault", "unauthorized_client"],
  ["401 without words is about the client", { kind: "status", status: 401 }, "client_fault", "status_401"],
  ["we ask for scopes that are not ours", says("invalid_scope"), "configuration_fault", "invalid_scope"],
  ["we name a wrong resource", says("invalid_target"), "configuration_fault", "invalid_target"],
  ["our request is wrong", says("invalid_request"), "configuration_fault", "invalid_request"],
  ["a word that nobody has heard", says("quota_exceeded"), "configuration_fault", "quota_exceeded"],
  ["denied is not over", says("access_denied"), "configuration_fault", "access_denied"],
  ["503", { kind: "unavailable", status: 503, retryAfter: null }, "transient", "status_503"],
  ["429", { kind: "unavailable", status: 429, retryAfter: seconds(9) }, "transient", "status_429"],
  ["a page of a proxy instead of JSON", { kind: "status", status: 404 }, "transient", "status_404"],
  ["bad JSON", { kind: "unreadable", reason: "syntax", status: 200 }, "transient", "unreadable_syntax"],
  [
    "a token type that we cannot present",
    { kind: "unreadable", reason: "token_type", status: 200 },
    "transient",
    "unreadable_token_type",
  ],
  ["the network failed before anything was written", silent("egress.failed", false), "transient", "egress.failed"],
  ["a time-out before anything was written", silent("egress.timeout", false), "transient", "egress.timeout"],
  ["the network died after the request was written", silent("egress.failed", true), "ambiguous", "egress.failed"],
  ["a time-out after the request was written", silent("egress.timeout", true), "ambiguous", "egress.timeout"],
  [
    "a redirect, which is not followed",
    { kind: "no_answer", code: "egress.redirect_refused", sent: true },
    "transient",
    "egress.redirect_refused",
  ],
  ["40 MB of answer", { kind: "no_answer", code: "egress.too_large", sent: true }, "transient", "egress.too_large"],
  [
    "an endpoint that we do not call",
    { kind: "no_answer", code: "egress.url_refused", sent: false },
    "configuration_fault",
    "egress.url_refused",
  ],
  [
    "a client without its key",
    { kind: "not_possible", reason: "client_key_missing" },
    "configuration_fault",
    "client_key_missing",
  ],
])("VA-9 %s", (_why, answer, kind, reason) => {
  expect(outcomeOf(answer)).toMatchObject({ kind, reason });
});

test("VA-9 VA-10 an answer that says nothing leaves open whether new tokens were made; one that says no does not", () => {
  const unknown = (answer: RefreshAnswer) => {
    const outcome = outcomeOf(answer);
    return outcome.kind === "transient" && outcome.unknown;
  };
  expect(unknown({ kind: "unreadable", reason: "syntax", status: 200 })).toBe(true);
  for (const code of ["egress.redirect_refused", "egress.too_large", "egress.content_type"] as const)
    expect(unknown({ kind: "no_answer", code, sent: true }), code).toBe(true);
  for (const answer of [says("slow_down"), silent("egress.failed", false), { kind: "status", status: 404 } as const])
    expect(unknown(answer), JSON.stringify(answer)).toBe(false);
});

test("VA-9 VA-10 after a request without an answer the second one decides, and an end says that nobody can be sure", () => {
  const second = (answer: RefreshAnswer) => outcomeAfterAmbiguity(outcomeOf(answer));
  expect(second(silent("egress.timeout", true))).toMatchObject({ kind: "transient", unknown: true });
  expect(second({ kind: "unavailable", status: 503, retryAfter: null })).toMatchObject({
    kind: "transient",
    unknown: true,
  });
  expect(second(says("invalid_grant"))).toEqual({ kind: "ended", reason: "ambiguous_refresh" });
  expect(second(says("consent_required"))).toEqual({ kind: "ended", reason: "consent_required" });
  expect(second(says("invalid_client"))).toMatchObject({ kind: "client_fault" });
});

test("VA-9 pauses grow, keep apart, end at five minutes, and are as long as the server asks for, within an hour", () => {
  const failure = { kind: "transient", reason: "status_503", retryAfter: null, unknown: false } as const;
  const pause = (previous: number | null, fraction = 1, retryAfter: number | null = null) =>
    pauseAfter({ ...failure, retryAfter: retryAfter as never }, previous as never, fraction) / 1_000;
  expect(pause(null)).toBe(2);
  expect(pause(null, 0)).toBe(1);
  expect(pause(4_000)).toBe(8);
  expect(pause(299_000)).toBe(300);
  expect(pause(null, 0, 45_000)).toBe(45);
  expect(pause(null, 0, 86_400_000)).toBe(3_600);
  // A server that asks for less than our own pause does not shorten it, and no pause is so short that it cannot grow.
  expect(pause(100_000, 0, 1_000)).toBe(100);
  expect(pause(0)).toBe(2);
  expect(pauseAfter({ kind: "configuration_fault", reason: "invalid_scope" }, null, 0)).toBe(3_600_000);
  expect(pauseAfter({ kind: "client_fault", reason: "invalid_client" }, null, 0)).toBe(300_000);
});

test("VA-9 what is kept of a failure can be read again, and an unknown outcome is not forgotten by a later failure", () => {
  const transient = { kind: "transient", reason: "status_503", retryAfter: null, unknown: false } as const;
  expect(readFailure(failureText(transient, false, "x"))).toEqual({
    kind: "transient",
    reason: "status_503",
    fingerprint: null,
  });
  expect(failureText(transient, true, null)).toBe("ambiguous_refresh");
  expect(failureText({ ...transient, unknown: true }, false, null)).toBe("ambiguous_refresh");
  const fault = failureText({ kind: "client_fault", reason: "invalid_client" }, false, "print-1_2");
  expect(readFailure(fault)).toEqual({ kind: "client_fault", reason: "invalid_client", fingerprint: "print-1_2" });
  // The word is the server's: of any length, and it may look like what is put around it.
  for (const [reason, kept] of [
    ["odd@word\nof a server", "odd@word\nof a server"],
    ["x".repeat(5_000), "x".repeat(100)],
  ] as const) {
    const text = failureText({ kind: "configuration_fault", reason }, true, "print-1_2");
    expect(readFailure(text)).toEqual({ kind: "configuration_fault", reason: kept, fingerprint: "print-1_2" });
  }
  const waits = failureText({ kind: "sign_in_needed", reason: "grant.not_connected" }, true, null);
  expect(readFailure(waits)).toEqual({ kind: "sign_in_needed", reason: "grant.not_connected", fingerprint: "" });
  expect(readFailure(null)).toBeUndefined();
});
