/** The pure decisions of discovery, as tables. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { headers } from "../../../test/tool-servers/www-authenticate-corpus.js";
import { readChallenge } from "./challenge.js";
import { readDocument } from "./document.js";
import { matchResource, type ResourceRules } from "./resource.js";
import { isIssuerIdentifier, readResourceMetadata } from "./resource-metadata.js";
import { authorizationServerPlaces, ownServerPlaces, type Place, resourceMetadataPlaces } from "./well-known.js";

describe("a challenge", () => {
  test.each(headers)("TS-1 %s", (_why, header, expected) => {
    expect(readChallenge(header)).toEqual(expected);
  });

  test("TS-1 several headers are one list", () => {
    const sent = new Headers();
    sent.append("www-authenticate", 'Basic realm="x"');
    sent.append("www-authenticate", 'Bearer scope="a"');
    expect(readChallenge(sent.get("www-authenticate"))?.scopes).toEqual(["a"]);
    expect(readChallenge(new Headers().get("www-authenticate"))).toBeNull();
  });
});

describe("where resource metadata may lie", () => {
  const at = "https://mcp.example/.well-known/oauth-protected-resource";
  test.each<[server: string, challenged: string | null, urls: string[]]>([
    ["https://mcp.example/mcp", null, [`${at}/mcp`, at]],
    ["https://mcp.example/mcp/", null, [`${at}/mcp`, at]],
    ["https://mcp.example/a/b", "https://mcp.example/prm", ["https://mcp.example/prm", `${at}/a/b`, at]],
    ["https://mcp.example/mcp", `${at}/mcp`, [`${at}/mcp`, at]],
    ["https://mcp.example/mcp?tenant=1", null, [`${at}/mcp?tenant=1`, at]],
    ["https://mcp.example/", null, [at]],
    ["https://mcp.example", null, [at]],
    [
      "https://mcp.example:8443/mcp#x",
      null,
      [at.replace("example", "example:8443").concat("/mcp"), at.replace("example", "example:8443")],
    ],
  ])("TS-2 of %s (challenge: %s)", (server, challenged, urls) => {
    expect(resourceMetadataPlaces(server, challenged).map(({ url }) => url)).toEqual(urls);
  });
});

describe("whose resource it is", () => {
  const open: ResourceRules = { pinned: null, allowPrefix: true };
  const server = "https://mcp.example/team/mcp";
  test.each<[resource: string, where: Place["where"], outcome: string]>([
    ["https://mcp.example/team/mcp", "path", "exact"],
    ["HTTPS://MCP.example:443/team/mcp", "path", "exact"],
    ["https://mcp.example", "root", "exact"],
    ["https://mcp.example/", "root", "exact"],
    ["https://mcp.example", "path", "prefix"],
    ["https://mcp.example", "challenge", "prefix"],
    ["https://mcp.example/team", "root", "prefix"],
    ["https://mcp.example/team/", "challenge", "prefix"],
    ["https://mcp.example/team/mcp/", "path", "prefix"],
    ["https://mcp.example/team/mcp/more", "path", "resource_of_another_server"],
    ["https://mcp.example/team/mc", "path", "resource_of_another_server"],
    ["https://mcp.example/tea", "path", "resource_of_another_server"],
    ["https://mcp.example/other", "root", "resource_of_another_server"],
    ["https://mcp.example?x=1", "root", "resource_of_another_server"],
    ["http://mcp.example/team/mcp", "path", "resource_of_another_server"],
    ["https://mcp.example:8443/team/mcp", "path", "resource_of_another_server"],
    ["https://evil.example/team/mcp", "path", "resource_of_another_server"],
    ["https://mcp.example.evil.example/team/mcp", "root", "resource_of_another_server"],
    ["https://mcp.example@evil.example/team/mcp", "path", "resource_of_another_server"],
    ["https://u:p@mcp.example/team/mcp", "path", "resource_of_another_server"],
    ["https://mcp.example/team/mcp#a", "path", "resource_fragment"],
    ["https://mcp.example/team/mcp#", "path", "resource_fragment"],
    ["mcp.example/team/mcp", "path", "resource_not_a_url"],
    ["", "path", "resource_not_a_url"],
  ])("TS-2 AT-39 %s found at the %s: %s", (resource, where, outcome) => {
    const match = matchResource(resource, server, where, open);
    expect(match.ok ? match.value : match.error).toBe(outcome);
  });

  test("TS-2 the operator may forbid a prefix, and pin the identifier to the byte", () => {
    const strict = { ...open, allowPrefix: false };
    expect(matchResource("https://mcp.example", server, "path", strict)).toMatchObject({
      error: "resource_prefix_forbidden",
    });
    expect(matchResource(server, server, "path", strict)).toMatchObject({ ok: true });
    const pinned = { ...open, pinned: "https://mcp.example" };
    expect(matchResource("https://mcp.example", server, "path", pinned)).toMatchObject({ value: "exact" });
    expect(matchResource("https://mcp.example/", server, "path", pinned)).toMatchObject({ ok: false });
    expect(matchResource(server, server, "path", pinned)).toMatchObject({ error: "resource_not_the_pinned_one" });
    // A pin narrows what is taken: tokens for somebody else's resource are asked for in no case.
    const foreign = { ...open, pinned: "https://evil.example" };
    expect(matchResource("https://evil.example", server, "path", foreign)).toMatchObject({
      error: "resource_of_another_server",
    });
  });

  test("TS-2 AT-39 whatever is taken without a pin is of the server's own origin", () => {
    const hosts = fc.constantFrom(
      "mcp.example",
      "evil.example",
      "mcp.example.evil",
      "mcp.example:8443",
      "mcp.example@evil.example",
    );
    const url = fc
      .tuple(
        fc.constantFrom("https", "http"),
        hosts,
        fc.constantFrom("", "/", "/team", "/team/mcp", "/team/mcp2", "//evil.example", "/..;/x"),
      )
      .map(([scheme, host, path]) => `${scheme}://${host}${path}`);
    fc.assert(
      fc.property(url, fc.constantFrom<Place["where"]>("challenge", "path", "root"), (resource, where) => {
        if (matchResource(resource, server, where, open).ok)
          expect(new URL(resource).origin).toBe("https://mcp.example");
      }),
    );
  });
});

describe("where authorization server metadata may lie", () => {
  test.each<[issuer: string, urls: string[]]>([
    [
      "https://as.example",
      [
        "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration",
      ],
    ],
    [
      "https://as.example/",
      [
        "https://as.example/.well-known/oauth-authorization-server",
        "https://as.example/.well-known/openid-configuration",
      ],
    ],
    [
      "https://as.example/tenant/1/",
      [
        "https://as.example/.well-known/oauth-authorization-server/tenant/1",
        "https://as.example/.well-known/openid-configuration/tenant/1",
        "https://as.example/tenant/1/.well-known/openid-configuration",
      ],
    ],
  ])("TS-4 of %s", (issuer, urls) => {
    expect(authorizationServerPlaces(issuer)).toEqual(urls);
  });

  test("TS-2 a server that may be its own is asked at its path first, then at its origin", () => {
    const { urls, issuers } = ownServerPlaces("https://mcp.example/mcp");
    expect(urls.map((url) => url.replace("https://mcp.example", ""))).toEqual([
      "/.well-known/oauth-authorization-server/mcp",
      "/.well-known/openid-configuration/mcp",
      "/mcp/.well-known/openid-configuration",
      "/.well-known/oauth-authorization-server",
      "/.well-known/openid-configuration",
    ]);
    expect(issuers).toEqual(["https://mcp.example", "https://mcp.example/", "https://mcp.example/mcp"]);
  });
});

describe("a document", () => {
  const body = (text: string) => new TextEncoder().encode(text);
  test.each<[status: number, text: string, kind: string]>([
    [200, '{"a":1}', "document"],
    [200, "[]", "unusable"],
    [200, '{"a":', "unusable"],
    [204, "", "unusable"],
    [304, "", "unusable"],
    [201, '{"resource":"x"}', "unusable"],
    [302, '{"resource":"x"}', "unusable"],
    [404, "{}", "not_here"],
    [401, "", "not_here"],
    [410, "", "not_here"],
    [408, "", "unavailable"],
    [425, "", "unavailable"],
    [429, "", "unavailable"],
    [500, '{"resource":"x"}', "unavailable"],
    [503, "", "unavailable"],
  ])("TS-2 %i with %s: %s", (status, text, kind) => {
    expect(readDocument({ status, body: body(text) }).kind).toBe(kind);
  });

  test.each<[members: object, expected: string | readonly string[]]>([
    [{ resource: "r", authorization_servers: ["https://a.example/x/"] }, ["https://a.example/x/"]],
    [{ resource: "r" }, []],
    [{ resource: "r", authorization_servers: [] }, []],
    [{ resource: "r", authorization_servers: "https://a.example" }, []],
    [
      { resource: "r", authorization_servers: ["https://a.example", "https://a.example", 7, null] },
      ["https://a.example"],
    ],
    [
      { resource: "r", authorization_servers: ["javascript:alert(1)", "https://a.example?x", "https://a.example"] },
      ["https://a.example"],
    ],
    [{ resource: "r", authorization_servers: ["file:///etc/passwd"] }, "authorization_servers_unusable"],
    [{ authorization_servers: ["https://a.example"] }, "resource_missing"],
    [{ resource: ["r"] }, "resource_missing"],
  ])("TS-2 resource metadata %j", (members, expected) => {
    const read = readResourceMetadata(JSON.parse(JSON.stringify(members)), "https://mcp.example/prm");
    expect(read.ok ? read.value.authorizationServers : read.error).toEqual(expected);
  });

  test("TS-2 no document makes the reader throw", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("resource", "authorization_servers", "scopes_supported", "__proto__"),
          fc.jsonValue(),
        ),
        (document) => {
          const read = readResourceMetadata(document as never, "https://mcp.example");
          if (read.ok) expect(read.value.authorizationServers.every(isIssuerIdentifier)).toBe(true);
        },
      ),
    );
  });
});
