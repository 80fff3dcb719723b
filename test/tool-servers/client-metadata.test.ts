/** TS-8: our client metadata documents, fetched as an authorization server fetches them. */
import { afterEach, describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { createWorld, type World } from "../../src/testing/world.js";

const open: World[] = [];
afterEach(async () => {
  for (const world of open.splice(0)) await world.close();
});
async function aWorld(config: Partial<ConfigInput>) {
  const world = await createWorld({ config: { baseUrl: "https://app.example.com", ...config } });
  open.push(world);
  return world;
}

const toolServers = [
  { id: "files", url: "https://files.example.com/mcp" },
  { id: "off", url: "https://off.example.com/mcp", enabled: false },
  { id: "mail", url: "https://mail.example.com/mcp" },
];

describe("TS-8 client metadata documents", () => {
  test("TS-8 [option:toolServers.id] [option:branding.name] of one server: its client_id is exactly where it lies, and it lists one redirect URI", async () => {
    const world = await aWorld({ toolServers, branding: { name: "Workshop" } });
    const answer = await world.request("/client-metadata/files.json");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(answer.headers.get("cache-control")).toMatch(/^public, max-age=\d+$/);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await answer.json()).toEqual({
      client_id: "https://app.example.com/auth/client-metadata/files.json",
      client_name: "Workshop",
      client_uri: "https://app.example.com",
      redirect_uris: ["https://app.example.com/auth/connections/files/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      application_type: "web",
      token_endpoint_auth_method: "none",
    });
  });

  test("TS-8 of the installation: every connection's redirect URI, and another id", async () => {
    const world = await aWorld({ toolServers });
    const document = (await (await world.request("/client-metadata.json")).json()) as Record<string, unknown>;
    expect(document["client_id"]).toBe("https://app.example.com/auth/client-metadata.json");
    expect(document["redirect_uris"]).toEqual([
      "https://app.example.com/auth/connections/files/callback",
      "https://app.example.com/auth/connections/mail/callback",
    ]);
  });

  test("TS-8 [option:toolServers.enabled] there is none of a server that is switched off or unknown, and none without servers", async () => {
    const world = await aWorld({ toolServers });
    for (const path of ["/client-metadata/off.json", "/client-metadata/other.json", "/client-metadata/files"])
      expect((await world.request(path)).status, path).toBe(404);
    const bare = await aWorld({});
    expect((await bare.request("/client-metadata.json")).status).toBe(404);
  });

  test("TS-8 a document holds nothing secret, whatever the configuration holds", async () => {
    const [files] = toolServers;
    const secretive = {
      ...files,
      id: "files",
      url: "https://files.example.com/mcp",
      clientId: "c",
      clientSecret: "canary-secret",
    };
    const world = await aWorld({
      toolServers: [
        {
          ...secretive,
          initialAccessToken: "canary-token",
          authorizationServer: "https://as.example.com",
          headers: { "x-key": "canary-key" },
        },
      ],
    });
    const text = await (await world.request("/client-metadata/files.json")).text();
    expect(text).not.toMatch(/canary|secret/);
  });
});
