/** AT-28: an attacker's provider among honest ones tries to get a code, a token or a person meant for another. */
import { afterEach, describe, expect, test } from "vitest";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { createWorld, type World } from "../../src/testing/world.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** `honest` is the world's provider `fake`; `evil` is configured beside it and plays foul. */
async function twoProviders(): Promise<{ world: World; honest: FakeProvider; evil: FakeProvider }> {
  const [honest, evil] = [await startFakeProvider(), await startFakeProvider()];
  closing.push(
    () => honest.stop(),
    () => evil.stop(),
  );
  const entry = (id: string, provider: FakeProvider) => ({
    id,
    displayName: id,
    issuer: provider.issuer,
    clientId: provider.client.clientId,
    clientSecret: provider.client.clientSecret ?? null,
  });
  const world = await createWorld({ config: { providers: [entry("honest", honest), entry("evil", evil)] } });
  closing.push(() => world.close());
  return { world, honest, evil };
}

const code = (url: string) => new URL(url).searchParams.get("code");

describe("AT-28 a provider that sends people to another's authorization endpoint", () => {
  test("SI-9 RFC 9207: the honest provider's iss gives it away before the code leaves", async () => {
    const { world, honest, evil } = await twoProviders();
    evil.tweaks.metadata = (metadata) => ({ ...metadata, authorization_endpoint: `${honest.issuer}/authorize` });
    const browser = world.browser();
    const callback = await world.approve(browser, "ann-1", { provider: "evil" });
    // The attack stands: the honest provider made a code, and it came to evil's callback with evil's state.
    expect(code(callback)).toMatch(/^code-/);
    expect(new URL(callback).pathname).toContain("/providers/evil/callback");
    const page = await browser.get(callback, { from: honest.issuer });
    expect(page.url).toContain("error=signin.issuer_rejected");
    expect(evil.requestsTo("token")).toEqual([]);
    expect((await world.session(browser)).status).toBe(401);
  });

  test("SI-9 a provider that promised an iss and whose answer has none is refused too", async () => {
    const { world, honest, evil } = await twoProviders();
    evil.tweaks.metadata = (metadata) => ({ ...metadata, authorization_endpoint: `${honest.issuer}/authorize` });
    honest.tweaks.authorizationResponse = ({ iss: _iss, ...rest }) => rest;
    const browser = world.browser();
    const page = await browser.get(await world.approve(browser, "ann-1", { provider: "evil" }), {
      from: honest.issuer,
    });
    expect(page.url).toContain("error=signin.issuer_rejected");
    expect(evil.requestsTo("token")).toEqual([]);
  });

  test("without any iss, an honest provider that knows its redirect URIs sends nobody to evil's callback", async () => {
    const { world, honest, evil } = await twoProviders();
    const { clientId, clientSecret } = honest.client;
    honest.clients.set(clientId, {
      clientId,
      ...(clientSecret ? { clientSecret } : {}),
      redirectUris: [world.url("/providers/honest/callback")],
    });
    evil.tweaks.metadata = (metadata) => ({
      ...metadata,
      authorization_endpoint: `${honest.issuer}/authorize`,
      authorization_response_iss_parameter_supported: false,
    });
    await expect(world.approve(world.browser(), "ann-1", { provider: "evil" })).rejects.toThrow("foreign redirect URI");
  });

  test("AT-18 the honest code carried to the honest callback with evil's state is refused there", async () => {
    const { world, honest, evil } = await twoProviders();
    evil.tweaks.metadata = (metadata) => ({ ...metadata, authorization_endpoint: `${honest.issuer}/authorize` });
    const browser = world.browser();
    const callback = (await world.approve(browser, "ann-1", { provider: "evil" })).replace("/evil/", "/honest/");
    const page = await browser.get(callback, { from: honest.issuer });
    expect(page.url).toContain("error=signin.state_unknown");
    expect([...honest.requestsTo("token"), ...evil.requestsTo("token")]).toEqual([]);
  });
});

describe("AT-28 a provider that borrows another's endpoints or tokens", () => {
  test("SI-2 metadata that names another issuer is refused", async () => {
    const { world, honest, evil } = await twoProviders();
    evil.tweaks.metadata = (metadata) => ({ ...metadata, issuer: honest.issuer });
    const page = await world.signIn(world.browser(), "ann-1", { provider: "evil" });
    expect(page.url).toContain("error=signin.provider_misconfigured");
    expect(evil.requestsTo("authorize")).toEqual([]);
  });

  test("SI-10 an ID token of the honest provider, answered by evil's token endpoint, makes nobody the honest person", async () => {
    const { world, honest, evil } = await twoProviders();
    const nonceOf = () => new URLSearchParams(evil.requestsTo("authorize").at(-1)?.query).get("nonce");
    evil.tweaks.idToken = () => {
      const now = Math.floor(world.clock.now() / 1_000);
      return honest.sign({
        iss: honest.issuer,
        sub: "ann-1",
        aud: "latchkey",
        exp: now + 300,
        iat: now,
        nonce: nonceOf(),
      });
    };
    const browser = world.browser();
    const page = await world.signIn(browser, "ben-2", { provider: "evil" });
    expect(page.url).toContain("error=signin.id_token_invalid");
    expect((await world.session(browser)).status).toBe(401);
  });

  test("AC-1 AT-9 the same subject at two providers is two people, whatever evil's e-mail claims say", async () => {
    const { world, evil } = await twoProviders();
    const ann = world.browser();
    await world.signIn(ann, "ann-1", { provider: "honest" });
    evil.people.set("ann-1", { sub: "ann-1", email: "ann@example.com", emailVerified: true, name: "Not Ann" });
    const attacker = world.browser();
    const page = await world.signIn(attacker, "ann-1", { provider: "evil" });
    expect(page.url).toContain("error=link.email_taken");
    expect((await world.session(attacker)).status).toBe(401);
    evil.people.set("ann-1", { sub: "ann-1", email: "other@example.com", emailVerified: true, name: "Not Ann" });
    await world.signIn(attacker, "ann-1", { provider: "evil" });
    const [first, second] = [await world.session(ann), await world.session(attacker)];
    expect(first.body.user?.email).toBe("ann@example.com");
    expect(second.body.user?.id).not.toBe(first.body.user?.id);
  });
});
