import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { silentLog } from "../kernel/log.js";
import { milliseconds, seconds, systemClock } from "../kernel/time.js";
import { type Handler, type Serving, serve } from "./serve.js";

const running: Serving[] = [];
async function start(handler: Handler, port = 0): Promise<Serving> {
  const serving = await serve({ handler, host: "127.0.0.1", port, clock: systemClock, log: silentLog });
  running.push(serving);
  return serving;
}
afterEach(async () => {
  for (const serving of running.splice(0)) await serving.stop(milliseconds(0));
});

/** Sends bytes as they are and answers everything that came back until the server closed. */
function raw(url: string, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (part) => (text += part.toString("latin1")));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
const gate = () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe("requests", () => {
  test("SU-3 the handler is told the address of the connection, whatever headers say", async () => {
    const serving = await start(async (_request, peer) => new Response(peer.address));
    const answer = await fetch(serving.url, {
      headers: { "X-Forwarded-For": "203.0.113.9", Forwarded: "for=203.0.113.9" },
    });
    expect(await answer.text()).toBe("127.0.0.1");
  });

  test.each([
    ["no HTTP at all", "GARBAGE\r\n\r\n", 400],
    ["headers of 40 KB", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(40_000)}\r\n\r\n`, 431],
    [
      "both lengths at once",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["a Host that is no host", "GET / HTTP/1.1\r\nHost: a b/c\r\nConnection: close\r\n\r\n", 400],
    ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ])("SU-14 %s is answered without the handler", async (_why, bytes, status) => {
    let asked = 0;
    const serving = await start(async () => {
      asked++;
      return new Response("handled");
    });
    expect(await raw(serving.url, bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(asked).toBe(0);
    expect(await (await fetch(serving.url)).text()).toBe("handled");
  });

  test("SU-14 a handler that throws costs one answer, not the process", async () => {
    const serving = await start(() => Promise.reject(new Error("private words")));
    const answer = await fetch(serving.url);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toBe("");
  });

  test("SU-14 a port that is taken is an error to catch", async () => {
    const first = await start(async () => new Response());
    await expect(start(async () => new Response(), Number(new URL(first.url).port))).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});

describe("stop", () => {
  test("SU-14 lets the request under way finish and takes no new one", async () => {
    const arrived = gate();
    const release = gate();
    const serving = await start(async () => {
      arrived.open();
      await release.opened;
      return new Response("finished");
    });
    const answer = fetch(serving.url).then((response) => response.text());
    await arrived.opened;
    const stopped = serving.stop(seconds(20));
    await expect(fetch(serving.url)).rejects.toThrow();
    release.open();
    expect(await answer).toBe("finished");
    expect(await stopped).toEqual({ cut: false });
  });

  test("SU-14 does not wait for connections that are merely kept alive", async () => {
    const serving = await start(async () => new Response("hello"));
    await (await fetch(serving.url)).text();
    const idle = connect(Number(new URL(serving.url).port), "127.0.0.1");
    idle.on("error", () => {});
    await new Promise((resolve) => idle.once("connect", resolve));
    await raw(serving.url, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    // Far below the 65 s that an idle connection is kept.
    expect(await serving.stop(seconds(20))).toEqual({ cut: false });
    idle.destroy();
  });

  test("SU-14 cuts what is left when the grace is over", async () => {
    const arrived = gate();
    const serving = await start(async () => {
      arrived.open();
      return new Promise<Response>(() => {});
    });
    const answer = fetch(serving.url);
    const refused = expect(answer).rejects.toThrow();
    await arrived.opened;
    expect(await serving.stop(milliseconds(100))).toEqual({ cut: true });
    await refused;
  });
});
