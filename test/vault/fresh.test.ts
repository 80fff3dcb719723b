/** VA-6 to VA-9 through the library: one token asked for, one clock moved on, and what the provider saw. */
import { describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { minutes, seconds, toInstant } from "../../src/kernel/time.js";
import { openGrant } from "../../src/vault/sealed-grant.js";
import { auditTrail } from "../support/shared-file.js";
import { aVaultWorld, codeOf, connection, keyringOf, type VaultWorld } from "./setting.js";

test("VA-6 VA-13 a fresh token is answered as it is, without a request, and from memory the second time", async () => {
  const world = await aVaultWorld();
  const first = await world.latchkey.vault.accessToken(world.mine);
  expect(first).toMatchObject({ tokenType: "Bearer", scopes: ["openid", "email", "profile", "offline_access"] });
  expect(first.expiresAt?.getTime()).toBe(world.clock.now() - 1_000 + 3_600_000);
  expect(await world.latchkey.vault.accessToken(world.mine)).toEqual(first);
  expect(world.refreshes()).toBe(0);
});

test("VA-6 VA-8 within the margin it is refreshed first, once, and the row has the new token before anybody else", async () => {
  const world = await aVaultWorld();
  const first = await world.latchkey.vault.accessToken(world.mine);
  const [before] = await world.grants();
  await world.clock.advance(minutes(56));
  const [a, b] = await Promise.all([
    world.latchkey.vault.accessToken(world.mine),
    world.latchkey.vault.accessToken({ user: world.user, connection }),
  ]);
  expect(a.accessToken).not.toBe(first.accessToken);
  expect(b.accessToken).toBe(a.accessToken);
  expect(world.refreshes()).toBe(1);
  const [after] = await world.grants();
  expect(after?.sealed).not.toBe(before?.sealed);
  expect(after).toMatchObject({
    status: "active",
    leaseOwner: null,
    lastFailureCode: null,
    lastRefreshAt: world.clock.now(),
  });
  // Rotated: the next one goes with the new refresh token.
  await world.clock.advance(minutes(56));
  await world.latchkey.vault.accessToken(world.mine);
  expect(world.refreshes()).toBe(2);
});

test("VA-6 LO-3 who asks after a sign-out is not answered with what was asked for just before it", async () => {
  const world = await aVaultWorld({ config: { roles: { default: "user" }, vault: { callerWait: "3s" } } });
  let answer = (): void => {};
  const answering = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world.provider.script({ token: () => answering.then(() => ({ status: 503 })) });
  await world.clock.advance(minutes(56));
  const before = codeOf(world.latchkey.vault.accessToken(world.mine));
  await expect.poll(() => world.refreshes()).toBe(1);
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  const operator = await openAdministration(resolved.value, {
    store: world.store,
    clock: world.clock,
    log: silentLog,
  });
  await operator.signOutUser(world.user);
  const after = codeOf(world.latchkey.vault.accessToken(world.mine));
  // At once, and not when the wait of the caller before it is over.
  expect(await after).toBe("grant.not_connected");
  await world.clock.advance(seconds(3));
  expect(await before).toBe("grant.not_connected");
  answer();
});

test("VA-6 VA-7 of two people who ask at once, in turns, each gets their own token, and an answer that nobody else holds", async () => {
  const world = await aVaultWorld();
  const ben = await world.signsIn("ben-2");
  const theirs = { user: ben.user, session: ben.session, connection };
  await world.clock.advance(minutes(56));
  const asking = Array.from({ length: 40 }, (_, turn) => (turn % 2 === 0 ? world.mine : theirs));
  const answers = await Promise.all(asking.map((who) => world.latchkey.vault.accessToken(who)));
  expect(world.refreshes()).toBe(2);
  const of = (who: typeof theirs) => answers.filter((_, turn) => asking[turn] === who);
  const [anns, bens] = [of(world.mine), of(theirs)].map((all) => new Set(all.map(({ accessToken }) => accessToken)));
  expect([anns?.size, bens?.size]).toEqual([1, 1]);
  expect(anns).not.toEqual(bens);
  answers[0]?.expiresAt?.setTime(0);
  expect(answers[2]?.expiresAt?.getTime()).toBeGreaterThan(world.clock.now());
  expect(new Set(answers).size).toBe(40);
});

test("VA-7 VA-16 one object that is used again for somebody else gets that person's token, not the first one's", async () => {
  const world = await aVaultWorld();
  const ben = await world.signsIn("ben-2");
  await world.clock.advance(minutes(56));
  const who = { ...world.mine };
  const anns = world.latchkey.vault.accessToken(who);
  Object.assign(who, { user: ben.user, session: ben.session });
  const bens = world.latchkey.vault.accessToken(who);
  const [a, b] = await Promise.all([anns, bens]);
  expect(a.accessToken).not.toBe(b.accessToken);
  expect(await world.latchkey.vault.accessToken(world.mine)).toMatchObject({ accessToken: a.accessToken });
  expect(await world.latchkey.vault.accessToken(who)).toMatchObject({ accessToken: b.accessToken });
});

describe("what a failed refresh means", () => {
  test("VA-9 AT-32 a provider that answers 503 ends nothing: the valid token is served, then 503 of our own", async () => {
    const world = await aVaultWorld();
    const first = await world.latchkey.vault.accessToken(world.mine);
    world.provider.script({ token: { status: 503, headers: { "Retry-After": "20" } } });
    await world.clock.advance(minutes(56));
    for (let call = 0; call < 5; call++) {
      expect((await world.latchkey.vault.accessToken(world.mine)).accessToken).toBe(first.accessToken);
    }
    expect(world.refreshes()).toBe(1);
    await world.clock.advance(seconds(19));
    await world.latchkey.vault.accessToken(world.mine);
    expect(world.refreshes()).toBe(1);
    await world.clock.advance(minutes(5));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.refresh_unavailable");
    expect((await world.grants())[0]).toMatchObject({ status: "active", lastFailureCode: "status_503" });
    world.provider.reset();
    await world.clock.advance(minutes(6));
    expect((await world.latchkey.vault.accessToken(world.mine)).accessToken).not.toBe(first.accessToken);
  });

  test.each(["invalid_grant", "consent_required"])(
    "VA-9 SI-24 %s ends the grant: row kept with its reason, audited, told",
    async (error) => {
      const world = await aVaultWorld();
      const changes: unknown[] = [];
      world.latchkey.vault.subscribe((change) => changes.push(change));
      world.provider.script({ token: { status: 400, json: { error, error_description: "says it all" } } });
      await world.clock.advance(minutes(56));
      const failure = world.latchkey.vault.accessToken(world.mine);
      await expect(failure).rejects.toMatchObject({ code: "grant.needs_reconnect", data: { reason: error } });
      expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.needs_reconnect");
      expect(world.refreshes()).toBe(1);
      expect((await world.grants())[0]).toMatchObject({
        status: "needs_reconnect",
        statusReason: error,
        leaseOwner: null,
      });
      const [event] = (await auditTrail(world.store)).filter(({ type }) => type === "grant.needs_reconnect");
      expect(event).toMatchObject({
        connection,
        code: "grant.needs_reconnect",
        data: { reason: error, user: world.user },
      });
      await expect
        .poll(() => changes)
        .toEqual([{ user: world.user, connection, status: "needs_reconnect", reason: error }]);
      const [held] = await world.latchkey.vault.list(world.user);
      expect(held).toMatchObject({ connection, name: "Fake", status: "needs_reconnect", reason: error });
      // A sign-in makes a new one.
      world.provider.reset();
      const again = await world.signsIn();
      expect(await world.latchkey.vault.accessToken({ ...world.mine, session: again.session })).toBeTruthy();
    },
  );

  test.each([
    ["invalid_client", "grant.client_rejected"],
    ["invalid_scope", "grant.provider_refused"],
  ] as const)(
    "VA-9 %s is the operator's: grants stay, nobody asks again before its time or a change",
    async (error, code) => {
      const world = await aVaultWorld({ provider: { accessTokenLifetime: 600 } });
      world.provider.script({ token: { status: 400, json: { error } } });
      await world.clock.advance(seconds(550));
      const kept = await world.latchkey.vault.accessToken(world.mine);
      expect(kept.accessToken).toMatch(/^access-/);
      await world.clock.advance(minutes(1));
      expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe(code);
      expect(world.refreshes()).toBe(1);
      expect((await world.grants())[0]).toMatchObject({ status: "active" });
      const failures = (await auditTrail(world.store)).filter(({ type }) => type === "grant.refresh_failed");
      expect(failures.map((event) => [event.code, event.data["reason"]])).toEqual([[code, error]]);
      // The same client on another node asks no more than this one; a changed one asks at once.
      const same = await world.node();
      expect(await codeOf(same.vault.accessToken(world.mine))).toBe(code);
      expect(world.refreshes()).toBe(1);
      world.provider.reset();
      const changed = await world.node({}, { tokenEndpointAuthMethod: "client_secret_post" });
      expect((await changed.vault.accessToken(world.mine)).accessToken).not.toBe(kept.accessToken);
      expect(world.refreshes()).toBe(2);
    },
  );

  test("VA-9 a grant of another client than the one that is configured now is neither refreshed nor ended", async () => {
    const world = await aVaultWorld();
    const first = await world.latchkey.vault.accessToken(world.mine);
    const changed = await world.node({}, { clientId: "another" });
    await world.clock.advance(minutes(56));
    expect((await changed.vault.accessToken(world.mine)).accessToken).toBe(first.accessToken);
    await world.clock.advance(minutes(5));
    expect(await codeOf(changed.vault.accessToken(world.mine))).toBe("grant.provider_refused");
    expect(world.refreshes()).toBe(0);
    expect(await world.grants()).toMatchObject([{ status: "active" }]);
    expect((await world.latchkey.vault.accessToken(world.mine)).accessToken).not.toBe(first.accessToken);
  });

  test("VA-9 the operator is told by a metric what became of refreshes, by connection", async () => {
    const world = await aVaultWorld({ provider: { accessTokenLifetime: 600 } });
    const refreshed = async () => {
      const text = await (await world.request("/metrics")).text();
      return text.split("\n").filter((line) => line.startsWith("latchkey_refreshes_total{"));
    };
    expect(await refreshed()).toEqual([]);
    await world.clock.advance(seconds(550));
    await world.latchkey.vault.accessToken(world.mine);
    world.provider.script({ token: { status: 401, json: { error: "invalid_client" } } });
    await world.clock.advance(seconds(550));
    await world.latchkey.vault.accessToken(world.mine);
    expect((await refreshed()).sort()).toEqual([
      'latchkey_refreshes_total{connection="provider:fake",outcome="client_fault"} 1',
      'latchkey_refreshes_total{connection="provider:fake",outcome="refreshed"} 1',
    ]);
  });

  test("VA-9 a configuration fault is tried again after an hour by itself", async () => {
    const world = await aVaultWorld();
    world.provider.script({ token: { status: 400, json: { error: "invalid_request" } } });
    await world.clock.advance(minutes(61));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.provider_refused");
    world.provider.reset();
    await world.clock.advance(minutes(59));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.provider_refused");
    await world.clock.advance(minutes(2));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBeUndefined();
    expect(world.refreshes()).toBe(2);
  });

  test("VA-9 AT-30 a connection that dies after the request: the same token once more after a second, and that answer counts", async () => {
    const world = await aVaultWorld({ provider: { rotation: "lenient" } });
    world.provider.next("token", { raw: (request) => void request.socket.destroy() });
    await world.clock.advance(minutes(56));
    const asked = world.latchkey.vault.accessToken(world.mine);
    await expect.poll(() => world.refreshes()).toBe(1);
    await expect.poll(() => world.log.text()).toContain("sent once more");
    await world.clock.advance(seconds(1));
    expect((await asked).accessToken).toMatch(/^access-/);
    const sent = world.provider.requestsTo("token").map(({ form }) => form.get("refresh_token"));
    expect(sent.at(-1)).toBe(sent.at(-2));
    expect(sent.at(-1)).toMatch(/^refresh-/);
  });

  test("VA-9 VA-10 twice no answer is transient; a later invalid_grant has the reason that nobody could be sure", async () => {
    const world = await aVaultWorld();
    const dies = { raw: (request: { socket: { destroy(): void } }) => void request.socket.destroy() };
    world.provider.next("token", dies);
    world.provider.next("token", dies);
    await world.clock.advance(minutes(61));
    const failed = codeOf(world.latchkey.vault.accessToken(world.mine));
    await expect.poll(() => world.log.text()).toContain("sent once more");
    await world.clock.advance(seconds(1));
    expect(await failed).toBe("grant.refresh_unavailable");
    expect((await world.grants())[0]).toMatchObject({ status: "active", lastFailureCode: "ambiguous_refresh" });
    // A failure in between does not make anybody surer.
    world.provider.next("token", { status: 503 });
    await world.clock.advance(minutes(1));
    await codeOf(world.latchkey.vault.accessToken(world.mine));
    world.provider.next("token", { status: 400, json: { error: "invalid_grant" } });
    await world.clock.advance(minutes(6));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.needs_reconnect");
    expect((await world.grants())[0]?.statusReason).toBe("ambiguous_refresh");
  });

  test("VA-9 without a refresh token it is served until its end, and then needs_reconnect without a request", async () => {
    const world = await aVaultWorld({ providerConfig: { scopes: ["openid", "email"] } });
    await world.clock.advance(minutes(59));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBeUndefined();
    await world.clock.advance(minutes(1));
    await expect(world.latchkey.vault.accessToken(world.mine)).rejects.toMatchObject({
      code: "grant.needs_reconnect",
      data: { reason: "no_refresh_token" },
    });
    expect(world.refreshes()).toBe(0);
  });
});

describe("VA-8 what a refresh answer may change", () => {
  test("VA-8 AT-31 an empty refresh token, no scope and no ID token leave the old ones", async () => {
    const world = await aVaultWorld({ provider: { rotation: "keep" } });
    const first = await world.latchkey.vault.accessToken(world.mine);
    world.provider.tweaks.tokenAnswer = (answer) => ({
      ...answer,
      refresh_token: "",
      scope: undefined,
      id_token: undefined,
    });
    for (let round = 1; round <= 3; round++) {
      await world.clock.advance(minutes(56));
      expect((await world.latchkey.vault.accessToken(world.mine)).scopes).toEqual(first.scopes);
    }
    const sent = world.provider
      .requestsTo("token")
      .slice(-3)
      .map(({ form }) => form.get("refresh_token"));
    expect(new Set(sent).size).toBe(1);
    const grant = (await world.grants())[0];
    expect(grant && openGrant(keyringOf(world), grant)?.idToken).toMatch(/^ey/);
  });

  test.each([
    ["sub", { sub: "ben-2" }],
    ["iss", { iss: "https://other.example" }],
    // Expired as well: who it is about comes first.
    ["sub", { sub: "ben-2", exp: 1 }],
  ])("VA-8 an ID token with another %s ends the grant, and the new tokens are revoked", async (claim, claims) => {
    const world = await aVaultWorld();
    world.provider.tweaks.idTokenClaims = (honest) => ({ ...honest, ...claims });
    await world.clock.advance(minutes(56));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.needs_reconnect");
    expect((await world.grants())[0]).toMatchObject({
      status: "needs_reconnect",
      statusReason: `id_token_other_${claim}`,
    });
    await expect.poll(() => world.provider.requestsTo("revocation").length).toBe(2);
  });

  test.each([
    ["a signature that does not fit", (jwt: string) => `${jwt.slice(0, -8)}AAAAAAAA`],
    ["no JWT", () => "garbage"],
  ])("VA-8 an ID token with %s is dropped, and nothing else", async (_what, spoil) => {
    const world = await aVaultWorld();
    const [before] = await world.grants();
    const kept = before && openGrant(keyringOf(world), before)?.idToken;
    world.provider.tweaks.idToken = spoil;
    await world.clock.advance(minutes(56));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBeUndefined();
    const [after] = await world.grants();
    expect(after).toMatchObject({ status: "active", lastRefreshAt: world.clock.now() });
    expect(after && openGrant(keyringOf(world), after)?.idToken).toBe(kept);
  });

  test.each([
    ["aud", { aud: ["latchkey", "another"], azp: "latchkey" }],
    ["auth_time", { auth_time: 1 }],
    ["nonce", { nonce: "another" }],
    ["expired", { exp: 1 }],
  ])("VA-8 an ID token that differs in %s is dropped, the tokens stay", async (_what, claims) => {
    const world = await aVaultWorld();
    const [before] = await world.grants();
    world.provider.tweaks.idTokenClaims = (honest) => ({ ...honest, ...claims });
    await world.clock.advance(minutes(56));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBeUndefined();
    const [after] = await world.grants();
    expect(after && openGrant(keyringOf(world), after)?.idToken).toBe(
      before && openGrant(keyringOf(world), before)?.idToken,
    );
  });

  test("VA-8 a new ID token of the same person is kept", async () => {
    const world = await aVaultWorld();
    const [before] = await world.grants();
    await world.clock.advance(minutes(56));
    await world.latchkey.vault.accessToken(world.mine);
    const [after] = await world.grants();
    const [old, fresh] = [before, after].map((grant) => grant && openGrant(keyringOf(world), grant)?.idToken);
    expect(fresh).toMatch(/^ey/);
    expect(fresh).not.toBe(old);
  });

  test("VA-8 200 with an error is an error, and a token type that we cannot present is refused", async () => {
    const world = await aVaultWorld();
    world.provider.next("token", {
      status: 200,
      json: { error: "invalid_grant", access_token: "x", token_type: "Bearer" },
    });
    await world.clock.advance(minutes(56));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("grant.needs_reconnect");
    const other = await world.signsIn();
    const asked = { ...world.mine, session: other.session };
    world.provider.tweaks.tokenAnswer = (answer) => ({ ...answer, token_type: "mac" });
    await world.clock.advance(minutes(61));
    expect(await codeOf(world.latchkey.vault.accessToken(asked))).toBe("grant.refresh_unavailable");
  });
});

describe("VA-10 moments that were written by a clock that has been set back since", () => {
  /** A failure holds for hours, as the row says, and began at `began`. */
  async function heldFrom(world: VaultWorld, began: number): Promise<void> {
    const [grant] = await world.grants();
    if (!grant) throw new Error("no grant");
    const held = {
      ...grant,
      lastFailureCode: "status_503",
      updatedAt: toInstant(began),
      nextAttemptAt: toInstant(began + minutes(120)),
      version: grant.version + 1,
    };
    await world.store.transaction(async (tx) => {
      await tx.grants.replace(held, grant.version);
      await tx.announcements.append("user", grant.userId, world.clock.now());
    });
  }

  test.each([
    ["an hour ahead of now is not believed", minutes(60), 1],
    ["half a minute ahead of now is: clocks differ", seconds(30), 0],
  ])("VA-10 VA-9 a pause that began %s, with a token that is valid and one that is not", async (_why, ahead, asked) => {
    const world = await aVaultWorld();
    const first = await world.latchkey.vault.accessToken(world.mine);
    await world.clock.advance(minutes(56));
    await heldFrom(world, world.clock.now() + ahead);
    const answer = await world.latchkey.vault.accessToken(world.mine);
    expect(world.refreshes()).toBe(asked);
    expect(answer.accessToken === first.accessToken).toBe(asked === 0);

    await world.clock.advance(minutes(65));
    await heldFrom(world, world.clock.now() + ahead);
    const code = await codeOf(world.latchkey.vault.accessToken(world.mine));
    expect(code).toBe(asked === 0 ? "grant.refresh_unavailable" : undefined);
    expect(world.refreshes()).toBe(2 * asked);
  });
});

describe("VA-6 an unknown end", () => {
  test("VA-6 VA-7 a token that another node has replaced long ago is reported, and costs no second refresh", async () => {
    const world = await aVaultWorld();
    const second = await world.node();
    const { accessToken: old } = await second.vault.accessToken(world.mine);
    await world.clock.advance(minutes(56));
    const { accessToken } = await world.latchkey.vault.accessToken(world.mine);
    await world.clock.advance(minutes(2));
    expect((await second.vault.reportRejected({ ...world.mine, accessToken: old })).accessToken).toBe(accessToken);
    expect(world.refreshes()).toBe(1);
  });

  test("VA-6 VA-9 is used until a rejection is reported, which makes one refresh, however many report it", async () => {
    const world = await aVaultWorld({ provider: { rotation: "rotate" } });
    world.provider.tweaks.tokenAnswer = (answer) => ({ ...answer, expires_in: undefined });
    const { session } = await world.signsIn();
    const mine = { ...world.mine, session };
    const first = await world.latchkey.vault.accessToken(mine);
    expect(first.expiresAt).toBeNull();
    await world.clock.advance(minutes(600));
    expect(await world.latchkey.vault.accessToken(mine)).toEqual(first);
    const report = () => world.latchkey.vault.reportRejected({ ...mine, accessToken: first.accessToken });
    const next = await Promise.all([report(), report(), report()]);
    expect(new Set(next.map(({ accessToken }) => accessToken)).size).toBe(1);
    expect(next[0]?.accessToken).not.toBe(first.accessToken);
    expect(world.refreshes()).toBe(1);
    // It is not the current one any more; and a new one that is refused at once does not start a chain.
    await report();
    await world.latchkey.vault.reportRejected({ ...mine, accessToken: next[0]?.accessToken ?? "" });
    expect(world.refreshes()).toBe(1);
  });

  test("VA-6 VA-9 a rejected one is over also when no new one is to be had", async () => {
    const world = await aVaultWorld();
    world.provider.tweaks.tokenAnswer = (answer) => ({ ...answer, expires_in: undefined });
    const { session } = await world.signsIn();
    const mine = { ...world.mine, session };
    const { accessToken } = await world.latchkey.vault.accessToken(mine);
    world.provider.script({ token: { status: 503 } });
    expect(await codeOf(world.latchkey.vault.reportRejected({ ...mine, accessToken }))).toBe(
      "grant.refresh_unavailable",
    );
    expect(await codeOf(world.latchkey.vault.accessToken(mine))).toBe("grant.refresh_unavailable");
    expect(await codeOf((await world.node()).vault.accessToken(mine))).toBe("grant.refresh_unavailable");
  });
});

describe("VA-11 the request", () => {
  test("VA-11 goes out as the client is registered, with no scope and no resource unless asked for", async () => {
    const world = await aVaultWorld();
    await world.clock.advance(minutes(56));
    await world.latchkey.vault.accessToken(world.mine);
    const request = world.provider.requestsTo("token").at(-1);
    expect([...(request?.form.keys() ?? [])].sort()).toEqual(["grant_type", "refresh_token"]);
    expect(request?.headers["authorization"]).toMatch(/^Basic /);
  });
});
