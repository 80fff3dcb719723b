/**
 * A provider in a process of its own, which keeps the time of its token endpoint: what it costs whoever measures is not
 * counted as what callers waited. It rotates refresh tokens, and ends a whole family when one is used twice (AT-30).
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";
import { withJson } from "../../src/testing/fake-provider/answers.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";

/** Asks for one thing, and is answered with a report. */
export interface JudgeMessage {
  readonly id: number;
  readonly signIn?: string | undefined;
  /** From now on: how long a token lives, in seconds, and how long the endpoint takes, in milliseconds. */
  readonly tokens?: { readonly expiresIn: number; readonly delay: number } | undefined;
}

export interface JudgeReport {
  readonly id: number;
  /** Refresh requests so far. */
  readonly requests: number;
  readonly familyRevocations: number;
  /** Of the last answer of the token endpoint: when its request had come, and when it was written. Milliseconds of the epoch. */
  readonly arrived: number;
  readonly left: number;
}

const wallClock = (): number => performance.timeOrigin + performance.now();
const provider = await startFakeProvider({ accessTokenLifetime: 4 });
const came = new WeakMap<IncomingMessage, number>();
subscribe("http.server.request.start", (message) => {
  came.set((message as { request: IncomingMessage }).request, wallClock());
});
let [arrived, left] = [0, 0];

function answerTokens({ expiresIn, delay }: NonNullable<JudgeMessage["tokens"]>): void {
  provider.script({
    token: async (honest) => {
      const body = JSON.stringify(withJson(await honest(), { expires_in: expiresIn }).json);
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
      return {
        raw(request, response) {
          response.writeHead(200, { "Content-Type": "application/json" });
          arrived = came.get(request) ?? Number.NaN;
          left = wallClock();
          response.end(body);
        },
      };
    },
  });
}

process.on("message", ({ id, signIn, tokens }: JudgeMessage) => {
  if (signIn !== undefined) provider.signInAs(signIn);
  if (tokens) answerTokens(tokens);
  const requests = provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length;
  const { familyRevocations } = provider;
  process.send?.({ id, requests, familyRevocations, arrived, left } satisfies JudgeReport);
});
process.on("SIGTERM", async () => {
  await provider.stop();
  process.exit(0);
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit(1));
process.send?.({ issuer: provider.issuer, client: provider.client });
