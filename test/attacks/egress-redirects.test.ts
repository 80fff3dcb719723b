/** AT-34: an allowed host sends us inside. The outer server is `idp.example`, allowed by name; the inner one is not. */
import { describe, expect, test } from "vitest";
import { authority, certificate, key } from "../egress/certificates.js";
import { aDoor, allPurposes, aServer, failureOf, scriptedLookup } from "../egress/loopback.js";

const following = ["metadata", "jwks"] as const;
const statuses = [301, 302, 303, 307, 308];
const names = scriptedLookup({
  "idp.example": ["127.0.0.1"],
  "inside.example": ["127.0.0.1"],
  "mixed.example": ["127.0.0.1", "9.9.9.9"],
});
const outside = {
  allow: ["idp.example"],
  allowHttp: ["idp.example", "inside.example", "mixed.example", "127.0.0.1", "[::1]", "169.254.169.254"],
  lookup: names,
};

/** `idp.example` redirects to `location`; the server inside counts. */
async function redirecting(location: (insidePort: number) => string, status = 302) {
  const inside = await aServer();
  const outer = await aServer((_request, response) =>
    response.writeHead(status, { location: location(inside.port) }).end(),
  );
  return { inside, outer, url: `http://idp.example:${outer.port}/start` };
}

describe("a redirect inside", () => {
  test("AT-34 without the guard it is followed", async () => {
    const { inside, url } = await redirecting((port) => `http://127.0.0.1:${port}/`);
    await aDoor({ ...outside, allow: ["127.0.0.0/8"] }).request({ purpose: "metadata", url });
    expect(inside.connections).toBe(1);
  });

  test.each<[location: string, code: string]>([
    ["http://127.0.0.1:{port}/", "egress.address_refused"],
    ["http://127.1:{port}/", "egress.address_refused"],
    ["http://0x7f000001:{port}/", "egress.address_refused"],
    ["//127.0.0.1:{port}/", "egress.address_refused"],
    ["http://[::ffff:127.0.0.1]:{port}/", "egress.url_refused"],
    ["https://[::ffff:127.0.0.1]:{port}/", "egress.address_refused"],
    ["http://[::1]:{port}/", "egress.address_refused"],
    ["http://inside.example:{port}/", "egress.address_refused"],
    ["http://mixed.example:{port}/", "egress.address_refused"],
    ["http://169.254.169.254/latest/meta-data/", "egress.address_refused"],
    ["http://idp.example@127.0.0.1:{port}/", "egress.url_refused"],
    ["http://other.example:{port}/", "egress.url_refused"],
    ["file:///etc/passwd", "egress.url_refused"],
    ["gopher://127.0.0.1:{port}/_x", "egress.url_refused"],
    ["http://idp.example:22/", "egress.url_refused"],
  ])("AT-34 to %s is refused before a connection", async (location, code) => {
    for (const purpose of following) {
      const { inside, outer, url } = await redirecting((port) => location.replace("{port}", String(port)));
      const error = await failureOf(aDoor(outside).request({ purpose, url }));
      expect([error.code, outer.requests.length, inside.connections]).toEqual([code, 1, 0]);
    }
  });

  test("AT-34 every hop is judged, the third as well as the first", async () => {
    const inside = await aServer();
    const outer = await aServer((request, response) => {
      const hop = Number(new URL(request.url ?? "", "http://x").searchParams.get("hop"));
      response.writeHead(302, { location: hop < 2 ? `/?hop=${hop + 1}` : `http://127.0.0.1:${inside.port}/` }).end();
    });
    const error = await failureOf(
      aDoor(outside).request({ purpose: "jwks", url: `http://idp.example:${outer.port}/?hop=0` }),
    );
    expect([error.code, outer.requests.length, inside.connections]).toEqual(["egress.address_refused", 3, 0]);
  });

  test.each(allPurposes.filter((purpose) => !(following as readonly string[]).includes(purpose)))(
    "AT-34 EG-2 %s follows none, wherever it leads, and its body goes nowhere else",
    async (purpose) => {
      for (const status of statuses) {
        const { inside, outer, url } = await redirecting((port) => `http://idp.example:${port}/`, status);
        const request = {
          purpose,
          url,
          method: "POST",
          body: "code=canary",
          headers: { authorization: "Basic canary" },
        } as const;
        const error = await failureOf(aDoor(outside).request(request));
        expect(error.data["reason"]).toBe("not_followed");
        expect([status, error.code, outer.requests.length, inside.connections]).toEqual([
          status,
          "egress.redirect_refused",
          1,
          0,
        ]);
      }
    },
  );
});

describe("a redirect that may be followed", () => {
  test.each(statuses)("EG-2 %i: at most three, and no credential, cookie or body goes along", async (status) => {
    const server = await aServer((request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop === 3) response.writeHead(200, { "content-type": "application/json" }).end('{"hop":3}');
      else response.writeHead(status, { location: `/${hop + 1}`, "set-cookie": "a=1" }).end("moved");
    });
    const headers = {
      Authorization: "Bearer canary",
      Cookie: "session=canary",
      "X-Api-Key": "canary",
      accept: "application/jwk-set+json",
    };
    const answer = await aDoor(outside).request({
      purpose: "jwks",
      url: `http://idp.example:${server.port}/0`,
      method: "POST",
      body: "canary",
      headers,
    });
    expect([answer.status, new TextDecoder().decode(answer.body), answer.url]).toEqual([
      200,
      '{"hop":3}',
      `http://idp.example:${server.port}/3`,
    ]);
    expect(server.requests.map(({ method, url }) => [method, url])).toEqual([
      ["POST", "/0"],
      ["GET", "/1"],
      ["GET", "/2"],
      ["GET", "/3"],
    ]);
    for (const hop of server.requests.slice(1)) {
      expect(JSON.stringify(hop)).not.toContain("canary");
      expect([hop.headers.cookie, hop.headers.accept, hop.body]).toEqual([undefined, "application/jwk-set+json", ""]);
    }
  });

  test("EG-2 the fourth is refused, and so is one that leads nowhere", async () => {
    const server = await aServer((request, response) =>
      response.writeHead(302, request.url === "/lost" ? {} : { location: "/again" }).end(),
    );
    const tooMany = await failureOf(
      aDoor(outside).request({ purpose: "metadata", url: `http://idp.example:${server.port}/` }),
    );
    expect([tooMany.code, tooMany.data["reason"], server.requests.length]).toEqual([
      "egress.redirect_refused",
      "too_many",
      4,
    ]);
    const lost = await failureOf(
      aDoor(outside).request({ purpose: "metadata", url: `http://idp.example:${server.port}/lost` }),
    );
    expect([lost.code, lost.data["reason"]]).toEqual(["egress.redirect_refused", "no_location"]);
  });

  test("EG-2 never from https to http, even where plain http is allowed; from http to https it may", async () => {
    const plain = await aServer();
    const door = aDoor({
      ...outside,
      ca: authority,
      allow: ["idp.test", "idp.example"],
      lookup: scriptedLookup({ "idp.test": ["127.0.0.1"], "idp.example": ["127.0.0.1"] }),
    });
    const secure = await aServer(
      (request, response) =>
        request.url === "/down"
          ? response.writeHead(302, { location: `http://idp.example:${plain.port}/` }).end()
          : response.writeHead(200, { "content-type": "application/json" }).end("{}"),
      { tls: { key, cert: certificate } },
    );
    const error = await failureOf(door.request({ purpose: "metadata", url: `https://idp.test:${secure.port}/down` }));
    expect([error.code, error.data["reason"], plain.connections]).toEqual([
      "egress.redirect_refused",
      "to_plain_http",
      0,
    ]);
    const up = await aServer((_request, response) =>
      response.writeHead(302, { location: `https://idp.test:${secure.port}/` }).end(),
    );
    expect((await door.request({ purpose: "metadata", url: `http://idp.example:${up.port}/` })).url).toBe(
      `https://idp.test:${secure.port}/`,
    );
  });

  test("EG-2 300 and 304 are answers and no redirects", async () => {
    const server = await aServer((request, response) =>
      response.writeHead(Number(request.url?.slice(1)), { location: "/x" }).end(),
    );
    for (const status of [300, 304]) {
      expect(
        (await aDoor(outside).request({ purpose: "token", url: `http://idp.example:${server.port}/${status}` })).status,
      ).toBe(status);
    }
  });
});
