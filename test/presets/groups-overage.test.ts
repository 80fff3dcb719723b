/** Entra's groups that did not fit into the token, from a Graph on loopback, through the real egress. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import { type Clock, seconds, systemClock } from "../../src/kernel/time.js";
import { resolveGroupsOverage } from "../../src/oauth/groups-overage.js";
import { microsoftGroupsOverage } from "../../src/providers/groups-overage.js";
import type { Provider } from "../../src/providers/provider.js";
import { createProviderRegistry } from "../../src/providers/registry.js";
import { createCapturedLog } from "../../src/testing/captured-log.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { closing, type ProviderInput } from "../options/setting.js";
import { loopbackEgress } from "../support/oauth-setting.js";
import { accessToken, aGroup, groupId, overage, startGraph } from "./graph.js";

function entra(more: Partial<ProviderInput> = {}): Provider {
  const record = { id: "entra", preset: "microsoft", clientId: "c", tenant: "common", ...more } as const;
  const resolved = resolveConfig({
    baseUrl: "https://app.test",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    providers: [{ allowedTenants: ["8eaef023-2b34-4da1-9baa-8bc8c9d6a490"], ...record }],
  });
  const provider = resolved.ok ? createProviderRegistry(resolved.value).byId("entra") : undefined;
  if (!provider) throw new Error("no provider");
  return provider;
}

/** The preset, with the public Graph where the test's is. */
async function aGraph(clock: Clock = systemClock) {
  const graph = await closing(startGraph());
  const log = createCapturedLog();
  const egress = await closing(Promise.resolve(loopbackEgress()));
  const provider = entra();
  const groupsOverage = {
    ...microsoftGroupsOverage,
    url: (origin: string) => microsoftGroupsOverage.url(origin)?.replace("https://graph.microsoft.com", graph.origin),
  };
  const resolve = (claims = overage as object, token = accessToken) =>
    resolveGroupsOverage(
      { egress, clock, log },
      {
        provider: { ...provider, quirks: { ...provider.quirks, groupsOverage } },
        claims: claims as never,
        accessToken: token,
      },
    );
  return { graph, log, resolve };
}

describe("groups that did not fit into the token", () => {
  test("SI-17 all pages are one list", async () => {
    const { graph, resolve } = await aGraph();
    graph.says.pages = [[aGroup(1), aGroup(2)], [aGroup(3), aGroup(2)], [aGroup(4)]];
    expect(await resolve()).toEqual([1, 2, 3, 4].map(groupId));
    expect(graph.requests.map(({ url }) => [url.pathname, url.searchParams.get("$skiptoken")])).toEqual([
      ["/v1.0/me/transitiveMemberOf", null],
      ["/v1.0/me/transitiveMemberOf", "1"],
      ["/v1.0/me/transitiveMemberOf", "2"],
    ]);
  });

  test("SI-17 an empty list is a list, and not unknown", async () => {
    const { graph, resolve } = await aGraph();
    graph.says.pages = [[]];
    expect(await resolve()).toEqual([]);
  });

  test("SI-17 directory roles and administrative units are no groups", async () => {
    const { graph, resolve } = await aGraph();
    const kinds = ["directoryRole", "administrativeUnit"];
    const others = kinds.map((kind) => ({ "@odata.type": `#microsoft.graph.${kind}`, id: "x" }));
    graph.says.pages = [[...others, aGroup(1)]];
    expect(await resolve()).toEqual([groupId(1)]);
  });

  test.each<[what: string, claims: object]>([
    ["_claim_names", overage],
    ["hasgroups", { hasgroups: true }],
    ["hasgroups as text", { hasgroups: "true" }],
  ])("SI-17 are asked for where the token says %s", async (_what, claims) => {
    expect(await (await aGraph()).resolve(claims)).toEqual([groupId(1)]);
  });

  test.each<[what: string, claims: object]>([
    ["has its groups", { groups: [groupId(1)] }],
    ["says nothing of groups", {}],
    ["points to other claims", { _claim_names: { address: "src1" } }],
    ["says hasgroups: false", { hasgroups: false }],
    ["has a list for _claim_names", { _claim_names: ["groups"] }],
  ])("SI-17 are not asked for where the token %s", async (_what, claims) => {
    const { graph, resolve } = await aGraph();
    expect(await resolve(claims)).toBeUndefined();
    expect(graph.requests).toEqual([]);
  });

  test("SI-17 no other preset asks anybody", async () => {
    const ports = { egress: loopbackEgress(), clock: systemClock, log: createCapturedLog() };
    await closing(Promise.resolve(ports.egress));
    const provider = entra({ preset: "google", tenant: null, allowedTenants: [] });
    expect(await resolveGroupsOverage(ports, { provider, claims: overage, accessToken })).toBeUndefined();
  });
});

describe("what makes them unknown", () => {
  const unknown = async (change: (graph: Awaited<ReturnType<typeof startGraph>>) => void, reason: string) => {
    const { graph, log, resolve } = await aGraph();
    graph.says.pages = [[aGroup(1)], [aGroup(2)]];
    change(graph);
    expect(await resolve()).toBe("unknown");
    expect(log.lines.map(({ fields }) => fields["reason"])).toEqual([reason]);
    expect(log.text()).not.toContain(accessToken);
    return graph;
  };

  test.each<[what: string, status: number]>([
    ["the token may not ask", 403],
    ["Graph is out of order", 503],
    ["somebody asks too much", 429],
    ["it is not there", 404],
  ])("SI-17 that %s", async (_what, status) => {
    await unknown(({ says }) => {
      says.status = status;
    }, `status_${status}`);
  });

  test("SI-17 that the token is not Graph's", async () => {
    const { resolve } = await aGraph();
    expect(await resolve(overage, "another token")).toBe("unknown");
  });

  test.each<[what: string, body: string, reason: string]>([
    ["it is no JSON", "<html>", "not_json"],
    ["it is a list", "[]", "not_a_page"],
    ["it has no value", "{}", "not_a_page"],
    ["an entry has no id", '{"value":[{"@odata.type":"#microsoft.graph.group"}]}', "not_a_page"],
    ["an id is a number", '{"value":[{"@odata.type":"#microsoft.graph.group","id":7}]}', "not_a_page"],
    ["an entry says not what it is", '{"value":[{"id":"x"}]}', "not_a_page"],
    ["the next link is no text", '{"value":[],"@odata.nextLink":{}}', "not_a_page"],
    ["a page has 600 KB", JSON.stringify({ value: [], padding: "x".repeat(600_000) }), "egress.too_large"],
  ])("SI-17 that %s", async (_what, body, reason) => {
    await unknown(({ says }) => {
      says.body = body;
    }, reason);
  });

  test("SI-17 that it is a page for people", async () => {
    await unknown(({ says }) => {
      says.contentType = "text/html";
    }, "egress.content_type");
  });

  test.each<[what: string, link: (origin: string) => string]>([
    ["another host", () => "http://127.0.0.2/v1.0/me/transitiveMemberOf"],
    ["another port", () => "http://127.0.0.1:9/v1.0/me/transitiveMemberOf"],
    ["another scheme", (origin) => origin.replace("http:", "https:")],
    ["somebody before an @", (origin) => `${origin.replace("http://", "http://user@")}/v1.0/me`],
    ["a path alone", () => "/v1.0/me/transitiveMemberOf"],
  ])("SI-17 that the next link leads to %s: the token stays here", async (_what, link) => {
    const graph = await unknown(({ says, origin }) => {
      says.link = () => link(origin);
    }, "foreign_link");
    expect(graph.requests).toHaveLength(1);
  });

  test("SI-17 that pages go in a circle", async () => {
    const graph = await unknown((made) => {
      made.says.link = () => `${made.origin}/v1.0/me/transitiveMemberOf?$skiptoken=0`;
    }, "too_many_pages");
    expect(graph.requests).toHaveLength(20);
  });

  test("SI-17 that it takes too long", async () => {
    const clock = createManualClock();
    const { graph, log, resolve } = await aGraph(clock);
    graph.says.pages = Array.from({ length: 10 }, (_, n) => [aGroup(n)]);
    const { link } = graph.says;
    graph.says.link = (n) => {
      void clock.skip(seconds(4));
      return link(n);
    };
    expect(await resolve()).toBe("unknown");
    expect(log.lines.map(({ fields }) => fields["reason"])).toEqual(["too_slow"]);
    expect(graph.requests.length).toBeLessThan(10);
  });

  test("SI-17 that the cloud is one whose Graph is not known", async () => {
    const log = createCapturedLog();
    const egress = await closing(Promise.resolve(loopbackEgress()));
    const provider = entra({ loginBaseUrl: "https://login.corp.test" });
    const ports = { egress, clock: systemClock, log };
    expect(await resolveGroupsOverage(ports, { provider, claims: overage, accessToken })).toBe("unknown");
    expect(log.lines.map(({ fields }) => fields["reason"])).toEqual(["cloud_unknown"]);
  });
});

test.each([
  ["https://login.microsoftonline.com", "https://graph.microsoft.com"],
  ["https://login.microsoftonline.us", "https://graph.microsoft.us"],
  ["https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"],
])("SI-17 people who sign in at %s are looked up at %s", (login, graph) => {
  expect(microsoftGroupsOverage.url(login)).toBe(`${graph}/v1.0/me/transitiveMemberOf?$select=id&$top=999`);
});

test("SI-17 whatever a page is, it is read or refused, and nothing is thrown", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const page = microsoftGroupsOverage.page(value as never);
      if (page) expect(page.groups.every((group) => typeof group === "string" && group !== "")).toBe(true);
    }),
  );
  const strange = ["__proto__", "constructor", "", "https://login.microsoftonline.com.evil.example"];
  expect(strange.map((origin) => microsoftGroupsOverage.url(origin))).toEqual(strange.map(() => undefined));
});
