/** AT-33, AT-34, AT-55 on webhooks: a URL that leads inside, a receiver that sends us on, and what is written down anywhere. */
import { describe, expect, test } from "vitest";
import { hours, minutes } from "../../src/kernel/time.js";
import { rowsOf } from "../support/shared-file.js";
import { aReceiver, aWebhookWorld, signingSecret, status } from "../webhooks/setting.js";

/** A world that may ask its provider on loopback, but has no leave to go inside otherwise. */
const strict = (port: number) => ({ egress: { allow: ["localhost"], allowHttp: ["localhost", `127.0.0.1:${port}`] } });

describe("a webhook that leads inside", () => {
  test.each([
    "http://127.0.0.1:PORT/hook",
    "https://127.0.0.1:PORT/hook",
    "https://127.1:PORT/hook",
    "https://0x7f000001:PORT/hook",
    "https://2130706433:PORT/hook",
    "https://[::ffff:127.0.0.1]:PORT/hook",
    "https://169.254.169.254/latest/meta-data/",
    "https://[fd00:ec2::254]/latest/",
    "https://100.64.0.1/",
  ])("AT-33 %s is never connected to; the account is there, and the message says why it waits", async (url) => {
    const receiver = await aReceiver();
    const world = await aWebhookWorld(
      [{ id: "inside", url: url.replace("PORT", String(receiver.port)), secret: signingSecret }],
      { config: strict(receiver.port), provider: {} },
    );
    const person = await (await world.administration()).addUser({ email: "ann@example.com", role: "user" });
    await world.clock.skip(minutes(1));
    await expect
      .poll(async () => (await (await world.administration()).webhooks.list({ limit: 1 })).items[0]?.lastFailure)
      .toMatch(/^egress\.(address|url)_refused /);
    expect(receiver.connections).toBe(0);
    expect(person.role).toBe("user");
  });

  test("AT-33 with leave, the same address is reached: the corpus above is not refused for another reason", async () => {
    const receiver = await aReceiver();
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
    await (await world.administration()).addUser({ email: "ann@example.com", role: "user" });
    await world.clock.skip(minutes(1));
    await expect.poll(() => receiver.requests.length).toBe(1);
  });
});

describe("a receiver that sends us on", () => {
  test.each([301, 302, 303, 307, 308])("AT-34 EG-2 %i is a failure, and nothing goes where it leads", async (code) => {
    const [outer, inside] = [await aReceiver(), await aReceiver()];
    outer.answer = status(code, { location: inside.url });
    const world = await aWebhookWorld([{ url: outer.url, secret: signingSecret }]);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => outer.requests.length).toBe(1);
    const { webhooks } = await world.administration();
    await expect
      .poll(async () => (await webhooks.list({ limit: 1 })).items[0]?.lastFailure)
      .toBe("egress.redirect_refused not_followed");
    expect(inside.connections).toBe(0);
  });
});

describe("AT-55 canaries", () => {
  test("SI-23 no token in a message; no secret, URL path or answer of a receiver in log, audit, metrics or the list", async () => {
    const [signed, chat] = [await aReceiver(), await aReceiver()];
    const answer = "canary-in-the-answer-of-a-receiver";
    signed.answer = (_request, response) => response.writeHead(500, { "x-canary": answer }).end(answer);
    chat.answer = status(410);
    const path = "canary-token-of-a-channel";
    const world = await aWebhookWorld(
      [
        { id: "signed", url: `${signed.url}/${path}?key=canary-in-the-query`, secret: signingSecret },
        { id: "chat", url: `${chat.url}/${path}`, format: "slack" },
      ],
      { config: { log: { level: "debug" } } },
    );
    const canaries = new Map<string, string>([
      ["signing secret", signingSecret],
      ["signing key", signingSecret.slice("whsec_".length)],
      ["path", path],
      ["query", "canary-in-the-query"],
      ["answer", answer],
      ["client secret", String(world.provider.client.clientSecret)],
    ]);
    const tokens = new Map<string, string>();
    world.provider.script({
      token: async (honest) => {
        const made = await honest();
        for (const name of ["access_token", "refresh_token", "id_token"]) {
          const value = (made.json as Record<string, unknown> | undefined)?.[name];
          if (typeof value === "string") tokens.set(name, value);
        }
        return made;
      },
    });
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    await expect.poll(() => [signed.requests.length, chat.requests.length]).toEqual([1, 1]);
    await expect
      .poll(async () => {
        await world.clock.skip(hours(1));
        return signed.requests.length;
      })
      .toBeGreaterThan(1);
    await expect.poll(() => world.store.outbox.countDead()).toBe(1);
    expect(tokens.size).toBeGreaterThanOrEqual(2);
    tokens.set(
      "session",
      /latchkey=([\w-]{43})/.exec(browser.cookies.header(world.url("/session")) ?? "")?.[1] ?? "none",
    );

    const { webhooks } = await world.administration();
    const sent = [...signed.requests, ...chat.requests].map(
      (request) => request.body + JSON.stringify(request.headers),
    );
    const rows = JSON.stringify([await rowsOf(world, "audit_events"), await rowsOf(world, "outbox")]);
    const places = {
      log: world.log.text(),
      rows,
      metrics: await (await world.request("/metrics")).text(),
      list: JSON.stringify(await webhooks.list({ limit: 9 })),
    };
    // The search is not looking at nothing.
    expect(places.log).toContain('"webhook":"signed"');
    expect(places.list).toContain("egress.not_accepted status_410");
    for (const [name, canary] of [...canaries, ...tokens]) {
      for (const [place, text] of Object.entries(places))
        expect(text.includes(canary), `${name} in ${place}`).toBe(false);
    }
    for (const [name, token] of tokens)
      for (const text of sent) expect(text.includes(token), `${name} in a message`).toBe(false);
    // Whom it is about is sealed while it waits.
    expect(rows.includes("ann@example.com")).toBe(false);
  });
});
