/** VA-13, VA-14, VA-16, EG-2: who gets which token, where it may go, and how it ends. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { openAdministration } from "../../src/administration.js";
import { resolveConfig } from "../../src/config/resolve.js";
import { silentLog } from "../../src/kernel/log.js";
import { days, minutes } from "../../src/kernel/time.js";
import { ConsentRequired } from "../../src/vault/consent-required.js";
import { auditTrail } from "../support/shared-file.js";
import { aVaultWorld, codeOf, connection, offline, type VaultWorld } from "./setting.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** An API on loopback that answers as it is told, and keeps what it was sent. */
async function anApi(
  answer: (seen: { token: string; path: string; method: string; body: string }) => {
    status: number;
    headers?: Record<string, string>;
  },
) {
  const seen: { token: string; path: string; method: string; body: string }[] = [];
  const read = async (request: IncomingMessage) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    return body;
  };
  const server = createServer(async (request, response) => {
    const token = String(request.headers.authorization ?? "").replace(/^Bearer /, "");
    const one = { token, path: request.url ?? "", method: request.method ?? "", body: await read(request) };
    seen.push(one);
    const { status, headers = {} } = answer(one);
    response.writeHead(status, headers).end(one.method === "HEAD" ? undefined : `${status}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  return { seen, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function administration(world: VaultWorld) {
  const resolved = resolveConfig(world.config);
  if (!resolved.ok) throw new Error("configuration");
  return openAdministration(resolved.value, { store: world.store, clock: world.clock, log: silentLog });
}

describe("VA-13 vault.fetch", () => {
  test("VA-13 EG-2 [option:providers.apiOrigins] adds the token inside the bounds and refuses everything else before a refresh", async () => {
    const api = await anApi(() => ({ status: 200 }));
    const other = await anApi(() => ({ status: 200 }));
    const world = await aVaultWorld({ providerConfig: { scopes: offline, apiOrigins: [api.origin] } });
    const fetchIt = world.latchkey.vault.fetch(world.mine);
    const { accessToken } = await world.latchkey.vault.accessToken(world.mine);
    const answer = await fetchIt(`${api.origin}/things?x=1`, {
      method: "PUT",
      body: "thing",
      headers: { Authorization: "Bearer somebody-else", Cookie: "a=b" },
    });
    expect([answer.status, await answer.text(), answer.url]).toEqual([200, "200", `${api.origin}/things?x=1`]);
    expect(api.seen).toEqual([{ token: accessToken, path: "/things?x=1", method: "PUT", body: "thing" }]);
    expect((await fetchIt(`${world.provider.issuer}/userinfo`)).status).toBe(200);

    await world.clock.advance(minutes(61));
    for (const url of [`${other.origin}/`, `${world.provider.issuer}/token`, "https://api.example/"]) {
      expect(await codeOf(fetchIt(url))).toBe("grant.url_refused");
    }
    expect(world.refreshes()).toBe(0);
    expect(other.seen).toEqual([]);
  });

  test("VA-13 EG-2 a redirect is followed inside the bounds, and refused out of them without the token", async () => {
    const other = await anApi(() => ({ status: 200 }));
    const api = await anApi(({ path }) =>
      path === "/in"
        ? { status: 307, headers: { location: Buffer.from("/ä").toString("latin1") } }
        : path === "/out"
          ? { status: 307, headers: { location: `${other.origin}/` } }
          : { status: 200 },
    );
    const world = await aVaultWorld({ providerConfig: { scopes: offline, apiOrigins: [api.origin] } });
    const fetchIt = world.latchkey.vault.fetch(world.mine);
    expect((await fetchIt(`${api.origin}/in`, { method: "POST", body: "x" })).url).toBe(`${api.origin}/%C3%A4`);
    expect(api.seen.at(-1)).toMatchObject({ path: "/%C3%A4", method: "POST", body: "x" });
    expect(await codeOf(fetchIt(`${api.origin}/out`))).toBe("grant.url_refused");
    expect((await fetchIt(`${api.origin}/out`, { redirect: "manual" })).status).toBe(307);
    expect(other.seen).toEqual([]);
  });

  test("VA-13 EG-3 a HEAD tells the size of a file that is too large to be fetched", async () => {
    const headers = { "content-type": "application/pdf", "content-length": "5000000" };
    const api = await anApi(({ method }) => (method === "HEAD" ? { status: 200, headers } : { status: 405 }));
    const world = await aVaultWorld({ providerConfig: { scopes: offline, apiOrigins: [api.origin] } });
    const answer = await world.latchkey.vault.fetch(world.mine)(`${api.origin}/file`, { method: "HEAD" });
    expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "5000000", ""]);
  });

  test("VA-13 a 401 makes one forced refresh and one retry; a stream is not sent twice", async () => {
    let refused = "";
    const api = await anApi(({ token }) => {
      refused ||= token;
      return { status: token === refused ? 401 : 200 };
    });
    const world = await aVaultWorld({ providerConfig: { scopes: offline, apiOrigins: [api.origin] } });
    const fetchIt = world.latchkey.vault.fetch(world.mine);
    const answer = await fetchIt(`${api.origin}/`, { method: "POST", body: "again" });
    expect(answer.status).toBe(200);
    expect(api.seen.map(({ body }) => body)).toEqual(["again", "again"]);
    expect(world.refreshes()).toBe(1);

    await world.clock.advance(minutes(1));
    refused = api.seen.at(-1)?.token ?? "";
    const body = new Blob(["once"]).stream();
    const streamed = await fetchIt(`${api.origin}/`, { method: "POST", body, duplex: "half" } as RequestInit);
    expect(streamed.status).toBe(401);
    expect(api.seen).toHaveLength(3);
    expect(world.refreshes()).toBe(2);
    expect((await fetchIt(`${api.origin}/`)).status).toBe(200);
  });

  test("VA-13 an API that refuses everybody gets one retry a call, and no chain of refreshes", async () => {
    const api = await anApi(() => ({ status: 401 }));
    const world = await aVaultWorld({ providerConfig: { scopes: offline, apiOrigins: [api.origin] } });
    const fetchIt = world.latchkey.vault.fetch(world.mine);
    for (let call = 0; call < 4; call++) expect((await fetchIt(`${api.origin}/`)).status).toBe(401);
    expect(world.refreshes()).toBe(1);
    expect(api.seen).toHaveLength(5);
  });

  test("VA-13 insufficient_scope is ConsentRequired with a link, and no refresh", async () => {
    const challenge = { "www-authenticate": 'Bearer error="insufficient_scope", scope="files.write"' };
    const api = await anApi(() => ({ status: 403, headers: challenge }));
    const world = await aVaultWorld({ providerConfig: { scopes: offline, apiOrigins: [api.origin] } });
    const failure = await world.latchkey.vault
      .fetch(world.mine)(`${api.origin}/`)
      .catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(ConsentRequired);
    expect(failure).toMatchObject({
      code: "grant.consent_required",
      connection,
      scopes: ["files.write"],
      connectUrl: world.url("/providers/fake/start"),
    });
    expect(world.refreshes()).toBe(0);
  });
});

describe("AT-14 who is switched off gets no token", () => {
  test("AT-14 AC-8 AC-20 VA-13 disabled, pending and deleted people are refused at once, on every node, from memory too", async () => {
    const world = await aVaultWorld();
    const second = await world.node();
    const ask = () =>
      Promise.all(
        [world.latchkey, second].map((node) => codeOf(node.vault.accessToken({ user: world.user, connection }))),
      );
    expect(await ask()).toEqual([undefined, undefined]);
    const operator = await administration(world);
    await operator.setRole(world.user, "pending");
    expect(await ask()).toEqual(["account.pending", "account.pending"]);
    await operator.setRole(world.user, "user");
    expect(await ask()).toEqual([undefined, undefined]);
    await operator.setDisabled(world.user, true);
    expect(await ask()).toEqual(["account.disabled", "account.disabled"]);
    await operator.setDisabled(world.user, false);
    // Its sessions ended, and their grants with them.
    expect(await ask()).toEqual(["grant.not_connected", "grant.not_connected"]);
    await operator.deleteUser(world.user);
    expect(await ask()).toEqual(["account.not_found", "account.not_found"]);
    expect(world.refreshes()).toBe(0);
  });

  test("AT-14 AC-8 while a refresh is out: the person is switched off, and nobody gets what it brings", async () => {
    const world = await aVaultWorld();
    const operator = await administration(world);
    world.provider.next("token", async (honest) => {
      await operator.setDisabled(world.user, true);
      return honest();
    });
    await world.clock.advance(minutes(61));
    expect(await codeOf(world.latchkey.vault.accessToken(world.mine))).toBe("account.disabled");
    expect(await world.grants()).toEqual([]);
  });

  test("AT-14 AC-8 AT-10 a provider that is disabled, gone, or another issuer now hands out nothing", async () => {
    const world = await aVaultWorld();
    const off = await world.node({}, { enabled: false });
    expect(await codeOf(off.vault.accessToken(world.mine))).toBe("grant.connection_disabled");
    expect(await codeOf(off.vault.accessToken({ ...world.mine, connection: "provider:other" }))).toBe(
      "grant.connection_unknown",
    );
    const elsewhere = await world.node({}, { issuer: "http://127.0.0.1:9/other" });
    expect(await codeOf(elsewhere.vault.accessToken(world.mine))).toBe("grant.not_connected");
  });

  test("VA-16 a session that is over, ended or run out, takes its grant along", async () => {
    const world = await aVaultWorld();
    const other = await world.signsIn();
    const ask = (session?: string) => world.latchkey.vault.accessToken({ user: world.user, connection, session });
    const [own, others] = [await ask(world.sessionId), await ask(other.session)];
    expect(own.accessToken).not.toBe(others.accessToken);
    expect((await ask()).accessToken).toBe(others.accessToken);
    await world.clock.skip(days(8));
    expect(await codeOf(ask(world.sessionId))).toBe("grant.not_connected");
    expect(world.refreshes()).toBe(0);
  });
});

describe("VA-14 disconnect", () => {
  test("VA-14 LO-5 deletes at once on every node, then revokes refresh and access token, and is audited", async () => {
    const world = await aVaultWorld();
    const second = await world.node();
    const changes: unknown[] = [];
    second.vault.subscribe((change) => changes.push(change));
    await second.vault.accessToken(world.mine);
    const { accessToken } = await world.latchkey.vault.accessToken(world.mine);
    const [grant] = await world.grants();
    expect(await world.latchkey.vault.list(world.user)).toMatchObject([
      { connection, status: "connected", reason: null },
    ]);
    expect(await world.latchkey.vault.disconnect({ user: world.user, connection })).toEqual({ ended: 1 });
    expect(await codeOf(second.vault.accessToken(world.mine))).toBe("grant.not_connected");
    expect(await world.latchkey.vault.list(world.user)).toEqual([]);
    await expect.poll(() => world.provider.requestsTo("revocation").length).toBe(2);
    const [first, then] = world.provider.requestsTo("revocation").map(({ form }) => form.get("token"));
    expect(first).toMatch(/^refresh-/);
    expect(then).toBe(accessToken);
    const [event] = (await auditTrail(world.store)).filter(({ type }) => type === "grant.disconnected");
    expect(event).toMatchObject({
      connection,
      actor: { kind: "user", id: world.user },
      target: { kind: "grant", id: grant?.id },
      data: { user: world.user },
    });
    await expect.poll(() => changes).toEqual([{ user: world.user, connection, status: "not_connected", reason: null }]);
    expect(await codeOf(world.latchkey.vault.disconnect({ user: world.user, connection }))).toBe("grant.not_connected");
  });
});
