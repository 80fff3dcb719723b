/** VA-13, TS-14: what a tool server says to `vault.fetch` is heard as what it says to `toolServers.fetch`. */
import { expect, test } from "vitest";
import { aConnectWorld } from "./connect-setting.js";
import { anUnattendedWorld, codeOf, connection } from "./unattended-setting.js";

const addNote = {
  method: "POST",
  headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "add-note", arguments: { note: "x" } },
  }),
};

test("VA-13 TS-1 TS-14 a tool server that wants more of vault.fetch is asked for that, three times an hour at most", async () => {
  const world = await aConnectWorld();
  const { browser, user } = await world.signsIn();
  await world.connects(browser);
  const call = () => codeOf(world.latchkey.vault.fetch({ user, connection })(world.tools.url, addNote));
  for (const _ of [2, 3]) {
    expect(await call()).toBe("grant.consent_required");
    const started = await browser.get(world.url("/connections/notes/start"), { follow: false });
    expect(new URL(started.location ?? "").searchParams.get("scope")).toContain("notes:write");
  }
  expect(await call()).toBe("connect.consent_exhausted");
});

test("VA-13 TS-15 where nobody can be asked for more, whoever called vault.fetch gets the answer as it came", async () => {
  const credentials = { registration: "client-credentials", clientId: "us", clientSecret: "its-secret" } as const;
  const { world, server, user } = await anUnattendedWorld(() => credentials);
  server.wantsMore = true;
  const answer = await world.latchkey.vault.fetch({ user, connection })(server.url, { method: "POST", body: "{}" });
  expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([
    403,
    expect.stringContaining("insufficient_scope"),
  ]);
});
