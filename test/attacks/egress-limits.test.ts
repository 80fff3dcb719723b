/**
 * AT-36: answers made to hold us or to fill us. Time is a manual clock, which the test moves only after it has seen
 * bytes arrive, so nothing depends on how fast this machine is.
 */
import type { Socket } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { minutes, seconds, systemClock } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { aDoor, aRawServer, aServer, failureOf } from "../egress/loopback.js";

const here = { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1"] };
const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
const url = (server: { port: number }) => `http://127.0.0.1:${server.port}/`;

/** Writes one piece after the other for as long as the socket lives; `enough` resolves after twenty. */
function dripper(start: string, piece: string) {
  let enough = () => {};
  const dripped = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const speak = async (socket: Socket) => {
    socket.write(start);
    for (let count = 0; !socket.destroyed; count++) {
      socket.write(piece);
      if (count === 20) enough();
      await systemClock.sleep(seconds(0.002));
    }
  };
  return { dripped, speak: (socket: Socket) => void speak(socket) };
}

describe("an answer that takes its time", () => {
  test.each<[what: string, start: string, piece: string]>([
    ["drips its body byte by byte", `${head}content-length: 90000\r\n\r\n`, " "],
    ["never ends its chunks", `${head}transfer-encoding: chunked\r\n\r\n`, "1\r\n \r\n"],
    ["never ends its header line", `${head}x: `, "y"],
    ["never gets past interim answers", "", "HTTP/1.1 103 Early Hints\r\n\r\n"],
    ["says nothing after its headers", `${head}content-length: 5\r\n\r\n`, ""],
    ["never says anything", "", ""],
    ["never ends a chunk's extension", `${head}transfer-encoding: chunked\r\n\r\n1;`, "x"],
  ])(
    "AT-36 one that %s is left when its time is over, and each byte does not start it anew",
    async (_what, start, piece) => {
      const clock = createManualClock();
      const { dripped, speak } = dripper(start, piece);
      const server = await aRawServer(speak);
      const door = aDoor({ ...here, clock, timeout: seconds(10) });
      let settled = false;
      const failure = failureOf(
        door.request({ purpose: "token", url: url(server), method: "POST", body: "code=x" }),
      ).finally(() => {
        settled = true;
      });
      await dripped;
      await clock.advance(seconds(9));
      expect(settled).toBe(false);
      await clock.advance(seconds(1));
      expect((await failure).code).toBe("egress.timeout");
      // Perhaps acted on: the request was written (VA-9).
      expect((await failure).data["sent"]).toBe(true);
      await server.closed;
    },
  );

  test("AT-36 redirects share one time", async () => {
    const clock = createManualClock();
    let arrived = () => {};
    const third = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await aServer((request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop === 3) return arrived();
      void clock.advance(seconds(3)).then(() => response.writeHead(302, { location: `/${hop + 1}` }).end());
    });
    const failure = failureOf(
      aDoor({ ...here, clock, timeout: seconds(10) }).request({ purpose: "metadata", url: `${url(server)}0` }),
    );
    await third;
    await clock.advance(seconds(1));
    expect([(await failure).code, server.requests.length]).toEqual(["egress.timeout", 4]);
  });

  test("AT-36 a name that is never answered costs its time and nothing is sent", async () => {
    const clock = createManualClock();
    let asked = () => {};
    const lookedUp = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const lookup = () => {
      asked();
      return new Promise<never>(() => {});
    };
    const failure = failureOf(
      aDoor({ clock, lookup, timeout: seconds(10) }).request({ purpose: "metadata", url: "https://idp.example/" }),
    );
    await lookedUp;
    await clock.advance(seconds(10));
    expect([(await failure).code, (await failure).data["sent"]]).toEqual(["egress.timeout", false]);
  });

  test("AT-36 a request's own time replaces the configured one", async () => {
    const clock = createManualClock();
    const { dripped, speak } = dripper(`${head}content-length: 90000\r\n\r\n`, " ");
    const server = await aRawServer(speak);
    const failure = failureOf(
      aDoor({ ...here, clock, timeout: seconds(10) }).request({
        purpose: "token",
        url: url(server),
        timeout: minutes(1),
      }),
    );
    let settled = false;
    void failure.finally(() => {
      settled = true;
    });
    await dripped;
    await clock.advance(seconds(59));
    expect(settled).toBe(false);
    await clock.advance(seconds(1));
    expect((await failure).code).toBe("egress.timeout");
  });
});

describe("an answer that is too much", () => {
  const limit = 50_000;
  const door = () => aDoor({ ...here, maxBytes: limit });

  test("AT-36 100 MB announced are refused before they are read", async () => {
    const { speak } = dripper(`${head}content-length: 100000000\r\n\r\n`, " ");
    const server = await aRawServer(speak);
    const error = await failureOf(door().request({ purpose: "metadata", url: url(server) }));
    expect([error.code, error.data["reason"]]).toEqual(["egress.too_large", "content_length"]);
    await server.closed;
  });

  test.each<[what: string, start: string, piece: string]>([
    ["in chunks", `${head}transfer-encoding: chunked\r\n\r\n`, `1000\r\n${" ".repeat(4096)}\r\n`],
    ["until the connection closes", `${head}\r\n`, " ".repeat(4096)],
  ])("AT-36 100 MB sent %s are cut off at the limit", async (_how, start, piece) => {
    const { speak } = dripper(start, piece);
    const server = await aRawServer(speak);
    expect((await failureOf(door().request({ purpose: "token", url: url(server) }))).code).toBe("egress.too_large");
    await server.closed;
  });

  const bomb = Buffer.alloc(20_000_000);
  test.each<[encoding: string, bytes: Buffer]>([
    ["gzip", gzipSync(bomb)],
    ["x-gzip", gzipSync(bomb)],
    ["deflate", deflateSync(bomb)],
    ["deflate", deflateRawSync(bomb)],
    ["br", brotliCompressSync(bomb)],
  ])("AT-36 a %s bomb of 20 MB in a few bytes is stopped at the limit", async (encoding, bytes) => {
    expect(bytes.length).toBeLessThan(limit);
    const server = await aServer((_request, response) =>
      response.writeHead(200, { "content-type": "application/json", "content-encoding": encoding }).end(bytes),
    );
    const error = await failureOf(door().request({ purpose: "jwks", url: url(server) }));
    expect([error.code, error.data["reason"], error.data["limit"]]).toEqual(["egress.too_large", "body", limit]);
  });

  test("AT-36 a compressed stream without any content is stopped too", async () => {
    const nothing = gzipSync("");
    const server = await aServer((_request, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
      response.end(Buffer.concat(Array.from({ length: 4_000 }, () => nothing)));
    });
    expect((await failureOf(door().request({ purpose: "jwks", url: url(server) }))).code).toBe("egress.too_large");
  });

  test.each(["gzip, gzip", "gzip,br", "zstd", "compress", "chunked", "x".repeat(100)])(
    "AT-36 a body folded as %s is not unfolded",
    async (encoding) => {
      const server = await aServer((_request, response) =>
        response
          .writeHead(200, { "content-type": "application/json", "content-encoding": encoding })
          .end(gzipSync(gzipSync("{}"))),
      );
      const error = await failureOf(door().request({ purpose: "jwks", url: url(server) }));
      expect([error.code, error.data["reason"]]).toEqual(["egress.content_type", "content_encoding"]);
    },
  );

  test("AT-36 10,000 headers are refused, and so are 150 small ones and one that is huge", async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `x${index}: y\r\n`).join("");
    const repeated = "set-cookie: a=b\r\n".repeat(150);
    for (const headers of [lines(10_000), lines(150), repeated, `x: ${"y".repeat(40_000)}\r\n`]) {
      const server = await aRawServer((socket) => socket.write(`${head}${headers}content-length: 2\r\n\r\n{}`));
      expect((await failureOf(door().request({ purpose: "metadata", url: url(server) }))).code).toBe(
        "egress.too_large",
      );
      await server.closed;
    }
  });

  test("EG-3 the small purposes have smaller limits", async () => {
    const server = await aServer((_request, response) => response.end(" ".repeat(70_000)));
    const wide = aDoor({ ...here, maxBytes: 1_000_000 });
    expect((await wide.request({ purpose: "token", url: url(server) })).body.length).toBe(70_000);
    for (const purpose of ["revocation", "par"] as const) {
      expect((await failureOf(wide.request({ purpose, url: url(server) }))).code).toBe("egress.too_large");
    }
  });
});

describe("an answer within its limits", () => {
  test.each<[encoding: string, fold: (text: string) => Buffer]>([
    ["identity", (text) => Buffer.from(text)],
    ["gzip", (text) => gzipSync(text)],
    ["GZIP", (text) => gzipSync(text)],
    ["deflate", (text) => deflateSync(text)],
    ["deflate", (text) => deflateRawSync(text)],
    ["br", (text) => brotliCompressSync(text)],
  ])("EG-3 is unfolded from %s, and says no more how it was folded", async (encoding, fold) => {
    const text = JSON.stringify({ keys: "k".repeat(5_000) });
    const server = await aServer((_request, response) =>
      response
        .writeHead(200, { "content-type": "application/json; charset=utf-8", "content-encoding": encoding })
        .end(fold(text)),
    );
    const answer = await aDoor(here).request({ purpose: "jwks", url: url(server) });
    expect(new TextDecoder().decode(answer.body)).toBe(text);
    expect([answer.headers.get("content-encoding"), answer.headers.get("content-length")]).toEqual([null, null]);
  });

  test("EG-3 may be exactly as long as the limit, and empty in any coding", async () => {
    const server = await aServer((request, response) => {
      if (request.url === "/full") response.end(" ".repeat(1_000));
      else response.writeHead(200, { "content-encoding": "gzip" }).end();
    });
    const door = aDoor({ ...here, maxBytes: 1_000 });
    expect((await door.request({ purpose: "token", url: `${url(server)}full` })).body.length).toBe(1_000);
    expect((await door.request({ purpose: "token", url: url(server) })).body.length).toBe(0);
  });

  test("EG-3 that is cut off or garbled is a failure, not a short answer", async () => {
    const whole = gzipSync("x".repeat(10_000));
    for (const body of [whole.subarray(0, whole.length - 12), Buffer.from("not gzip")]) {
      const server = await aServer((_request, response) =>
        response.writeHead(200, { "content-encoding": "gzip" }).end(body),
      );
      expect((await failureOf(aDoor(here).request({ purpose: "token", url: url(server) }))).code).toBe("egress.failed");
    }
    const short = await aRawServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}"));
    expect((await failureOf(aDoor(here).request({ purpose: "token", url: url(short) }))).code).toBe("egress.failed");
  });
});
