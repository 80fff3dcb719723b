import nodeTls from "node:tls";
import { describe, expect, test } from "vitest";
import { bodyOf, egressFetch } from "../../src/egress/as-fetch.js";
import type { EgressLine } from "../../src/egress/egress.js";
import { lookupBySystem } from "../../src/egress/guarded-lookup.js";
import type { Log, LogFields } from "../../src/kernel/log.js";
import { silentLog } from "../../src/kernel/log.js";
import { seconds } from "../../src/kernel/time.js";
import { authority, certificate, expiredCertificate, key } from "./certificates.js";
import { aDoor, allPurposes, aRawServer, aServer, failureOf, scriptedLookup } from "./loopback.js";

const here = { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"] };
const names = scriptedLookup({ "idp.test": ["127.0.0.1"], "other.test": ["127.0.0.1"] });

describe("TLS", () => {
  const secure = { allow: ["idp.test", "other.test"], lookup: names };
  const tls = { key, cert: certificate };

  test("EG-1 a certificate of an unknown authority is refused before anything is sent; `ca` adds the authority", async () => {
    const server = await aServer(undefined, { tls });
    const url = `https://idp.test:${server.port}/`;
    const error = await failureOf(aDoor(secure).request({ purpose: "token", url, method: "POST", body: "code=x" }));
    expect([error.code, error.data["sent"], server.requests.length]).toEqual(["egress.failed", false, 0]);
    const answer = await aDoor({ ...secure, ca: authority }).request({
      purpose: "token",
      url,
      method: "POST",
      body: "code=x",
    });
    expect([answer.status, server.requests[0]?.body]).toEqual([200, "code=x"]);
  });

  test("EG-1 a certificate for another name, or one that has expired, is refused with the right authority too", async () => {
    const server = await aServer(undefined, { tls });
    const expired = await aServer(undefined, { tls: { key, cert: expiredCertificate } });
    const door = aDoor({ ...secure, ca: authority });
    for (const url of [`https://other.test:${server.port}/`, `https://idp.test:${expired.port}/`]) {
      expect((await failureOf(door.request({ purpose: "metadata", url }))).code).toBe("egress.failed");
    }
    expect([server.requests.length, expired.requests.length]).toEqual([0, 0]);
  });

  test("EG-1 NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes nothing", async () => {
    const server = await aServer(undefined, { tls });
    const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      const error = await failureOf(
        aDoor(secure).request({ purpose: "metadata", url: `https://idp.test:${server.port}/` }),
      );
      expect([error.code, server.requests.length]).toEqual(["egress.failed", 0]);
    } finally {
      if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
    }
  });

  test("EG-1 a server that speaks nothing newer than TLS 1.1 is refused, whatever the process would allow by itself", async () => {
    const before = [nodeTls.DEFAULT_MIN_VERSION, nodeTls.DEFAULT_CIPHERS] as const;
    // What --tls-min-v1.0 and --tls-cipher-list do.
    nodeTls.DEFAULT_MIN_VERSION = "TLSv1";
    nodeTls.DEFAULT_CIPHERS = "DEFAULT@SECLEVEL=0";
    try {
      const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1" } as const;
      const server = await aServer(undefined, { tls: { ...tls, ...old } });
      const url = `https://idp.test:${server.port}/`;
      const error = await failureOf(aDoor({ ...secure, ca: authority }).request({ purpose: "metadata", url }));
      expect([error.code, server.requests.length]).toEqual(["egress.failed", 0]);
    } finally {
      [nodeTls.DEFAULT_MIN_VERSION, nodeTls.DEFAULT_CIPHERS] = before;
    }
  });

  test("EG-1 plain http is refused unless the host is in allowHttp, and a server that speaks no TLS is a failure", async () => {
    const server = await aServer();
    const door = aDoor({ allow: here.allow });
    const refused = await failureOf(door.request({ purpose: "metadata", url: `http://127.0.0.1:${server.port}/` }));
    expect([refused.code, refused.data["reason"], server.connections]).toEqual(["egress.url_refused", "plain_http", 0]);
    expect(
      (await failureOf(door.request({ purpose: "metadata", url: `https://127.0.0.1:${server.port}/` }))).code,
    ).toBe("egress.failed");
  });

  test("EG-1 a provider at http://localhost needs both settings, by host or by range", async () => {
    const server = await aServer();
    const ask = (options: { allow?: string[]; allowHttp?: string[] }) =>
      aDoor({ ...options, lookup: lookupBySystem })
        .request({ purpose: "metadata", url: `http://localhost:${server.port}/` })
        .then(
          ({ status }) => status,
          (error) => error.code,
        );
    expect(await ask({ allowHttp: ["localhost"] })).toBe("egress.address_refused");
    expect(await ask({ allow: ["localhost"] })).toBe("egress.url_refused");
    expect(server.connections).toBe(0);
    expect(await ask({ allow: ["localhost"], allowHttp: ["localhost"] })).toBe(200);
    expect(await ask({ allow: ["127.0.0.0/8", "::1"], allowHttp: ["localhost"] })).toBe(200);
  });
});

describe("what a failure says", () => {
  test("EG-1 `sent` is false until the request is written, and true from then on", async () => {
    const door = aDoor(here);
    const closed = await aServer();
    closed.server.close();
    // Nothing listens there any more.
    const refused = await failureOf(
      door.request({ purpose: "token", url: `http://127.0.0.1:${closed.port}/`, method: "POST", body: "x" }),
    );
    expect([refused.code, refused.data["sent"], refused.data["reason"]]).toEqual([
      "egress.failed",
      false,
      "ECONNREFUSED",
    ]);
    const unknown = await failureOf(aDoor(here).request({ purpose: "token", url: "https://nowhere.test/" }));
    expect([unknown.code, unknown.data["sent"], unknown.data["reason"]]).toEqual(["egress.failed", false, "ENOTFOUND"]);
    const hangsUp = await aRawServer((socket) => socket.destroy());
    const ambiguous = await failureOf(
      door.request({ purpose: "token", url: `http://127.0.0.1:${hangsUp.port}/`, method: "POST", body: "x" }),
    );
    expect([ambiguous.code, ambiguous.data["sent"]]).toEqual(["egress.failed", true]);
  });

  test("AT-55 an answer that cannot be parsed is not kept in the error", async () => {
    const server = await aRawServer((socket) => socket.end("canary-token is no HTTP\r\n\r\n"));
    const error = await failureOf(
      aDoor(here).request({
        purpose: "token",
        url: `http://127.0.0.1:${server.port}/?code=canary-code`,
        headers: { authorization: "Bearer canary-bearer" },
        body: "canary-body",
        method: "POST",
      }),
    );
    expect(error.code).toBe("egress.failed");
    const everything = (value: unknown): string =>
      value instanceof Error
        ? [value.message, value.stack, everything(value.cause), ...Object.values({ ...value }).map(everything)].join(
            " ",
          )
        : (JSON.stringify(value) ?? "");
    expect(everything(error)).not.toContain("canary");
  });

  test("EG-3 a status that is none, and a header that cannot be sent, are failures", async () => {
    const server = await aRawServer((socket) => socket.end("HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n"));
    expect(
      (await failureOf(aDoor(here).request({ purpose: "token", url: `http://127.0.0.1:${server.port}/` }))).data[
        "reason"
      ],
    ).toBe("status");
    const error = await failureOf(
      aDoor(here).request({
        purpose: "token",
        url: `http://127.0.0.1:${server.port}/`,
        headers: { authorization: "Bearer a\r\nx: y" },
      }),
    );
    expect([error.code, error.data["sent"]]).toEqual(["egress.failed", false]);
  });

  test("EG-1 a closed door lets nothing out", async () => {
    const server = await aServer();
    const door = aDoor(here);
    await door.close();
    expect((await failureOf(door.request({ purpose: "token", url: `http://127.0.0.1:${server.port}/` }))).code).toBe(
      "egress.failed",
    );
    expect(server.connections).toBe(0);
  });
});

describe("content types", () => {
  test.each<[type: string, refused: readonly string[]]>([
    ["application/json", []],
    ["application/jwk-set+json; charset=utf-8", []],
    ["text/html", ["metadata", "jwks", "userinfo"]],
    ["text/plain", ["metadata", "jwks"]],
    ["application/x-www-form-urlencoded", ["metadata", "jwks", "userinfo"]],
  ])("EG-3 %s is refused for %j", async (type, refused) => {
    const server = await aServer((_request, response) => response.writeHead(200, { "content-type": type }).end("{}"));
    for (const purpose of allPurposes) {
      const outcome = await aDoor(here)
        .request({ purpose, url: `http://127.0.0.1:${server.port}/` })
        .then(
          () => "ok",
          (error) => error.code,
        );
      expect([purpose, outcome]).toEqual([purpose, refused.includes(purpose) ? "egress.content_type" : "ok"]);
    }
  });

  test("EG-3 an error page of any type is an answer: its status is what counts", async () => {
    const server = await aServer((_request, response) =>
      response.writeHead(503, { "content-type": "text/html" }).end("<h1>later</h1>"),
    );
    expect((await aDoor(here).request({ purpose: "metadata", url: `http://127.0.0.1:${server.port}/` })).status).toBe(
      503,
    );
  });
});

describe("what is told of a request", () => {
  test("EG-3 one line at debug level and to the observer: purpose, host, outcome, duration, nothing else", async () => {
    const lines: { fields: LogFields; message: string }[] = [];
    const log: Log = {
      ...silentLog,
      debug: (fields, message) => lines.push({ fields, message }),
      info: () => {
        throw new Error("only debug");
      },
    };
    const observed: EgressLine[] = [];
    const server = await aServer((request, response) =>
      response
        .writeHead(Number(new URL(request.url ?? "", "http://x").searchParams.get("status")))
        .end("canary-answer"),
    );
    const host = `127.0.0.1:${server.port}`;
    const door = aDoor({ ...here, log, observe: (line) => observed.push(line) });
    for (const status of [200, 400, 503]) {
      await door.request({
        purpose: "token",
        url: `http://${host}/canary-path?status=${status}&code=canary-code`,
        method: "POST",
        body: "canary-body",
        headers: { authorization: "canary" },
      });
    }
    await failureOf(door.request({ purpose: "jwks", url: `http://10.0.0.1/?canary` }));
    await failureOf(door.request({ purpose: "jwks", url: "canary is no URL" }));
    expect(observed.map(({ purpose, host, outcome }) => [purpose, host, outcome])).toEqual([
      ["token", host, "2xx"],
      ["token", host, "4xx"],
      ["token", host, "5xx"],
      ["jwks", "10.0.0.1", "egress.url_refused"],
      ["jwks", "", "egress.url_refused"],
    ]);
    expect(lines.map(({ fields }) => fields)).toEqual(observed);
    expect(Object.keys(observed[0] ?? {})).toEqual(["purpose", "host", "outcome", "duration"]);
    expect(JSON.stringify(lines)).not.toContain("canary");
  });
});

describe("the door as a fetch", () => {
  test("EG-2 sends a form as forms are sent, and gives back a Response", async () => {
    const server = await aServer((_request, response) =>
      response.writeHead(400, { "content-type": "application/json", "x-a": "ü" }).end('{"error":"invalid_grant"}'),
    );
    const fetch = egressFetch(aDoor(here), "token", seconds(5));
    const url = `http://127.0.0.1:${server.port}/token`;
    const response = await fetch(url, {
      method: "post",
      headers: new Headers({ Authorization: "Basic eA==" }),
      body: new URLSearchParams({ code: "a b&c" }),
      redirect: "manual",
    });
    expect(response).toBeInstanceOf(Response);
    expect([response.status, response.url, await response.json()]).toEqual([400, url, { error: "invalid_grant" }]);
    expect(server.requests).toMatchObject([
      {
        method: "POST",
        url: "/token",
        body: "code=a+b%26c",
        headers: { authorization: "Basic eA==", "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
      },
    ]);
  });

  test("EG-2 the body is what was read, whoever reads it and however often; of another Response it is read from there", async () => {
    const server = await aServer((request, response) =>
      request.url === "/gone"
        ? response.writeHead(204).end()
        : response.writeHead(200, { "content-type": "application/json" }).end('{"a":"ü"}'),
    );
    const fetch = egressFetch(aDoor(here), "token");
    const text = async (response: Response) => new TextDecoder().decode(await bodyOf(response));
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    expect([await text(response), await text(response), await response.text()]).toEqual(Array(3).fill('{"a":"ü"}'));
    expect(await text(await fetch(`http://127.0.0.1:${server.port}/gone`))).toBe("");
    expect(await text(new Response("elsewhere"))).toBe("elsewhere");
  });

  test("EG-2 a redirect is refused and never handed out; other methods, an aborted signal and an empty answer behave", async () => {
    const server = await aServer((request, response) =>
      response.writeHead(request.url === "/gone" ? 204 : 302, { location: "/" }).end(),
    );
    const fetch = egressFetch(aDoor(here), "token");
    const url = `http://127.0.0.1:${server.port}/`;
    await expect(fetch(url)).rejects.toThrow("egress.redirect_refused");
    expect([(await fetch(`${url}gone`)).status, server.requests.length]).toEqual([204, 2]);
    await expect(fetch(url, { method: "DELETE" })).rejects.toThrow(TypeError);
    await expect(fetch(url, { signal: AbortSignal.abort(new Error("gone home")) })).rejects.toThrow("gone home");
    expect(server.requests.length).toBe(2);
  });

  test("EG-1 keeps connections and still answers many requests at once", async () => {
    const server = await aServer();
    const door = aDoor(here);
    const url = `http://127.0.0.1:${server.port}/`;
    await Promise.all(Array.from({ length: 50 }, () => door.request({ purpose: "metadata", url })));
    expect(server.requests.length).toBe(50);
  });
});

describe("an answer without a body", () => {
  const big = { "content-type": "application/pdf", "content-length": "5000000", "content-encoding": "zstd" };

  test("EG-3 a HEAD tells of a file that is larger than an answer may be: its length is not that of what is sent", async () => {
    const server = await aServer((_request, response) => response.writeHead(200, big).end());
    const url = `http://127.0.0.1:${server.port}/`;
    const answer = await aDoor(here).request({ purpose: "api", url, method: "HEAD" });
    expect([answer.status, answer.body.length, answer.headers.get("content-length")]).toEqual([200, 0, "5000000"]);
    expect((await failureOf(aDoor(here).request({ purpose: "api", url }))).code).toBe("egress.too_large");
  });
});

describe("a look that keeps nothing", () => {
  test("EG-2 headers come byte for byte, and a Location in UTF-8 leads where it says", async () => {
    const server = await aServer();
    const raw = await aRawServer((socket) =>
      socket.end(
        `HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:${server.port}/ü?q=ä\r\nETag: "ü"\r\nContent-Length: 0\r\n\r\n`,
      ),
    );
    const url = `http://127.0.0.1:${raw.port}/`;
    const seen = await aDoor(here).request({ purpose: "picture", url });
    expect([seen.status, server.requests[0]?.url]).toEqual([200, "/%C3%BC?q=%C3%A4"]);
    const answered = await aDoor(here).request({ purpose: "check", url });
    expect(Buffer.from(answered.headers.get("etag") ?? "", "latin1").toString()).toBe('"ü"');
  });

  test("EG-2 what is only looked at gets the redirect itself, and nobody follows it", async () => {
    const inside = await aServer();
    const server = await aServer((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inside.port}/?error=login_required` }).end("elsewhere");
    });
    const answer = await aDoor(here).request({ purpose: "check", url: `http://127.0.0.1:${server.port}/` });
    expect([answer.status, answer.headers.get("location")]).toEqual([302, expect.stringContaining("login_required")]);
    expect([server.requests.length, inside.connections]).toEqual([1, 0]);
    const refused = await failureOf(aDoor().request({ purpose: "check", url: `https://127.0.0.1:${server.port}/` }));
    expect(refused.code).toBe("egress.address_refused");
  });
});
