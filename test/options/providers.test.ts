/** Each key of a provider changes what the provider hears or what people see. Linking, sign-out and revocation are in the journeys. */
import { decodeJwt, exportJWK, exportPKCS8, generateKeyPair } from "jose";
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import type { UserId } from "../../src/kernel/ids.js";
import type { RecordedRequest } from "../../src/testing/fake-provider/answers.js";
import type { World } from "../../src/testing/world.js";
import { createSharedWorld } from "../support/shared-file.js";
import { aWorld, aWorldAt, closing, type ProviderInput, signsIn, started } from "./setting.js";

describe("what a provider is called", () => {
  test("SI-1 [option:providers.id] names it in URLs, in its redirect URI and in the session", async () => {
    for (const id of ["fake", "corp"]) {
      const world = await aWorld({ providerConfig: { id } });
      expect((await started(world, id)).searchParams.get("redirect_uri")).toBe(world.url(`/providers/${id}/callback`));
      expect((await signsIn(world, "ann-1", id)).session?.provider).toBe(id);
      const headers = { accept: "application/json" };
      expect((await world.request(`/providers/${id === "corp" ? "fake" : "corp"}/start`, { headers })).status).toBe(
        404,
      );
    }
  });

  test("SI-1 [option:providers.displayName] [option:providers.icon] are on its button; without them the id is", async () => {
    const plain = await aWorld({ providerConfig: { id: "corp", displayName: null } });
    const before = await (await plain.request("/sign-in")).text();
    expect(before).toContain("Continue with corp");
    expect(before).not.toContain("<img");
    const named = await aWorld({ providerConfig: { id: "corp", displayName: "Corp & Sons", icon: "/corp.svg" } });
    const after = await (await named.request("/sign-in")).text();
    expect(after).toContain("Continue with Corp &amp; Sons");
    expect(after).toContain('src="/corp.svg"');
  });

  test("SI-1 [option:providers.preset] says which kind it is; a kind that there is not yet is refused", async () => {
    const { config } = await aWorld({ providerConfig: { preset: "oidc" } });
    const [record] = config.providers as [ProviderInput];
    const made = createLatchkey({ ...config, providers: [{ ...record, preset: "github" }] });
    await expect(made).rejects.toMatchObject({ code: "config.invalid" });
  });

  test("SI-6 [option:providers.authorizeParams] [option:signIn.authorizeParams] max_age that nobody could check is refused at the start", async () => {
    const { config } = await aWorld({ providerConfig: { preset: "oidc" } });
    const [record] = config.providers as [ProviderInput];
    const github: ProviderInput = { id: "github", preset: "github", clientId: "c", clientSecret: "s" };
    const asking = { authorizeParams: { max_age: 300 } };
    const refused: readonly [path: string, changes: Partial<ConfigInput>][] = [
      ["providers.0.authorizeParams.max_age", { providers: [{ ...record, authorizeParams: { max_age: "5m" } }] }],
      ["signIn.authorizeParams.max_age", { signIn: { authorizeParams: { max_age: -1 } } }],
      ["providers.1.authorizeParams.max_age", { providers: [record, { ...github, ...asking }] }],
      ["signIn.authorizeParams.max_age", { providers: [record, github], signIn: asking }],
    ];
    for (const [path, changes] of refused) {
      const made = createLatchkey({ ...config, ...changes });
      await expect(made).rejects.toMatchObject({ code: "config.invalid", data: { problems: [{ path }] } });
    }
    // One that is switched off is asked nothing.
    const off = { ...github, enabled: false };
    await (await createLatchkey({ ...config, providers: [record, off], signIn: asking })).close();
  });
});

describe("where a provider is", () => {
  const askedFor = async (world: World) => {
    const leadsTo = await started(world);
    return { paths: world.provider.requests.map(({ path }) => path), error: leadsTo.searchParams.get("error") };
  };

  test("SI-2 [option:providers.issuer] is where metadata is looked for, and what it must say of itself", async () => {
    const right = await aWorldAt(() => ({}));
    expect(await askedFor(right)).toEqual({ paths: ["/.well-known/openid-configuration"], error: null });
    const wrong = await aWorldAt(({ issuer }) => ({ issuer: `${issuer}/tenant` }));
    const { paths, error } = await askedFor(wrong);
    expect(paths).toContain("/tenant/.well-known/openid-configuration");
    expect(error).toMatch(/^signin\.provider_/);
  });

  test("SI-2 [option:providers.discoveryUrl] is asked in place of the well-known one", async () => {
    const world = await aWorldAt(({ issuer }) => ({
      discoveryUrl: `${issuer}/.well-known/oauth-authorization-server?by=config`,
    }));
    expect(await askedFor(world)).toEqual({ paths: ["/.well-known/oauth-authorization-server"], error: null });
    expect(world.provider.requests[0]?.query.get("by")).toBe("config");
  });

  const paths = {
    authorization: "authorize",
    token: "token",
    userinfo: "userinfo",
    jwks: "jwks",
    revocation: "revoke",
    endSession: "end-session",
  };
  test.each([
    ["without them those of the metadata are used", false],
    [
      "SI-2 [option:providers.endpoints.authorization] [option:providers.endpoints.token] [option:providers.endpoints.userinfo] [option:providers.endpoints.jwks] [option:providers.endpoints.revocation] [option:providers.endpoints.endSession] each goes before the one that discovery tells",
      true,
    ],
  ])("%s", async (_what, own) => {
    const world = await aWorldAt(
      ({ issuer }) => ({
        scopes: ["openid", "email", "offline_access"],
        revokeOnSignOut: "always",
        endpoints: own
          ? Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `${issuer}/${path}?by=config`]))
          : {},
      }),
      { claimsInIdToken: false },
    );
    const { browser, status } = await signsIn(world);
    expect(status).toBe(200);
    const account = await browser.get(world.url("/account"));
    await browser.submit(account, {}, { form: account.forms.findIndex(({ action }) => action.endsWith("/sign-out")) });
    const endpoints = ["authorize", "token", "userinfo", "jwks", "end_session", "revocation"] as const;
    await expect.poll(() => world.provider.requestsTo("revocation").length).toBeGreaterThan(0);
    const by = endpoints.map((endpoint) => [endpoint, world.provider.requestsTo(endpoint)[0]?.query.get("by")]);
    expect(by).toEqual(endpoints.map((endpoint) => [endpoint, own ? "config" : null]));
  });
});

describe("who we are to a provider", () => {
  /** The token request of a sign-in that worked. */
  const tokenRequest = async (world: World): Promise<RecordedRequest> => {
    const { status, error } = await signsIn(world);
    expect([status, error]).toEqual([200, null]);
    const [request] = world.provider.requestsTo("token");
    if (!request) throw new Error("no token request");
    return request;
  };
  const basic = (request: RecordedRequest) => {
    const [scheme, value = ""] = (request.headers["authorization"] ?? "").split(" ");
    return scheme === "Basic" ? Buffer.from(value, "base64").toString().split(":") : undefined;
  };

  test("SI-4 [option:providers.clientId] [option:providers.clientSecret] are what it is told", async () => {
    for (const [clientId, clientSecret] of [
      ["one", "secret-of-one"],
      ["two", "secret-of-two"],
    ] as const) {
      const clients = [
        { clientId: "one", clientSecret: "secret-of-one" },
        { clientId: "two", clientSecret: "secret-of-two" },
      ];
      const world = await aWorld({ provider: { clients }, providerConfig: { clientId, clientSecret } });
      expect((await started(world)).searchParams.get("client_id")).toBe(clientId);
      expect(basic(await tokenRequest(world))).toEqual([clientId, clientSecret]);
    }
  });

  test("SI-4 [option:providers.tokenEndpointAuthMethod] goes before what the metadata prefers", async () => {
    const clients = [{ clientId: "one", clientSecret: "secret-of-one" }];
    const auto = await tokenRequest(await aWorld({ provider: { clients } }));
    expect([basic(auto), auto.form.get("client_secret")]).toEqual([["one", "secret-of-one"], null]);
    const post = await tokenRequest(
      await aWorld({ provider: { clients }, providerConfig: { tokenEndpointAuthMethod: "client_secret_post" } }),
    );
    expect([basic(post), post.form.get("client_secret")]).toEqual([undefined, "secret-of-one"]);
  });

  test("SI-4 [option:providers.clientIdInBody] adds the client id where the secret is in the header", async () => {
    const without = await tokenRequest(await aWorld());
    expect(without.form.has("client_id")).toBe(false);
    const within = await tokenRequest(await aWorld({ providerConfig: { clientIdInBody: true } }));
    expect([basic(within)?.[0], within.form.get("client_id")]).toEqual(["latchkey", "latchkey"]);
  });

  test("SI-4 [option:providers.clientKey] [option:providers.clientAssertionAudience] sign the assertion, and say for whom", async () => {
    const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
    const clients = [{ clientId: "keyed", jwks: [await exportJWK(publicKey)] }];
    const providerConfig = { clientSecret: null, clientKey: await exportPKCS8(privateKey) };
    const assertionOf = async (more: Partial<ProviderInput>) => {
      const world = await aWorld({ provider: { clients }, providerConfig: { ...providerConfig, ...more } });
      const { form } = await tokenRequest(world);
      return { audience: decodeJwt(form.get("client_assertion") ?? "").aud, issuer: world.provider.issuer };
    };
    const usual = await assertionOf({});
    expect(usual.audience).toBe(usual.issuer);
    const other = await assertionOf({ clientAssertionAudience: "token-endpoint" });
    expect(other.audience).toBe(`${other.issuer}/token`);
  });

  test("SI-5 [option:providers.responseMode] form_post is asked for, and its answer is taken", async () => {
    const query = await aWorld();
    expect((await started(query)).searchParams.get("response_mode")).toBeNull();
    const post = await aWorld({ providerConfig: { responseMode: "form_post" } });
    expect((await started(post)).searchParams.get("response_mode")).toBe("form_post");
    expect((await signsIn(post)).status).toBe(200);
  });
});

describe("what a provider's people become", () => {
  test.each([
    [null, false, "account.sign_up_closed"],
    [true, false, null],
    [null, true, null],
    [false, true, "account.sign_up_closed"],
  ])(
    "AC-5 [option:providers.signUp] [option:signIn.signUp] %j under signIn.signUp %j makes %j of a stranger",
    async (own, all, code) => {
      const world = await aWorld({ config: { signIn: { signUp: all } }, providerConfig: { signUp: own } });
      // The first person is let in whatever is set.
      expect((await signsIn(world, "ann-1")).status).toBe(200);
      expect((await signsIn(world, "ben-2")).error).toBe(code);
    },
  );

  test("AC-5 [option:providers.emailVerified] always: an address counts as verified although the provider does not say so", async () => {
    for (const [emailVerified, code] of [
      ["claim", "account.domain_refused"],
      ["always", null],
    ] as const) {
      const people = [{ sub: "ann-1", email: "ann@example.com", emailVerified: false }];
      const signIn = { signUp: true, allowedDomains: ["example.com"] };
      const world = await aWorld({ provider: { people }, config: { signIn }, providerConfig: { emailVerified } });
      expect((await signsIn(world)).error).toBe(code);
    }
  });

  const claims = {
    employee: "e-77",
    upn: "ann@corp.example",
    title: "Dr Ann",
    photo: "https://photos.example/ann.png",
  };
  const ann = {
    sub: "ann-1",
    email: "ann@example.com",
    name: "Ann Archer",
    picture: "https://pictures.example/ann.png",
    claims,
  };

  test("SI-16 [option:providers.claims.email] [option:providers.claims.name] [option:providers.claims.picture] [option:signIn.claims.email] [option:signIn.claims.name] [option:signIn.claims.picture] are read where the operator says, the provider's names first", async () => {
    type Names = NonNullable<ProviderInput["claims"]>;
    const told = async (own: Names, all: Names) => {
      const config = { signIn: { signUp: true, claims: all } };
      const people = { people: [ann] };
      const world = await closing(createSharedWorld({ provider: people, config, providerConfig: { claims: own } }));
      const { user } = await signsIn(world);
      // What a person is shown is a URL of ours; where it comes from is in the record.
      return { ...user, picture: (await world.store.users.byId(user?.id as UserId))?.picture };
    };
    const { upn, title, photo } = claims;
    const others = { email: "upn", name: "title", picture: "photo" };
    expect(await told({}, {})).toMatchObject({ email: ann.email, name: ann.name, picture: ann.picture });
    expect(await told(others, {})).toMatchObject({ email: upn, name: title, picture: photo });
    expect(await told({}, others)).toMatchObject({ email: upn, name: title, picture: photo });
    expect(await told({ name: "name" }, others)).toMatchObject({ email: upn, name: ann.name, picture: photo });
  });

  test("SI-16 [option:providers.claims.subject] says by which claim a person is known again", async () => {
    for (const [subject, again] of [
      ["sub", "link.email_taken"],
      ["employee", null],
    ] as const) {
      const world = await aWorld({ provider: { people: [ann] }, providerConfig: { claims: { subject } } });
      const first = await signsIn(world, "ann-1");
      world.provider.people.set("ann-2", { ...ann, sub: "ann-2" });
      const second = await signsIn(world, "ann-2");
      expect(second.error).toBe(again);
      if (again === null) expect(second.user?.id).toBe(first.user?.id);
    }
  });
});
