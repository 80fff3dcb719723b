/** What `egress` and a provider's `timeout` change. What the door refuses in all its forms is in test/egress and test/attacks. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { seconds } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import type { World } from "../../src/testing/world.js";
import { authority, certificate, key } from "../egress/certificates.js";
import { aServer, scriptedLookup } from "../egress/loopback.js";
import { aWorld, closing, errorOf, started } from "./setting.js";

type EgressInput = NonNullable<ConfigInput["egress"]>;

describe("where requests may go", () => {
  test.each([
    ["EG-1 [option:egress.allow] lets a provider have a private address", { allow: [] }, "egress.address_refused"],
    ["EG-1 [option:egress.allowHttp] lets a provider be plain http", { allowHttp: [] }, "egress.url_refused"],
  ])("%s", async (_what, egress: EgressInput, reason) => {
    const open = await aWorld();
    expect(errorOf(await started(open))).toBeNull();
    const shut = await aWorld({ config: { egress } });
    expect(errorOf(await started(shut))).toMatch(/^signin\.provider_/);
    expect(shut.log.text()).toContain(reason);
    expect(shut.provider.requests).toEqual([]);
  });
});

describe("how much and how long", () => {
  test("EG-3 [option:egress.maxBytes] is the most that an answer may have", async () => {
    for (const [maxBytes, error] of [
      ["1MB", null],
      ["8KB", expect.stringMatching(/^signin\.provider_/)],
    ] as const) {
      const world = await aWorld({ config: { egress: { maxBytes } } });
      world.provider.tweaks.metadata = (metadata) => ({ ...metadata, padding: "x".repeat(50_000) });
      expect(errorOf(await started(world))).toEqual(error);
      expect(world.log.text().includes("egress.too_large")).toBe(error !== null);
    }
  });

  test.each<[what: string, egress: EgressInput, own: string | null]>([
    ["EG-3 [option:egress.timeout] is how long a provider may take", { timeout: "4s" }, null],
    ["EG-3 [option:providers.timeout] goes before it", { timeout: "60s" }, "4s"],
    ["EG-3 [option:providers.timeout] also where it is longer", { timeout: "1s" }, "4s"],
  ])("%s", async (_what, egress, own) => {
    const clock = createManualClock();
    const world = await aWorld({ clock, config: { egress }, providerConfig: { timeout: own } });
    world.provider.script({ metadata: { raw: () => {} } });
    let answer: URL | undefined;
    const starting = started(world).then((url) => {
      answer = url;
    });
    await expect.poll(() => world.provider.requests.length).toBe(1);
    await clock.advance(seconds(3));
    expect(answer).toBeUndefined();
    await clock.advance(seconds(2));
    await starting;
    expect(answer && errorOf(answer)).toBe("signin.provider_unavailable");
    expect(world.log.text()).toContain("egress.timeout");
  });
});

describe("by which way", () => {
  /** Metadata of an issuer that is not this server by name; browsers are sent to https in any case. */
  const metadataOf =
    (issuer: string): RequestListener =>
    (_request, response) => {
      const secure = issuer.replace("http:", "https:");
      const metadata = {
        issuer,
        authorization_endpoint: `${secure}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
      };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(metadata));
    };
  const at = (issuer: string, egress: EgressInput, lookup = scriptedLookup({})): Promise<World> =>
    aWorld({ config: { egress, providers: [{ id: "fake", issuer, clientId: "x" }] }, ports: { lookup } });

  test("EG-1 [option:egress.proxy] [option:egress.noProxy] requests go through the proxy, but for the hosts that are left out", async () => {
    // One server is both: a proxy is asked for whole URLs, an origin for paths.
    const server = await aServer((request, response) => metadataOf(`http://idp.test:${port}`)(request, response));
    const { port } = server;
    const issuer = `http://idp.test:${port}`;
    const document = "/.well-known/openid-configuration";
    const proxy = `http://127.0.0.1:${port}`;
    const ways: [EgressInput, string][] = [
      [{}, document],
      [{ proxy }, issuer + document],
      [{ proxy, noProxy: ["idp.test"] }, document],
    ];
    for (const [egress, asked] of ways) {
      const lookup = scriptedLookup({ "idp.test": ["127.0.0.1"] });
      const world = await at(issuer, { allow: ["127.0.0.0/8"], allowHttp: ["idp.test"], ...egress }, lookup);
      expect((await started(world)).pathname).toBe("/authorize");
      expect(server.requests.at(-1)?.url).toBe(asked);
    }
    expect(server.requests).toHaveLength(ways.length);
  });

  test("EG-1 [option:egress.ca] adds an authority whose certificates are believed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "latchkey-ca-"));
    await closing(Promise.resolve({ close: () => rm(folder, { recursive: true, force: true }) }));
    const ca = join(folder, "authority.pem");
    await writeFile(ca, authority);
    const server = await aServer((request, response) => metadataOf(issuer)(request, response), {
      tls: { key, cert: certificate },
    });
    const issuer = `https://idp.test:${server.port}`;
    const lookup = scriptedLookup({ "idp.test": ["127.0.0.1"] });
    const unknown = await at(issuer, {}, lookup);
    expect(errorOf(await started(unknown))).toBe("signin.provider_unavailable");
    expect(server.requests).toHaveLength(0);
    const known = await at(issuer, { ca }, lookup);
    expect((await started(known)).href).toContain(`${issuer}/authorize?`);
  });
});
