/** The preset `microsoft`: which tenant somebody is from is said four times, and every pair of them must agree. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { silentLog } from "../../src/kernel/log.js";
import { createBrowser } from "../../src/testing/browser.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import type { World } from "../../src/testing/world.js";
import { errorOf, signsIn, started } from "../options/setting.js";
import { ada, anEntra, contoso, fabrikam, issuerOf, personal } from "./microsoft-entra.js";

const identitiesOf = async (world: World, signedIn: Awaited<ReturnType<typeof signsIn>>) =>
  JSON.parse((await signedIn.browser.get(world.url("/api/identities"))).text).items;

describe("one tenant", () => {
  test("SI-1 SI-2 [option:providers.tenant] [option:providers.loginBaseUrl] by its id: its people sign in", async () => {
    const { world, provider } = await anEntra(contoso);
    const signedIn = await signsIn(world, ada.sub, "entra");
    expect(signedIn).toMatchObject({ error: null, user: { email: "ada@contoso.com", name: "Ada Contoso" } });
    expect(await identitiesOf(world, signedIn)).toMatchObject([
      { issuer: issuerOf(provider, contoso), emailVerified: false },
    ]);
    expect(provider.requestsTo("metadata")[0]?.path).toBe(`/${contoso}/v2.0/.well-known/openid-configuration`);
    expect(provider.requestsTo("userinfo")).toEqual([]);
  });

  test("SI-2 personal accounts are one tenant too", async () => {
    const { world, provider } = await anEntra(
      "consumers",
      {},
      { tenant: personal, keyIssuer: `{login}/${personal}/v2.0` },
    );
    const signedIn = await signsIn(world, ada.sub, "entra");
    expect(await identitiesOf(world, signedIn)).toMatchObject([{ issuer: issuerOf(provider, personal) }]);
  });

  test("SI-2 people of another tenant are refused", async () => {
    const { world, entra } = await anEntra(contoso, {}, { discovered: contoso });
    entra.tenant = fabrikam;
    expect(await signsIn(world, ada.sub, "entra")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test("SI-2 a tid that contradicts the issuer is refused", async () => {
    const { world } = await anEntra(contoso, {}, { claims: { tid: fabrikam } });
    expect(await signsIn(world, ada.sub, "entra")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });
});

describe("a tenant under a name", () => {
  test("SI-2 is resolved to its id's issuer, and its sessions live", async () => {
    const { world, provider } = await anEntra("contoso.com");
    const signedIn = await signsIn(world, ada.sub, "entra");
    expect(signedIn).toMatchObject({ error: null, status: 200 });
    expect(await identitiesOf(world, signedIn)).toMatchObject([{ issuer: issuerOf(provider, contoso) }]);
  });

  test("AT-10 SI-2 a name that moved to another tenant lets nobody in, also after a restart and on another node", async () => {
    const folder = await mkdtemp(join(tmpdir(), "latchkey-tenant-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { world, entra } = await anEntra("contoso.com");
    const config: ConfigInput = { ...world.config, database: `sqlite:${join(folder, "latchkey.db")}` };
    const ports = { log: silentLog };
    const nodes = [await createLatchkey({ ...config, ports }), await createLatchkey({ ...config, ports })] as const;
    const browserOf = (node: (typeof nodes)[number]) => {
      const { origin } = new URL(world.baseUrl);
      return createBrowser((request) =>
        new URL(request.url).origin === origin ? node.fetch(request) : world.fetch(request),
      );
    };
    const start = world.url("/providers/entra/start");
    const first = browserOf(nodes[0]);
    expect(errorOf(await first.get(start))).toBeNull();
    // The session was made on the first node; the second has never spoken to the provider.
    const cookie = first.cookies.header(world.url("/session")) ?? "";
    const seen = await nodes[1].fetch(new Request(world.url("/session"), { headers: { cookie } }));
    expect(seen.status).toBe(200);

    entra.tenant = fabrikam;
    // The metadata is still the old one, and the tokens are another tenant's.
    expect(errorOf(await browserOf(nodes[1]).get(start))).toBe("signin.id_token_invalid");
    await nodes[0].close();
    await nodes[1].close();
    // The same document from an address that no copy is kept of: what the name says now.
    const [record] = world.config.providers;
    const discoveryUrl = `${record?.loginBaseUrl}/contoso.com/v2.0/.well-known/openid-configuration?now`;
    const providers = record ? [{ ...record, discoveryUrl }] : [];
    const restarted = await createLatchkey({ ...config, providers, ports });
    expect(errorOf(await browserOf(restarted).get(start))).toBe("signin.provider_misconfigured");
    const again = await restarted.fetch(new Request(world.url("/session"), { headers: { cookie } }));
    expect(again.status).toBe(200);
    await restarted.close();
  });
});

test("VA-14 SI-2 a node that was not told yet which issuer a tenant's name stands for revokes what is given up there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-tenant-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const { world, provider } = await anEntra("contoso.com", {
    scopes: ["openid", "email", "profile", "offline_access"],
  });
  const entra = provider.tweaks.metadata;
  provider.tweaks.metadata = (honest) => ({
    ...entra?.(honest),
    revocation_endpoint: honest["revocation_endpoint"],
  });
  const config: ConfigInput = { ...world.config, database: `sqlite:${join(folder, "latchkey.db")}` };
  const ports = { log: silentLog };
  const [first, second] = [await createLatchkey({ ...config, ports }), await createLatchkey({ ...config, ports })];
  onTestFinished(async () => void (await Promise.all([first.close(), second.close()])));
  const { origin } = new URL(world.baseUrl);
  const browser = createBrowser((request) =>
    new URL(request.url).origin === origin ? first.fetch(request) : world.fetch(request),
  );
  await browser.get(world.url("/providers/entra/start"));
  const cookie = browser.cookies.header(world.url("/session")) ?? "";
  const session = await first.fetch(new Request(world.url("/session"), { headers: { cookie } }));
  const { user } = (await session.json()) as { user: { id: string } };
  // Ada gives it up at the second node, which has never spoken to the provider.
  await second.vault.disconnect({ user: user.id, connection: "provider:entra" });
  await expect.poll(() => provider.requestsTo("revocation").length).toBe(2);
});

test("AT-28 SI-9 SI-2 a flow that began at another issuer sends no code to the tenant that its provider's id stands for now", async () => {
  const { world, provider } = await anEntra("contoso.com");
  const elsewhere = await startFakeProvider({ clients: [provider.client] });
  onTestFinished(() => elsewhere.stop());
  const [record] = world.config.providers;
  const { clientId = "", clientSecret = null } = record ?? {};
  const before: ConfigInput["providers"][number] = { id: "entra", issuer: elsewhere.issuer, clientId, clientSecret };
  const ports = { log: silentLog };
  const node = await createLatchkey({ ...world.config, providers: [before], ports });
  onTestFinished(() => node.close());
  // A flow of the node with the old configuration, finished on one with the new: which issuer a tenant's name stands for
  // it has not been told yet, so the issuer of the flow is compared once it is.
  const began = await node.fetch(new Request(world.url("/providers/entra/start")));
  const state = new URL(began.headers.get("location") ?? "").searchParams.get("state") ?? "";
  const cookie = began.headers
    .getSetCookie()
    .map((value) => value.split(";", 1)[0])
    .join("; ");
  const callback = new URL(world.url("/providers/entra/callback"));
  callback.search = new URLSearchParams({ state, code: "a-code", iss: elsewhere.issuer }).toString();
  const answer = await world.fetch(new Request(callback, { headers: { cookie, accept: "application/json" } }));
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, "signin.state_unknown"]);
  expect(provider.requestsTo("metadata")).toHaveLength(1);
  expect(provider.requestsTo("token")).toEqual([]);
});

describe("many tenants", () => {
  const many = { allowedTenants: [contoso, fabrikam.toUpperCase()] };

  test("SI-2 [option:providers.allowedTenants] each allowed tenant signs in under its own issuer", async () => {
    const { world, entra, provider } = await anEntra("organizations", many);
    const first = await signsIn(world, ada.sub, "entra");
    expect(await identitiesOf(world, first)).toMatchObject([{ issuer: issuerOf(provider, contoso) }]);
    entra.tenant = fabrikam;
    entra.claims = { email: "other@fabrikam.com" };
    const second = await signsIn(world, ada.sub, "entra");
    // The same `sub` in another tenant is another person.
    expect(await identitiesOf(world, second)).toMatchObject([{ issuer: issuerOf(provider, fabrikam) }]);
    expect(second.user?.id).not.toBe(first.user?.id);
  });

  test.each<[what: string, how: Parameters<typeof anEntra>[2]]>([
    ["a tenant that nobody allowed", { tenant: personal }],
    ["an iss of an allowed tenant with the tid of another", { claims: { tid: fabrikam } }],
    ["a tid of an allowed tenant with the iss of a foreign one", { tenant: personal, claims: { tid: contoso } }],
    ["no tid", { claims: { tid: undefined } }],
    ["a tid that is no text", { claims: { tid: [contoso] } }],
    ["the template itself", { claims: { tid: "{tenantid}" }, tenant: "{tenantid}" }],
    ["a key that signs for personal accounts alone", { keyIssuer: `{login}/${personal}/v2.0` }],
    ["a key whose issuer is another host's", { keyIssuer: "https://evil.example/{tenantid}/v2.0" }],
  ])("SI-2 SI-10 refuses %s", async (_what, how) => {
    const { world } = await anEntra("common", many, how);
    expect(await signsIn(world, ada.sub, "entra")).toMatchObject({ error: "signin.id_token_invalid", status: 401 });
  });

  test.each<[what: string, iss: (origin: string) => string]>([
    ["a tenant that nobody allowed", (origin) => `${origin}/${personal}/v2.0`],
    ["the template itself", (origin) => `${origin}/{tenantid}/v2.0`],
    ["another host", () => `https://evil.example/${contoso}/v2.0`],
  ])("SI-9 refuses a callback whose iss is of %s, before the code leaves", async (_what, iss) => {
    const { world, entra, provider } = await anEntra("common", many);
    entra.responseIss = iss(new URL(provider.issuer).origin);
    expect(await signsIn(world, ada.sub, "entra")).toMatchObject({ error: "signin.issuer_rejected" });
    expect(provider.requestsTo("token")).toEqual([]);
  });

  test("SI-9 the callback's iss must be the ID token's", async () => {
    const { world, entra, provider } = await anEntra("common", many);
    entra.responseIss = issuerOf(provider, fabrikam);
    expect(await signsIn(world, ada.sub, "entra")).toMatchObject({ error: "signin.id_token_invalid" });
    entra.responseIss = issuerOf(provider, contoso);
    expect(await signsIn(world, ada.sub, "entra")).toMatchObject({ error: null, status: 200 });
  });

  test("SI-2 refuses a discovery document that names one tenant where many were asked for", async () => {
    const { world } = await anEntra("common", many, { discovered: contoso });
    expect(errorOf(await started(world, "entra"))).toBe("signin.provider_misconfigured");
  });
});

describe("the address of somebody at Entra", () => {
  const admins: Partial<ConfigInput> = {
    signIn: { signUp: true, linking: "verified-email", bootstrapAdmins: ["victim@contoso.com"] },
  };

  /** The victim's address, as the administrator of any tenant can write it onto an account of theirs. */
  const attack = async (claims: Record<string, unknown>, more: Parameters<typeof anEntra>[1] = {}) => {
    const { world } = await anEntra(
      more.tenant ?? "organizations",
      { allowedTenants: more.tenant ? [] : [contoso], ...more },
      { claims: { email: "victim@contoso.com", ...claims } },
    );
    const signedIn = await signsIn(world, ada.sub, "entra");
    return (await identitiesOf(world, signedIn))[0];
  };

  test.each<[what: string, claims: Record<string, unknown>]>([
    ["email alone", {}],
    ["email_verified: true", { email_verified: true }],
    ["email_verified as text", { email_verified: "true" }],
    ["xms_edov: false", { email_verified: true, xms_edov: false }],
    ["xms_edov: 0", { xms_edov: "0" }],
    ["a list with true in it", { xms_edov: [true] }],
  ])("AT-6 SI-18 proves nothing by %s", async (_what, claims) => {
    expect(await attack(claims)).toMatchObject({ email: "victim@contoso.com", emailVerified: false });
  });

  test.each([[true], ["1"], [1]])("SI-18 is verified where xms_edov is %j", async (xms_edov) => {
    expect(await attack({ xms_edov })).toMatchObject({ emailVerified: true });
  });

  test("SI-18 is verified where the operator vouches for their own tenant", async () => {
    expect(await attack({}, { tenant: contoso, emailVerified: "always" })).toMatchObject({ emailVerified: true });
  });

  test("AT-6 the attacker neither becomes the admin who was announced nor joins the victim's account", async () => {
    const { world, entra } = await anEntra("organizations", { allowedTenants: [contoso, fabrikam] });
    const config: ConfigInput = { ...world.config, ...admins };
    const latchkey = await createLatchkey({ ...config, ports: { log: silentLog } });
    const { origin } = new URL(world.baseUrl);
    const visit = async () => {
      const browser = createBrowser((request) =>
        new URL(request.url).origin === origin ? latchkey.fetch(request) : world.fetch(request),
      );
      const page = await browser.get(world.url("/providers/entra/start"));
      const session = JSON.parse((await browser.get(world.url("/session"))).text);
      return { error: errorOf(page), user: session.user };
    };
    const victim = { email: "victim@contoso.com", email_verified: true };
    entra.tenant = fabrikam;
    entra.claims = victim;
    expect(await visit()).toEqual({ error: "account.sign_up_closed", user: undefined });

    entra.tenant = contoso;
    entra.claims = { ...victim, sub: "the victim", xms_edov: true };
    expect(await visit()).toMatchObject({ error: null, user: { role: "admin", email: victim.email } });

    entra.tenant = fabrikam;
    entra.claims = victim;
    expect(await visit()).toEqual({ error: "link.email_taken", user: undefined });
    await latchkey.close();
  });
});
