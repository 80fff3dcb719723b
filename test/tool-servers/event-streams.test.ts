/** TS-16: event streams of tool servers end when whoever asked for them says so, and when Latchkey closes. */
import { expect, test } from "vitest";
import { aServer } from "../egress/loopback.js";
import { createSharedWorld } from "../support/shared-file.js";
import { closeLater } from "./connect-setting.js";

/** A tool server that answers with an event stream without an end, and somebody who may use it. */
async function aStreaming() {
  let openThere = 0;
  const { port } = await aServer((_request, response) => {
    openThere += 1;
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
  return { world, url, fetchIt, openThere: () => openThere };
}

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
