import { afterEach, beforeEach, expect, test } from "vitest";
import { aClient, countedRandom, loopbackEgress } from "../../test/support/oauth-setting.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { secret } from "../kernel/secret.js";
import { type FakeProvider, startFakeProvider } from "../testing/fake-provider.js";
import { createManualClock } from "../testing/manual-clock.js";
import { revokeToken } from "./revocation.js";
import type { AuthorizationServer } from "./types.js";

let idp: FakeProvider;
let egress: Egress;
const clock = createManualClock();

beforeEach(async () => {
  idp = await startFakeProvider({ clients: [{ clientId: "latchkey", clientSecret: "s3cret of the client" }] });
  egress = loopbackEgress();
});
afterEach(async () => {
  await idp.stop();
  await egress.close();
});

const revoke = (as: Partial<AuthorizationServer> = {}, client = aClient()) =>
  revokeToken(
    { egress, clock, random: countedRandom() },
    {
      as: { issuer: idp.issuer, revocation_endpoint: `${idp.issuer}/revoke`, ...as },
      client,
      token: "canary-token",
      hint: "refresh_token",
    },
  );
const outcome = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (thrown) => {
      if (!(thrown instanceof LatchkeyError)) return String(thrown);
      expect(JSON.stringify([thrown.data, thrown.stack, thrown.cause])).not.toContain("canary");
      return `${thrown.code}${thrown.entry.retryable ? " retryable" : ""}`;
    },
  );

test("LO-5 sends the token with its hint, authenticated, to a real endpoint that checks it", async () => {
  expect(await outcome(revoke())).toBe("done");
  const [request] = idp.requestsTo("revocation");
  expect(Object.fromEntries(request?.form ?? [])).toEqual({ token: "canary-token", token_type_hint: "refresh_token" });
  expect(request?.headers["authorization"]).toMatch(/^Basic /);
  expect(await outcome(revoke({}, aClient({ clientSecret: secret("wrong") })))).toBe("signin.client_rejected");
});

test.each<[why: string, answer: object, expected: string]>([
  ["200 with nothing", {}, "done"],
  ["204", { status: 204 }, "done"],
  ["200 with HTML", { headers: { "Content-Type": "text/html" }, body: "<p>ok" }, "done"],
  ["unsupported_token_type", { status: 400, json: { error: "unsupported_token_type" } }, "done"],
  ["invalid_client", { status: 400, json: { error: "invalid_client" } }, "signin.client_rejected"],
  ["401 without a body", { status: 401 }, "signin.client_rejected"],
  ["invalid_request", { status: 400, json: { error: "invalid_request" } }, "signin.provider_refused"],
  ["404", { status: 404 }, "signin.provider_refused"],
  ["503", { status: 503, headers: { "Retry-After": "3" } }, "signin.provider_unavailable retryable"],
  ["429", { status: 429 }, "signin.provider_unavailable retryable"],
  [
    "a cut connection",
    { raw: (r: import("node:http").IncomingMessage) => void r.socket.destroy() },
    "signin.provider_unavailable retryable",
  ],
  ["a redirect", { status: 308, headers: { Location: "https://evil.example" } }, "signin.provider_refused"],
])("LO-5 answered with %s", async (_why, answer, expected) => {
  idp.script({ revocation: answer });
  expect(await outcome(revoke())).toBe(expected);
});

test("LO-5 no endpoint, or one that egress refuses, is a fault of the configuration", async () => {
  expect(await outcome(revoke({ revocation_endpoint: undefined }))).toBe("signin.provider_misconfigured");
  expect(await outcome(revoke({ revocation_endpoint: "http://169.254.169.254/revoke" }))).toBe(
    "signin.provider_misconfigured",
  );
});
