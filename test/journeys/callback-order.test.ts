/**
 * SI-9 as a table: a callback with everything wrong from step N on is refused with step N's own code, and what the later
 * steps would have done was not done. Each step has journeys and attacks of its own elsewhere; here it is the order.
 */
import { afterEach, describe, expect, test } from "vitest";
import { type Duration, milliseconds, minutes } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createWorld, type World } from "../../src/testing/world.js";

let world: World;
afterEach(() => world.close());
const skip = (length: Duration) => (world.clock as ReturnType<typeof createManualClock>).skip(length);

interface Step {
  readonly number: number;
  readonly what: string;
  readonly code: string;
  /** Makes this step fail: in the callback's parameters, or in the world. */
  readonly spoil: (parameters: URLSearchParams, send: () => Promise<unknown>) => unknown;
}

const steps: readonly Step[] = [
  {
    number: 1,
    what: "a parameter twice",
    code: "signin.parameter_repeated",
    spoil: (parameters) => parameters.append("code", "another"),
  },
  {
    number: 2,
    what: "a state of nobody",
    code: "signin.state_unknown",
    spoil: (parameters) => parameters.set("state", "x".repeat(43)),
  },
  {
    number: 3,
    what: "a flow that ran out",
    code: "signin.state_expired",
    spoil: () => skip(minutes(10)),
  },
  {
    number: 4,
    what: "another issuer",
    code: "signin.issuer_rejected",
    spoil: (parameters) => parameters.set("iss", "https://evil.example"),
  },
  {
    number: 5,
    what: "an error of the provider",
    code: "signin.denied",
    spoil: (parameters) => parameters.set("error", "access_denied"),
  },
  { number: 6, what: "a flow that was used", code: "signin.flow_used", spoil: (_parameters, send) => send() },
  {
    number: 7,
    what: "a code that is refused",
    code: "signin.code_rejected",
    spoil: () => world.provider.script({ token: { status: 400, json: { error: "invalid_grant" } } }),
  },
  {
    number: 8,
    what: "an ID token of another request",
    code: "signin.id_token_invalid",
    spoil: () => {
      world.provider.tweaks.idTokenClaims = (claims) => ({ ...claims, nonce: "another" });
    },
  },
  {
    number: 9,
    what: "userinfo of somebody else",
    code: "signin.userinfo_invalid",
    spoil: () => world.provider.script({ userinfo: { json: { sub: "ben-2", email: "ben@example.com" } } }),
  },
];
const refusedByAccount = "account.domain_refused";

/** A browser that has been at the provider; what it would send, and what comes of it. */
async function backFromProvider(config: { allowedDomains?: string[]; flowLifetime?: string } = {}) {
  world = await createWorld({
    clock: createManualClock(),
    config: { signIn: { signUp: true, ...config } },
    provider: { claimsInIdToken: false },
  });
  const browser = world.browser();
  const callback = await world.approve(browser, "ann-1");
  // Kept by hand: a failed callback takes the flow's cookie away, and the next attempt must fail for its own reason.
  const cookie = browser.cookies.header(callback) ?? "";
  const send = async (url: string) => {
    const headers = { cookie, accept: "application/json" };
    const answer = await world.fetch(new Request(url, { headers }));
    const code = answer.status === 303 ? null : ((await answer.json()) as { code: string }).code;
    return { code, signedIn: answer.headers.getSetCookie().some((value) => value.startsWith("latchkey=")) };
  };
  return { callback, send };
}

describe("SI-9 the order of the callback", () => {
  test.each(steps)("SI-9.$number $what, and all that comes after it wrong too", async ({ number, code }) => {
    const { callback, send } = await backFromProvider({ allowedDomains: ["elsewhere.example"] });
    const wrong = new URL(callback);
    // The last step first: using the flow up has to happen while the flow is still good.
    const used = steps.filter((step) => step.number >= number && step.number === 6);
    for (const step of used) await step.spoil(wrong.searchParams, () => send(callback));
    const requests = world.provider.requests.length;
    for (const step of steps.filter((step) => step.number >= number && step.number !== 6)) {
      await step.spoil(wrong.searchParams, () => send(callback));
    }
    expect(await send(wrong.href)).toEqual({ code, signedIn: false });
    const asked = world.provider.requests.slice(requests).map(({ endpoint }) => endpoint);
    expect(asked.includes("token")).toBe(number >= 7);
    expect(asked.includes("userinfo")).toBe(number >= 9);
  });

  test("SI-9.10 AC-6 with every step right but the account's, it is the account that refuses", async () => {
    const { callback, send } = await backFromProvider({ allowedDomains: ["elsewhere.example"] });
    expect(await send(callback)).toEqual({ code: refusedByAccount, signedIn: false });
  });

  test.each(steps.filter(({ number }) => number < 6 && number !== 3))(
    "SI-9.6 $what leaves the flow unused: no row was written, and the honest answer still signs in",
    async ({ spoil, code }) => {
      const { callback, send } = await backFromProvider();
      const wrong = new URL(callback);
      await spoil(wrong.searchParams, () => send(callback));
      expect(await send(wrong.href)).toEqual({ code, signedIn: false });
      expect(await send(callback)).toEqual({ code: null, signedIn: true });
    },
  );

  test("SI-9.3 SI-8 a flow is good up to its tenth minute and not one millisecond longer", async () => {
    for (const [away, code] of [
      // It went on to the provider, whose code had run out long before.
      [milliseconds(minutes(10) - 1), "signin.code_rejected"],
      [minutes(10), "signin.state_expired"],
    ] as const) {
      const { callback, send } = await backFromProvider();
      await skip(away);
      expect((await send(callback)).code).toBe(code);
      expect(world.provider.requestsTo("token")).toHaveLength(code === "signin.code_rejected" ? 1 : 0);
      await world.close();
    }
  });

  test("SI-9.6 AT-20 a flow that was used stays used as long as it could live, whatever is cleaned up meanwhile", async () => {
    const { callback, send } = await backFromProvider({ flowLifetime: "30m" });
    expect((await send(callback)).signedIn).toBe(true);
    for (const pause of [11, 11, 7]) {
      await skip(minutes(pause));
      // The round of cleaning up that fell due is over when the store answers again.
      expect((await world.request("/readyz")).status).toBe(200);
      expect(await send(callback)).toEqual({ code: "signin.flow_used", signedIn: false });
    }
    expect(world.provider.requestsTo("token")).toHaveLength(1);
  });
});
