/** Worlds with webhooks: receivers on loopback that count what reaches them, and a second look at the database. */
import type { RequestListener } from "node:http";
import { afterEach } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { createManualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { aServer, type Counted } from "../egress/loopback.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

export type WebhookInput = NonNullable<ConfigInput["webhooks"]>[number];

/** Made for tests: the base64 of 32 random bytes. */
export const signingSecret = "whsec_R7cPq0vYkL2mXz8sTn4bWd6fHj1gUa3eOi5rKx9yBQo=";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Receiver extends Counted {
  readonly url: string;
  /** What the next requests are answered with. */
  answer: RequestListener;
}

/** A receiver that says 204 until it is told otherwise. */
export async function aReceiver(): Promise<Receiver> {
  const told: { answer: RequestListener } = { answer: (_request, response) => response.writeHead(204).end() };
  const server = await aServer((request, response) => told.answer(request, response));
  return Object.defineProperties(told as Receiver, {
    port: { value: server.port },
    url: { value: `http://127.0.0.1:${server.port}/hook` },
    requests: { get: () => server.requests },
    connections: { get: () => server.connections },
    server: { value: server.server },
  });
}

export const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(code, headers).end();

export interface WebhookWorld extends SharedWorld {
  readonly clock: ManualClock;
  /** What `latchkey webhook` works with, on the same database. */
  administration(): ReturnType<typeof openAdministration>;
}

/** The clock begins at the real time, since receivers compare a signature's time with theirs. */
export async function aWebhookWorld(
  webhooks: readonly WebhookInput[],
  options: WorldOptions = {},
): Promise<WebhookWorld> {
  const clock = createManualClock(systemClock.now());
  const config = { ...options.config, webhooks: [...webhooks] };
  const world = await createSharedWorld({ ...options, clock, config });
  closing.push(() => world.close());
  return {
    ...world,
    clock,
    async administration() {
      const resolved = resolveConfig(world.config);
      if (!resolved.ok) throw new Error("the configuration of the world is not valid");
      const administration = await openAdministration(resolved.value, { clock, log: silentLog });
      closing.push(() => administration.close());
      return administration;
    },
  };
}
