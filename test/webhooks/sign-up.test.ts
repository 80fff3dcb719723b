/** SI-23 through the front door: somebody signs up, and a receiver on loopback hears of it. */
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { hours, milliseconds, minutes, seconds } from "../../src/kernel/time.js";
import { webhookLife } from "../../src/outbox/webhook.js";
import { auditTrail } from "../support/shared-file.js";
import { aReceiver, aWebhookWorld, signingSecret, status } from "./setting.js";

const headersOf = (headers: object) => headers as Record<string, string>;

describe("a sign-up", () => {
  test("SI-23 [option:webhooks.secret] posts one signed message, once; a later sign-in and a refused one post none", async () => {
    const receiver = await aReceiver();
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    await expect.poll(() => receiver.requests.length).toBe(1);
    const { body: answer } = await world.session(browser);
    const [posted] = receiver.requests;
    if (!posted) throw new Error("nothing was posted");
    expect([posted.method, posted.url, posted.headers["content-type"]]).toEqual(["POST", "/hook", "application/json"]);
    const verified = new Webhook(signingSecret).verify(posted.body, headersOf(posted.headers));
    const createdAt = new Date(world.clock.now()).toISOString();
    const { id, email, name, role } = answer.user ?? {};
    expect(verified).toEqual({
      type: "user.created",
      timestamp: createdAt,
      data: { user: { id, email, name, role, provider: "fake", createdAt } },
    });
    expect([email, role]).toEqual(["ann@example.com", "admin"]);
    const changed = posted.body.replace("admin", "user!");
    expect(() => new Webhook(signingSecret).verify(changed, headersOf(posted.headers))).toThrow();
    await expect.poll(() => world.store.outbox.waiting()).toEqual({ rows: 0, oldest: null });

    await world.signIn(world.browser(), "ann-1");
    const closed = await world.node({ signIn: { signUp: false } });
    const refused = world.browserAt(() => closed);
    await world.signIn(refused, "ben-2");
    await world.clock.skip(minutes(1));
    expect(await world.store.outbox.waiting()).toEqual({ rows: 0, oldest: null });
    expect(receiver.requests).toHaveLength(1);
  });

  test("SI-23 [option:webhooks.url] [option:webhooks.id] every webhook hears of it, each by a message of its own", async () => {
    const [one, two] = [await aReceiver(), await aReceiver()];
    const world = await aWebhookWorld([
      { id: "one", url: one.url, secret: signingSecret },
      { id: "two", url: `${two.url}?key=canary-in-the-query`, secret: signingSecret },
    ]);
    one.answer = status(500);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => [one.requests.length, two.requests.length]).toEqual([1, 1]);
    const ids = [one, two].map((receiver) => receiver.requests[0]?.headers["webhook-id"]);
    expect(new Set(ids).size).toBe(2);
    expect(two.requests[0]?.url).toBe("/hook?key=canary-in-the-query");
    await expect.poll(() => world.log.text()).toContain('"webhook":"one"');
    expect(world.log.text()).not.toContain("canary-in-the-query");
  });

  test("SI-23 [option:webhooks.format] each receiver gets the form it takes, and only the standard one is signed", async () => {
    const forms = ["standard", "slack", "discord", "teams"] as const;
    const receivers = await Promise.all(forms.map(() => aReceiver()));
    const world = await aWebhookWorld(
      forms.map((format, index) => ({
        id: format,
        url: receivers[index]?.url ?? "",
        format,
        ...(format === "standard" ? { secret: signingSecret } : {}),
      })),
    );
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => receivers.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1]);
    const posted = receivers.map(({ requests: [request] }) => ({
      type: request?.headers["content-type"],
      signed: "webhook-signature" in (request?.headers ?? {}),
      body: JSON.parse(request?.body ?? "{}"),
    }));
    expect(posted.map(({ type }) => type)).toEqual(forms.map(() => "application/json"));
    expect(posted.map(({ signed }) => signed)).toEqual([true, false, false, false]);
    const [standard, slack, discord, teams] = posted.map(({ body }) => body);
    expect(standard.type).toBe("user.created");
    expect(slack.blocks).toMatchObject([{ type: "section", text: { type: "plain_text" } }]);
    expect(slack.text).toContain("Ann Archer");
    expect(discord).toMatchObject({
      content: expect.stringContaining("`Ann Archer`"),
      allowed_mentions: { parse: [] },
    });
    expect(teams.attachments).toMatchObject([{ contentType: "application/vnd.microsoft.card.adaptive" }]);
    expect(JSON.stringify(teams)).toContain("Ann Archer");
  });

  test("SI-23 QU-16 the message is written with the user or not at all", async () => {
    const receiver = await aReceiver();
    let fail = true;
    const faults = {
      point(number: number) {
        if (number === 7 && fail) throw new Error("killed here");
      },
    };
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }], { ports: { faults } });
    await world.signIn(world.browser(), "ann-1");
    expect([await world.store.users.none(), (await world.store.outbox.waiting()).rows]).toEqual([true, 0]);
    fail = false;
    receiver.answer = status(503);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => receiver.requests.length).toBe(1);
    expect((await world.store.outbox.waiting()).rows).toBe(1);
  });

  test("SI-23 somebody else was first in between: the message tells the role that was given, not the one guessed", async () => {
    const receiver = await aReceiver();
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
    world.overtake(
      `insert into users values ('019b76da-a800-7000-8000-000000000001', 'first@example.test', 1, 'First', null, 'admin',
       'first-user', null, 1, 1, 1, 1, null, 'first@example.test')`,
    );
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    await expect.poll(() => receiver.requests.length).toBe(1);
    const told = JSON.parse(receiver.requests[0]?.body ?? "{}") as { data: { user: { role: string } } };
    const shown = (await world.session(browser)).body.user?.role ?? "pending";
    expect(told.data.user.role).toBe("pending");
    expect(shown).toBe("pending");
  });

  test("SI-23 a receiver that hangs or is down delays and fails no sign-in", async () => {
    const receiver = await aReceiver();
    receiver.answer = () => {};
    const world = await aWebhookWorld([
      { id: "hangs", url: receiver.url, secret: signingSecret },
      { id: "down", url: "http://127.0.0.1:9/", secret: signingSecret },
    ]);
    const browser = world.browser();
    await world.signIn(browser, "ann-1");
    expect((await world.session(browser)).status).toBe(200);
    await expect.poll(() => receiver.requests.length).toBe(1);
    expect((await world.store.outbox.waiting()).rows).toBe(2);
    // And it may be under way while the next person signs in.
    await world.signIn(world.browser(), "ben-2");
    receiver.answer = status(204);
    await world.clock.skip(minutes(1));
    await expect.poll(() => world.log.text()).toContain("egress.timeout");
  });

  test("SI-23 receivers that hang hold up no other", async () => {
    const hanging = await Promise.all([1, 2, 3, 4].map(() => aReceiver()));
    for (const receiver of hanging) receiver.answer = () => {};
    const last = await aReceiver();
    const world = await aWebhookWorld(
      [...hanging, last].map(({ url }, index) => ({ id: `receiver-${index}`, url, secret: signingSecret })),
    );
    await world.signIn(world.browser(), "ann-1");
    // No time passes here, so that none of the four gives up.
    await expect.poll(() => last.requests.length).toBe(1);
    await expect.poll(async () => (await world.store.outbox.waiting()).rows).toBe(4);
    expect(hanging.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 1]);
    await world.clock.skip(seconds(11));
    await expect.poll(() => world.log.text().split("egress.timeout").length).toBeGreaterThan(4);
  });

  test("SI-23 one that waited for longer than its time is tried once more and kept as dead, however few its attempts", async () => {
    const receiver = await aReceiver();
    receiver.answer = status(503);
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => world.log.text()).toContain("status_503");
    // Nobody was there to try it.
    await world.latchkey.close();
    await world.clock.skip(webhookLife);
    await world.node();
    await world.clock.skip(seconds(6));
    await expect.poll(() => world.store.outbox.countDead()).toBe(1);
    expect(receiver.requests).toHaveLength(2);
  });

  test("SI-23 AC-3 an account that an operator made is told too, with no provider", async () => {
    const receiver = await aReceiver();
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
    const made = await (await world.administration()).addUser({ email: "Cleo@Example.com", role: "user" });
    await world.clock.skip(seconds(6));
    await expect.poll(() => receiver.requests.length).toBe(1);
    const told = JSON.parse(receiver.requests[0]?.body ?? "{}");
    expect(told.data.user).toMatchObject({ id: made.id, email: "cleo@example.com", role: "user", provider: null });
    expect((await auditTrail(world.store)).map((event) => event.type)).toEqual(["user.added"]);
  });
});

describe("a message that is not accepted", () => {
  /** Lets due rows be tried: the outbox job runs every five seconds. */
  async function pass(world: Awaited<ReturnType<typeof aWebhookWorld>>, length: number) {
    await world.clock.skip(milliseconds(length));
    await world.clock.skip(seconds(6));
  }

  test("SI-23 is tried ten times over three days under one id, then kept as dead, and tried again when asked", async () => {
    const receiver = await aReceiver();
    receiver.answer = status(500);
    const world = await aWebhookWorld([{ id: "crm", url: receiver.url, secret: signingSecret }]);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => receiver.requests.length).toBe(1);
    const schedule = [
      seconds(5),
      minutes(5),
      minutes(30),
      hours(2),
      hours(5),
      hours(10),
      hours(14),
      hours(20),
      hours(24),
    ];
    const administration = await world.administration();
    for (const [index, pause] of schedule.entries()) {
      await expect
        .poll(async () => (await administration.webhooks.list({ limit: 9 })).items[0]?.lastFailure)
        .toBe("egress.not_accepted status_500");
      const [row] = (await administration.webhooks.list({ limit: 9 })).items;
      const until = (row?.nextAttemptAt ?? 0) - world.clock.now();
      // The pause of the schedule, and up to a fifth of it by chance; the attempt itself may have waited for its round.
      expect(until, `pause ${index}`).toBeGreaterThan(pause - seconds(7));
      expect(until, `pause ${index}`).toBeLessThanOrEqual(pause * 1.2);
      await pass(world, pause * 1.2);
      await expect.poll(() => receiver.requests.length).toBe(index + 2);
      await expect
        .poll(async () => (await administration.webhooks.list({ limit: 9 })).items[0]?.attempts)
        .toBe(index + 2);
    }
    await expect.poll(() => world.store.outbox.countDead()).toBe(1);
    await pass(world, hours(100));
    expect(receiver.requests).toHaveLength(10);
    expect(await world.store.outbox.waiting()).toEqual({ rows: 0, oldest: null });
    const [dead] = (await administration.webhooks.list({ limit: 9 }, true)).items;
    expect(dead).toMatchObject({
      webhook: "crm",
      type: "user.created",
      state: "dead",
      attempts: 10,
      nextAttemptAt: null,
    });
    expect(new Set(receiver.requests.map((request) => request.headers["webhook-id"]))).toEqual(new Set([dead?.id]));
    expect(new Set(receiver.requests.map((request) => request.body)).size).toBe(1);
    expect(new Set(receiver.requests.map((request) => request.headers["webhook-timestamp"])).size).toBe(10);
    expect(world.log.text()).toContain("a message to a webhook was given up");
    const metrics = await (await world.request("/metrics")).text();
    expect(metrics).toContain("latchkey_outbox_dead_rows 1");
    expect(metrics).toContain('latchkey_outbox_tries_total{outcome="dead"} 1');

    receiver.answer = status(200);
    expect(await administration.webhooks.retry("019b76da-a800-7000-8000-000000000006")).toBe(false);
    expect(await administration.webhooks.retryAll()).toBe(1);
    await pass(world, 0);
    await expect.poll(() => receiver.requests.length).toBe(11);
    expect(receiver.requests.at(-1)?.headers["webhook-id"]).toBe(dead?.id);
    await expect.poll(() => world.store.outbox.byId(dead?.id as never)).toBeUndefined();
  }, 60_000);

  test("SI-23 410 Gone: it is given up at once, and kept", async () => {
    const receiver = await aReceiver();
    receiver.answer = status(410);
    const world = await aWebhookWorld([{ url: receiver.url, secret: signingSecret }]);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => world.store.outbox.countDead()).toBe(1);
    await world.clock.skip(hours(1));
    expect(receiver.requests).toHaveLength(1);
  });

  test("SI-23 a corrected configuration is what waiting messages follow; a name that is gone keeps them", async () => {
    const [wrong, right] = [await aReceiver(), await aReceiver()];
    wrong.answer = status(404);
    const world = await aWebhookWorld([{ id: "crm", url: wrong.url, secret: signingSecret }]);
    await world.signIn(world.browser(), "ann-1");
    await expect.poll(() => wrong.requests.length).toBe(1);
    await world.latchkey.close();
    const without = await world.node({ webhooks: [] });
    await world.clock.skip(seconds(20));
    await expect
      .poll(async () => (await (await world.administration()).webhooks.list({ limit: 1 })).items[0]?.lastFailure)
      .toBe("egress.not_accepted not_configured");
    await without.close();
    await world.node({ webhooks: [{ id: "crm", url: right.url, secret: signingSecret }] });
    await world.clock.skip(minutes(7));
    await expect.poll(() => right.requests.length).toBe(1);
  });
});
