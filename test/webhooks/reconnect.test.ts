/** SI-23 through the front door: a connection ends, and a receiver on loopback that wants to know hears of it. */
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { minutes } from "../../src/kernel/time.js";
import { offline } from "../vault/setting.js";
import { aReceiver, aWebhookWorld, signingSecret, type WebhookInput } from "./setting.js";

/** Ann, signed in at a provider that refuses to refresh her tokens from now on. */
async function annsEnd(webhooks: readonly WebhookInput[], error = "invalid_grant") {
  const world = await aWebhookWorld(webhooks, { providerConfig: { scopes: offline } });
  const ann = world.browser();
  await world.signIn(ann, "ann-1");
  const { body } = await world.session(ann);
  const [user, session] = [body.user?.id ?? "", body.session?.id ?? ""];
  const [grant] = await world.store.grants.ofUser(user as never);
  world.provider.script({ token: { status: 400, json: { error } } });
  await world.clock.skip(minutes(61));
  const asked = () => world.latchkey.vault.accessToken({ user, session, connection: "provider:fake" });
  return { world, user, grant: grant?.id, asked };
}

describe("a connection that is over", () => {
  test("SI-23 [option:webhooks.events] posts one signed message to who wants it, without a token, and to nobody else", async () => {
    const [wants, other] = [await aReceiver(), await aReceiver()];
    const { world, user, grant, asked } = await annsEnd([
      { id: "wants", url: wants.url, secret: signingSecret, events: ["grant.needs_reconnect"] },
      { id: "other", url: other.url, secret: signingSecret },
    ]);
    await expect.poll(() => other.requests.length).toBe(1);
    for (const _ of [1, 2]) await expect(asked()).rejects.toMatchObject({ code: "grant.needs_reconnect" });
    await expect.poll(() => wants.requests.length, { timeout: 10_000 }).toBe(1);
    const [posted] = wants.requests;
    if (!posted) throw new Error("nothing was posted");
    // Its time is an hour ahead of the receiver's own, which the library would not take.
    const signature = new Webhook(signingSecret).sign(
      String(posted.headers["webhook-id"]),
      new Date(Number(posted.headers["webhook-timestamp"]) * 1_000),
      posted.body,
    );
    expect(posted.headers["webhook-signature"]).toBe(signature);
    expect(JSON.parse(posted.body)).toEqual({
      type: "grant.needs_reconnect",
      timestamp: new Date(world.clock.now()).toISOString(),
      data: { grant: { id: grant, user, connection: "provider:fake", reason: "invalid_grant" } },
    });
    expect(other.requests).toHaveLength(1);
    await expect.poll(() => world.store.outbox.waiting()).toEqual({ rows: 0, oldest: null });
  });

  test("SI-23 in a chat it is one line, and the list of messages says whose it is", async () => {
    const chat = await aReceiver();
    chat.answer = (_request, response) => response.writeHead(500).end();
    const forms = ["slack", "discord", "teams"] as const;
    const { world, user, asked } = await annsEnd(
      forms.map((format) => ({ id: format, url: chat.url, format, events: ["grant.needs_reconnect"] })),
    );
    await expect(asked()).rejects.toMatchObject({ code: "grant.needs_reconnect" });
    await expect.poll(() => chat.requests.length, { timeout: 10_000 }).toBe(3);
    for (const { body } of chat.requests) {
      expect(body).toContain("Needs to be connected again");
      expect(body).toContain("provider:fake");
      expect(body).toContain(`user ${user}`);
    }
    const { webhooks } = await world.administration();
    const { items } = await webhooks.list({ limit: 10 });
    expect(items.map((item) => [item.type, item.user])).toEqual(Array(3).fill(["grant.needs_reconnect", user]));
  });
});
