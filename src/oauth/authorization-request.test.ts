import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { aClient, aProvider, countedRandom, loopbackEgress } from "../../test/support/oauth-setting.js";
import type { Egress } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { silentLog } from "../kernel/log.js";
import { reservedAuthorizeParameters } from "../kernel/reserved-parameters.js";
import { secret } from "../kernel/secret.js";
import type { Provider } from "../providers/provider.js";
import { type FakeProvider, startFakeProvider } from "../testing/fake-provider.js";
import { createManualClock } from "../testing/manual-clock.js";
import { authorizationParameters, authorizationUrl, requestedMaxAge } from "./authorization-request.js";
import type { AuthorizationServer } from "./types.js";

const request = { state: "the-state", nonce: "the-nonce", codeChallenge: "the-challenge" };
const parametersOf = (provider: Partial<Provider>) =>
  authorizationParameters({ provider: aProvider(provider), ...request });

describe("parameters", () => {
  test("SI-5 a code flow with state, nonce and PKCE S256", () => {
    expect(parametersOf({})).toEqual({
      client_id: "latchkey",
      redirect_uri: "https://app.example/auth/providers/corp/callback",
      response_type: "code",
      scope: "openid email profile",
      state: "the-state",
      nonce: "the-nonce",
      code_challenge: "the-challenge",
      code_challenge_method: "S256",
    });
  });

  test.each<[why: string, provider: Partial<Provider>, expected: object]>([
    ["offline_access asks for consent", { scopes: ["openid", "offline_access"] }, { prompt: "consent" }],
    [
      "unless the operator chose a prompt",
      { scopes: ["openid", "offline_access"], authorizeParams: { prompt: "login" } },
      { prompt: "login" },
    ],
    ["form_post", { responseMode: "form_post" }, { response_mode: "form_post" }],
    [
      "the operator's own",
      { authorizeParams: { hd: "example.com", access_type: "offline" } },
      { hd: "example.com", access_type: "offline" },
    ],
  ])("SI-5 %s", (_why, provider, expected) => {
    expect(parametersOf(provider)).toMatchObject(expected);
  });

  test("SI-6 a reserved parameter that came through cannot replace ours", () => {
    const evil = Object.fromEntries(reservedAuthorizeParameters.map((name) => [name, "evil"]));
    const parameters = parametersOf({ authorizeParams: evil });
    for (const [name, value] of Object.entries(parametersOf({}))) expect(parameters[name]).toBe(value);
  });

  test.each([
    ["0", 0],
    ["300", 300],
    ["-1", undefined],
    ["1e3", undefined],
    ["", undefined],
  ])("SI-6 max_age %j is %s", (text, expected) => {
    expect(requestedMaxAge({ authorizeParams: { max_age: text } })).toBe(expected);
    expect(requestedMaxAge({ authorizeParams: {} })).toBeUndefined();
  });
});

describe("the URL", () => {
  let idp: FakeProvider;
  let egress: Egress;
  const clock = createManualClock();
  beforeEach(async () => {
    idp = await startFakeProvider({ clock, clients: [{ clientId: "latchkey", clientSecret: "s3cret of the client" }] });
    egress = loopbackEgress();
  });
  afterEach(async () => {
    await idp.stop();
    await egress.close();
  });

  const url = (provider: Partial<Provider> = {}, as: Partial<AuthorizationServer> = {}) =>
    authorizationUrl(
      { egress, clock, random: countedRandom(), log: silentLog },
      {
        as: {
          issuer: idp.issuer,
          authorization_endpoint: `${idp.issuer}/authorize`,
          pushed_authorization_request_endpoint: `${idp.issuer}/par`,
          ...as,
        },
        provider: aProvider(provider),
        parameters: parametersOf(provider),
        now: clock.now(),
      },
    );
  const failure = async (work: Promise<unknown>) => {
    const thrown = await work.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(thrown instanceof LatchkeyError)) throw new Error(`expected a failure, got ${String(thrown)}`);
    return thrown;
  };

  test("SI-5 keeps the endpoint's own query, and lets none of it replace a parameter", async () => {
    const made = await url(
      {},
      { authorization_endpoint: "https://idp.example/authorize?p=policy%201&state=fixed&client_id=other#part" },
    );
    expect(Object.fromEntries(made.searchParams)).toMatchObject({
      p: "policy 1",
      state: "the-state",
      client_id: "latchkey",
    });
    expect(made.searchParams.getAll("state")).toEqual(["the-state"]);
    expect(made.hash).toBe("");
    expect(idp.requests).toEqual([]);
  });

  test.each(["http://idp.example/a", "javascript:alert(1)", "", undefined])(
    "SI-5 refuses to send a browser to %s",
    async (endpoint) => {
      expect((await failure(url({}, { authorization_endpoint: endpoint }))).code).toBe("signin.provider_misconfigured");
    },
  );

  test.each<[why: string, par: Provider["par"], required: boolean | undefined, pushed: boolean]>([
    ["auto, not required", "auto", undefined, false],
    ["auto, required", "auto", true, true],
    ["always", "always", undefined, true],
    ["never, though required", "never", true, false],
  ])("SI-5 PAR: %s", async (_why, par, required, pushed) => {
    const made = await url({ par }, { require_pushed_authorization_requests: required });
    expect(idp.requestsTo("par")).toHaveLength(pushed ? 1 : 0);
    expect(made.searchParams.has("request_uri")).toBe(pushed);
    expect(made.searchParams.has("state")).toBe(!pushed);
  });

  test("SI-5 PAR pushes all parameters, authenticated, and the URL carries client_id and request_uri alone", async () => {
    const made = await url({ par: "always" });
    expect([...made.searchParams.keys()].sort()).toEqual(["client_id", "request_uri"]);
    const [pushed] = idp.requestsTo("par");
    expect(Object.fromEntries(pushed?.form ?? [])).toEqual(parametersOf({}));
    expect(pushed?.headers["authorization"]).toMatch(/^Basic /);
  });

  test.each<[why: string, answer: object, code: string]>([
    [
      "invalid_client",
      { status: 401, headers: { "WWW-Authenticate": "Basic realm=x" }, json: { error: "invalid_client" } },
      "signin.client_rejected",
    ],
    ["invalid_client as 400", { status: 400, json: { error: "invalid_client" } }, "signin.client_rejected"],
    ["invalid_request", { status: 400, json: { error: "invalid_request" } }, "signin.provider_refused"],
    ["503", { status: 503 }, "signin.provider_unavailable"],
    ["HTML", { status: 201, headers: { "Content-Type": "text/html" }, body: "<p>" }, "signin.provider_refused"],
    ["no request_uri", { status: 201, json: { expires_in: 60 } }, "signin.provider_refused"],
    ["a redirect", { status: 302, headers: { Location: "https://evil.example" } }, "signin.provider_refused"],
    [
      "a cut connection",
      { raw: (r: import("node:http").IncomingMessage) => void r.socket.destroy() },
      "signin.provider_unavailable",
    ],
  ])("SI-5 PAR answered with %s", async (_why, answer, code) => {
    idp.script({ par: answer });
    expect((await failure(url({ par: "always" }))).code).toBe(code);
  });

  test("SI-5 PAR without an endpoint is a fault of the configuration", async () => {
    expect((await failure(url({ par: "always" }, { pushed_authorization_request_endpoint: undefined }))).code).toBe(
      "signin.provider_misconfigured",
    );
  });

  test("AT-55 what was pushed does not come back in an error", async () => {
    const client = aClient({ clientSecret: secret("canary-secret"), tokenEndpointAuthMethod: "client_secret_post" });
    idp.script({
      par: (_honest, { body, form }) => ({
        status: 400,
        json: {
          error: "x",
          error_description: `${form.get("client_secret")} ${form.get("nonce")} ${form.get("state")} ${body}`,
        },
      }),
    });
    const error = await failure(url({ par: "always", client }));
    expect(JSON.stringify([error.data, error.message, error.stack, error.cause])).not.toMatch(
      /canary-secret|the-nonce|the-state/,
    );
    idp.script({
      par: (_honest, { form }) => ({ status: 201, json: { request_uri: 7, leak: form.get("client_secret") } }),
    });
    const odd = await failure(url({ par: "always", client }));
    expect(JSON.stringify([odd.data, odd.message, odd.cause])).not.toContain("canary");
  });
});
