/** TS-16: event streams of tool servers end when whoever asked for them says so, and when Latchkey closes. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { aServer } from "../egress/loopback.js";
import { createSharedWorld } from "../support/shared-file.js";
import { closeLater } from "./connect-setting.js";

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** A tool server that answers with an event stream without an end, and somebody who may use it. */
async function aStreaming() {
  let openThere = 0;
  let finish = () => {};
  const { port } = await aServer((_request, response) => {
    openThere += 1;
    finish = () => void response.end("data: last\n\n");
    response.on("close", () => {
      openThere -= 1;
    });
    response.writeHead(200, { "content-type": "text/event-stream" }).write("data: hi\n\n");
  });
  const url = `http://127.0.0.1:${port}/mcp`;
  const toolServers = [{ id: "k", url, registration: "key" as const, key: "an-operators-key" }];
  const world = await createSharedWorld({ config: { roles: { default: "user" }, toolServers } });
  closeLater(() => world.close());
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  const fetchIt = world.latchkey.toolServers.fetch({ user, connection: "tool:k" });
  return { world, url, fetchIt, openThere: () => openThere, finish: () => finish() };
}

/** The first event is read, and the next is waited for: how the reading ends. */
async function reading(response: Response): Promise<{ end: Promise<string> }> {
  const reader = response.body?.getReader();
  await reader?.read();
  const ended = reader?.read().then(
    () => "ended",
    (thrown: Error & { code: unknown }) => (typeof thrown.code === "string" ? thrown.code : thrown.name),
  );
  return { end: ended ?? Promise.resolve("no body") };
}

const ways = {
  "its own signal": (url: string, { signal }: AbortController) => [url, { signal }],
  "a Request with one": (url: string, { signal }: AbortController) => [new Request(url, { signal })],
  "both, of which the first counts": (url: string, { signal }: AbortController) => [
    new Request(url, { signal: new AbortController().signal }),
    { signal },
  ],
} satisfies Record<string, (url: string, controller: AbortController) => unknown[]>;

test.each(Object.entries(ways))("TS-16 whoever asked with %s can end an event stream, however late", async (_, way) => {
  const { url, fetchIt, openThere } = await aStreaming();
  const controller = new AbortController();
  const { end } = await reading(await fetchIt(...(way(url, controller) as Parameters<typeof fetchIt>)));
  for (let round = 0; round < 5; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collectGarbage();
  }
  expect(openThere()).toBe(1);
  controller.abort();
  expect(await end).toBe("AbortError");
  await expect.poll(openThere).toBe(0);
});

test("TS-16 a signal that outlives its event streams is not listened to for them any more", async () => {
  const { url, fetchIt, openThere } = await aStreaming();
  const { signal } = new AbortController();
  let listening = 0;
  const counted = Object.assign(signal, {
    addEventListener(...given: Parameters<EventTarget["addEventListener"]>) {
      listening += 1;
      EventTarget.prototype.addEventListener.apply(signal, given);
    },
    removeEventListener(...given: Parameters<EventTarget["removeEventListener"]>) {
      listening -= 1;
      EventTarget.prototype.removeEventListener.apply(signal, given);
    },
  });
  const response = await fetchIt(url, { signal: counted });
  await expect.poll(openThere).toBe(1);
  const during = listening;
  await response.body?.cancel();
  await expect.poll(openThere).toBe(0);
  // What stays is the platform's own, of each Request.
  expect(during - listening).toBe(1);
});

test("TS-16 an event stream that is cancelled while an event waits to be read ends, and nothing else does", async () => {
  const { url, fetchIt, openThere } = await aStreaming();
  for (let round = 0; round < 3; round++) {
    const response = await fetchIt(url);
    await expect.poll(openThere).toBe(1);
    // Had it thrown where nobody catches, the run would say so.
    await response.body?.cancel();
    await expect.poll(openThere).toBe(0);
  }
});

test("TS-16 SU-15 closing Latchkey does not wait for an event stream without an end: who reads it is told", async () => {
  const { world, url, fetchIt, openThere } = await aStreaming();
  const { end } = await reading(await fetchIt(url));
  await world.latchkey.close();
  expect(await end).toBe("egress.failed");
  await expect.poll(openThere).toBe(0);
});

test("TS-16 SU-15 an event stream that ends soon after Latchkey is closed is read to its end", async () => {
  const { world, url, fetchIt, finish } = await aStreaming();
  const response = await fetchIt(url);
  const closing = world.latchkey.close();
  finish();
  expect(await response.text()).toBe("data: hi\n\ndata: last\n\n");
  await closing;
});
