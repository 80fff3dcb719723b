import { connect, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { milliseconds, seconds } from "../../src/kernel/time.js";
import { authority, certificate, key } from "./certificates.js";
import { aDoor, aServer, failureOf, scriptedLookup } from "./loopback.js";

/** An HTTP proxy on loopback: tunnels CONNECT to `port`, whatever the name, and answers absolute URLs by itself. */
async function aProxy(port: number, options: { refuse?: number } = {}) {
  const tunnels: { target: string; authorization: string | undefined }[] = [];
  const proxy = await aServer((_request, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end('{"from":"proxy"}'),
  );
  proxy.server.on("connect", (request: { url: string; headers: Record<string, string> }, socket: Socket) => {
    tunnels.push({ target: request.url, authorization: request.headers["proxy-authorization"] });
    if (options.refuse) return socket.end(`HTTP/1.1 ${options.refuse} No\r\n\r\n`);
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream])
      end
        .on("error", () => {})
        .on("close", () => {
          socket.destroy();
          upstream.destroy();
        });
  });
  return {
    ...proxy,
    port: proxy.port,
    tunnels,
    get requests() {
      return proxy.requests;
    },
    get connections() {
      return proxy.connections;
    },
  };
}

const unasked = () => scriptedLookup({});
const secured = () => aServer(undefined, { tls: { key, cert: certificate } });

describe("a proxy", () => {
  test("EG-1 is dialled instead, without a name being looked up here, and TLS is still verified to the far end", async () => {
    const server = await secured();
    const proxy = await aProxy(server.port);
    const lookup = unasked();
    const url = `https://idp.test/token?code=x`;
    const options = { proxy: `http://ann:secret@127.0.0.1:${proxy.port}`, lookup };
    const answer = await aDoor({ ...options, ca: authority }).request({
      purpose: "token",
      url,
      method: "POST",
      body: "code=x",
    });
    expect([answer.status, server.requests[0]?.url, lookup.questions]).toEqual([200, "/token?code=x", 0]);
    expect(proxy.tunnels).toEqual([
      { target: "idp.test:443", authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` },
    ]);

    const unverified = await failureOf(
      aDoor(options).request({ purpose: "token", url, method: "POST", body: "code=x" }),
    );
    expect([unverified.code, unverified.data["sent"], server.requests.length]).toEqual(["egress.failed", false, 1]);
    const otherName = await failureOf(
      aDoor({ ...options, ca: authority }).request({ purpose: "token", url: "https://other.test/" }),
    );
    expect([otherName.code, server.requests.length]).toEqual(["egress.failed", 1]);
  });

  test("EG-1 name rules still hold: literals, localhost, user information, plain http and ports never reach the proxy", async () => {
    const proxy = await aProxy(0);
    const door = aDoor({ proxy: `http://127.0.0.1:${proxy.port}` });
    for (const url of [
      "https://169.254.169.254/",
      "https://2130706433/",
      "https://[::ffff:127.0.0.1]/",
      "https://localhost/",
      "https://x.localhost/",
      "https://metadata.google.internal/",
      "https://a@idp.test/",
      "http://idp.test/",
      "https://idp.test:22/",
    ]) {
      expect((await failureOf(door.request({ purpose: "metadata", url }))).data["sent"]).toBe(false);
    }
    expect(proxy.connections).toBe(0);
  });

  test("EG-1 plain http that is allowed goes to it by absolute URL", async () => {
    const proxy = await aProxy(0);
    const door = aDoor({ proxy: `http://127.0.0.1:${proxy.port}`, allowHttp: ["idp.test"] });
    const answer = await door.request({ purpose: "metadata", url: "http://idp.test/a?b=c" });
    expect([
      new TextDecoder().decode(answer.body),
      proxy.requests[0]?.url,
      proxy.requests[0]?.headers.host,
      proxy.tunnels,
    ]).toEqual(['{"from":"proxy"}', "http://idp.test/a?b=c", "idp.test", []]);
  });

  test("EG-1 redirects through it are judged hop by hop", async () => {
    const server = await aServer(
      (_request, response) => response.writeHead(302, { location: "https://10.0.0.1/" }).end(),
      { tls: { key, cert: certificate } },
    );
    const proxy = await aProxy(server.port);
    const error = await failureOf(
      aDoor({ proxy: `http://127.0.0.1:${proxy.port}`, ca: authority }).request({
        purpose: "metadata",
        url: "https://idp.test/",
      }),
    );
    expect([error.code, proxy.tunnels.length]).toEqual(["egress.address_refused", 1]);
  });

  test("EG-1 hosts in noProxy are dialled here, under the full guard", async () => {
    const server = await secured();
    const proxy = await aProxy(server.port);
    const options = {
      proxy: "env",
      proxyEnvironment: { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "idp.test" },
      lookup: scriptedLookup({ "idp.test": ["127.0.0.1"] }),
      ca: authority,
    };
    const url = `https://idp.test:${server.port}/`;
    expect((await failureOf(aDoor(options).request({ purpose: "metadata", url }))).code).toBe("egress.address_refused");
    expect((await aDoor({ ...options, allow: ["idp.test"] }).request({ purpose: "metadata", url })).status).toBe(200);
    expect(proxy.connections).toBe(0);
  });

  test.each([403, 407, 502])(
    "EG-1 one that answers %i is a failure, with nothing sent and no password told",
    async (status) => {
      const proxy = await aProxy(0, { refuse: status });
      const error = await failureOf(
        aDoor({ proxy: `http://ann:canary@127.0.0.1:${proxy.port}`, timeout: seconds(20) }).request({
          purpose: "token",
          url: "https://idp.test/",
          method: "POST",
          body: "x",
        }),
      );
      expect([error.code, error.data["sent"]]).toEqual(["egress.failed", false]);
      expect(`${error.stack} ${error.cause} ${JSON.stringify(error.data)}`).not.toContain("canary");
    },
  );

  test.each(["at once", "after CONNECT"])(
    "EG-1 that closes the connection %s fails the request, which is dialled once",
    async (when) => {
      const proxy = await aServer();
      proxy.server.on(when === "at once" ? "connection" : "connect", (...[first, second]) => (second ?? first).end());
      const door = aDoor({ proxy: `http://127.0.0.1:${proxy.port}` });
      const failure = await failureOf(
        door.request({ purpose: "token", url: "https://idp.test/", method: "POST", body: "x" }),
      );
      expect([failure.code, failure.data["sent"], proxy.connections]).toEqual(["egress.failed", false, 1]);
      // Nobody waits for it any more, and nothing goes on.
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(proxy.connections).toBe(1);
    },
  );

  test("EG-1 that never answers is given up with the time for dialling, and holds up no close", async () => {
    const proxy = await aServer();
    const tunnels = new Set<Socket>();
    proxy.server.on("connect", (_request: unknown, socket: Socket) => {
      tunnels.add(
        socket
          .on("error", () => {})
          .on("end", () => socket.end())
          .on("close", () => tunnels.delete(socket))
          .resume(),
      );
    });
    const door = aDoor({ proxy: `http://127.0.0.1:${proxy.port}`, timeout: milliseconds(200) });
    expect((await failureOf(door.request({ purpose: "metadata", url: "https://idp.test/" }))).code).toBe(
      "egress.timeout",
    );
    expect(tunnels.size).toBe(1);
    await door.close();
    await expect.poll(() => tunnels.size, { timeout: 15_000 }).toBe(0);
  });
});
