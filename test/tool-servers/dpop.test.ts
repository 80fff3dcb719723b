/** TS-22: tokens that are bound to a key, against a server that checks every proof by the RFC's list. */
import { describe, expect, test } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { type Clock, seconds, systemClock } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { createSharedWorld } from "../support/shared-file.js";
import { type BoundServer, startBoundServer } from "./bound-server.js";
import { closeLater, errorOf } from "./connect-setting.js";

type Entry = NonNullable<ConfigInput["toolServers"]>[number];
const connection = "tool:notes";

const nightly = {
  id: "nightly",
  secret: "a-secret-of-this-test-alone-Kd83hs7Qp",
  connections: [connection],
  offline: true,
};

async function aBoundWorld(server: BoundServer, entry: Partial<Entry> = {}, clock: Clock = systemClock) {
  const world = await createSharedWorld({
    clock,
    config: {
      roles: { default: "user" },
      services: [nightly],
      toolServers: [{ id: "notes", url: server.url, ...entry }],
    },
  });
  closeLater(() => world.close());
  const browser = world.browser();
  await world.signIn(browser, "ann-1");
  const user = (await world.session(browser)).body.user?.id ?? "";
  const connect = () => browser.get(world.url("/connections/notes/start"));
  const use = (query = "") =>
    world.latchkey.toolServers.fetch({ user, connection })(`${server.url}${query}`, {
      method: "POST",
      body: '{"method":"notes"}',
    });
  return { world, user, connect, use };
}

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "fine",
    (thrown: { code?: unknown }) => thrown.code,
  );

describe("a token that is bound to a key", () => {
  test("TS-22 one key for the grant and a fresh proof for each request, over three refreshes and changing nonces", async () => {
    const clock = createManualClock();
    const server = await startBoundServer({ lifetime: 100, clock });
    const { connect, use, world, user } = await aBoundWorld(server, {}, clock);
    server.nonce = { token: "t0", resource: "r0" };
    expect(errorOf(await connect())).toBeNull();
    for (let round = 1; round <= 3; round++) {
      expect((await use("?page=1#there")).status).toBe(200);
      expect((await use()).status).toBe(200);
      server.nonce = { token: `t${round}`, resource: `r${round}` };
      await clock.advance(seconds(110));
    }
    expect((await use()).status).toBe(200);
    expect(server.grantTypes).toEqual(["authorization_code", "refresh_token", "refresh_token", "refresh_token"]);
    expect(server.refused).toEqual([]);
    expect(new Set(server.proofs.map(({ thumbprint }) => thumbprint)).size).toBe(1);
    expect(new Set(server.proofs.map(({ htu }) => htu))).toEqual(
      new Set([server.url, server.url.replace("/mcp", "/token")]),
    );
    // Each new nonce costs one request more: the origin is one, so the tool server's and the token endpoint's take turns.
    expect(server.proofs.at(-1)?.nonce).toBe("r3");
    const [grant] = await world.store.grants
      .ofUser(user as never)
      .then((all) => all.filter((one) => one.connection === connection));
    // A nonce is no failure.
    expect(grant).toMatchObject({ status: "active", lastFailureCode: null });
    expect(grant?.sealed).not.toContain("DPoP");
  });

  test("TS-22 it leaves only through toolServers.fetch: the vault hands it to nobody", async () => {
    const server = await startBoundServer();
    const { connect, use, world, user } = await aBoundWorld(server);
    await connect();
    const { vault, toolServers } = world.latchkey;
    expect(await code(vault.accessToken({ user, connection }))).toBe("grant.token_bound");
    expect(await code(vault.fetch({ user, connection })(server.url))).toBe("grant.token_bound");
    expect(await code(toolServers.authProvider({ user, connection }).token())).toBe("grant.token_bound");
    const body = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token: user,
      subject_token_type: "urn:latchkey:token-type:user-id",
      audience: connection,
    });
    const authorization = `Basic ${btoa(`${nightly.id}:${nightly.secret}`)}`;
    const exchanged = await world.request("/token", { method: "POST", body, headers: { authorization } });
    expect(await exchanged.json()).toMatchObject({ error: "invalid_target", code: "grant.token_bound" });
    expect(await (await use()).json()).toEqual({ scheme: "DPoP" });
  });

  test("TS-22 [option:toolServers.dpop] auto binds where both say so, never does not, always takes nothing else", async () => {
    const schemes: unknown[] = [];
    for (const [dpop, announces] of [
      ["auto", true],
      ["auto", false],
      ["never", true],
      ["always", false],
    ] as const) {
      const server = await startBoundServer();
      server.announces = announces;
      const { connect, use } = await aBoundWorld(server, { dpop });
      await connect();
      schemes.push(((await (await use()).json()) as { scheme: unknown }).scheme);
    }
    expect(schemes).toEqual(["DPoP", "Bearer", "Bearer", "DPoP"]);
  });

  test("TS-22 always: a server that answers with a bearer token is refused, and nothing is stored", async () => {
    const server = await startBoundServer();
    // A proof that it does not understand: an old server passes the header over.
    const { connect, use } = await aBoundWorld(server, { dpop: "always" });
    server.ignoresProofs = true;
    expect(errorOf(await connect())).toBe("connect.token_answer_invalid");
    expect(await code(use())).toBe("grant.not_connected");
  });
});
