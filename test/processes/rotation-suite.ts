/**
 * VA-4 with real processes: a server that signs people in, the command that seals ten thousand rows anew and is killed in
 * the middle, and somebody who refreshes grants all the while. Run on each database by rotation.test.ts.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { namedKeyId } from "../../src/crypto/keyring.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { GrantId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { milliseconds, systemClock } from "../../src/kernel/time.js";
import { countKeys } from "../../src/keys/count-keys.js";
import type { Store } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";
import { createBrowser } from "../../src/testing/browser.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { sealGrant } from "../../src/vault/sealed-grant.js";
import { latchkey } from "../doctor/process.js";
import { aKeyring, aSecret, contents, fill, rowsOf, tables } from "../keys/filling.js";
import { type Node, startNode } from "./start-node.js";

const rows = 10_000;
const base = "http://localhost:3000/auth";
const [old, newest] = [aSecret(), aSecret()];
const ring = aKeyring(newest, old);
const patiently = 180_000;

export function describeRotation(
  name: string,
  open: () => Promise<{ readonly database: string; drop(): Promise<void> }>,
): void {
  describe(`a rotation on ${name}`, () => {
    let database: Awaited<ReturnType<typeof open>>;
    let provider: FakeProvider;
    let folder: string;
    let config: ConfigInput;
    let store: Store;
    let node: Node;

    beforeAll(async () => {
      database = await open();
      provider = await startFakeProvider();
      folder = await mkdtemp(join(tmpdir(), "latchkey-rotation-"));
      config = {
        baseUrl: "http://localhost:3000",
        secrets: [newest.reveal(), old.reveal()],
        database: database.database,
        rateLimits: "off",
        signIn: { signUp: true },
        // One person signs in many times here, and none of the sessions may end.
        sessions: { maxPerUserAndProvider: 1_000 },
        egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
        providers: [
          {
            id: "fake",
            issuer: provider.issuer,
            clientId: provider.client.clientId,
            clientSecret: provider.client.clientSecret ?? null,
          },
        ],
      };
      await writeFile(join(folder, "latchkey.json"), JSON.stringify(config));
      const resolved = resolveConfig(config);
      if (!resolved.ok) throw new Error("configuration");
      const ports = { clock: systemClock, random: systemRandom, log: silentLog };
      store = await openStore(resolved.value.database, ports, { migrate: true });
      node = await startNode(config);
    }, patiently);
    afterAll(async () => {
      expect(await node.stop()).toBe("0");
      await store.close();
      await provider.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    });

    /** Until it is told to stop: signs people in, asks for their sessions, and refreshes grants with their version. */
    function goOn(grants: readonly GrantId[]) {
      let stopped = false;
      const browsers: ReturnType<typeof createBrowser>[] = [];
      const refreshed = new Map<string, string>();
      const statuses = new Set<number>();
      const sessionStatus = async (browser: (typeof browsers)[number]) => (await browser.get(`${base}/session`)).status;
      const people = (async () => {
        while (!stopped) {
          const browser = createBrowser(node.fetch);
          const page = await browser.get(`${base}/providers/fake/start?return_to=/auth/account`);
          expect(page.url).toBe(`${base}/account`);
          browsers.push(browser);
          statuses.add(await sessionStatus(browser));
        }
      })();
      const refreshes = (async () => {
        for (let turn = 0; !stopped; turn++) {
          const id = grants[(turn * 37) % grants.length];
          const grant = id && (await store.grants.byId(id));
          if (!grant) throw new Error("a grant is gone");
          // As a refresh does: read, work for a while, write if nobody else has.
          await systemClock.sleep(milliseconds(20));
          const tokens = {
            accessToken: `fresh ${turn}`,
            tokenType: "Bearer",
            refreshToken: null,
            idToken: null,
          } as const;
          const next = { ...grant, version: grant.version + 1, sealed: sealGrant(ring, grant, tokens) };
          expect(await store.transaction((tx) => tx.grants.replace(next, grant.version))).toBe(true);
          refreshed.set(grant.id, tokens.accessToken);
        }
      })();
      return {
        refreshed,
        async end() {
          stopped = true;
          await Promise.all([people, refreshes]);
          for (const browser of browsers) statuses.add(await sessionStatus(browser));
          return { signIns: browsers.length, statuses: [...statuses] };
        },
      };
    }

    test(
      "VA-4 AT-54 QU-16 killed in the middle and begun again: no row is lost, nothing is overwritten, everybody stays signed in",
      async () => {
        provider.signInAs([...provider.people.keys()][0] ?? null);
        const filled = await fill(store, aKeyring(old), rows);
        const grantIds = [...filled.grants.keys()] as GrantId[];
        const work = goOn(grantIds.slice(0, 200));
        // Forward from the middle: only the command reaches this row.
        const watched = grantIds[Math.floor(grantIds.length / 3)] as GrantId;
        const newestSealed = async () =>
          namedKeyId((await store.grants.byId(watched))?.sealed ?? "") === ring.keyIds()[0];

        const killed = latchkey(folder, ["keys", "rotate", "--batch", "50", "--json"]);
        await expect.poll(newestSealed, { timeout: patiently, interval: 1 }).toBe(true);
        killed.kill();
        expect(await killed.ended).toMatchObject({ code: null, out: "" });

        const between = await countKeys({ store, keyring: ring });
        expect(between.unopened.total).toBe(0);
        expect(between.configured[1]?.total).toBeGreaterThan(1_000);
        expect(between.configured[0]?.total).toBeGreaterThan(1_000);
        await expectNothingLost();

        const resumed = await latchkey(folder, ["keys", "rotate", "--batch", "200", "--json"]).ended;
        const { signIns, statuses } = await work.end();
        // On standard error a busy machine may say that the bus was late.
        expect(resumed).toMatchObject({ code: 0 });
        expect(JSON.parse(resumed.out)).toMatchObject({ end: "done", unopened: 0 });
        console.info(`${name}: ${JSON.parse(resumed.out).rowsPerSecond} rows/s, ${signIns} sign-ins meanwhile`);
        expect(statuses).toEqual([200]);
        expect(signIns).toBeGreaterThan(0);
        expect(work.refreshed.size).toBeGreaterThan(0);
        const after = await countKeys({ store, keyring: ring });
        expect([after.configured[1]?.total, after.unopened.total]).toEqual([0, 0]);
        await expectNothingLost(aKeyring(newest));

        async function expectNothingLost(keyring = ring): Promise<void> {
          for (const table of tables) {
            const found = await contents(store, keyring, table);
            for (const [id, content] of filled[table])
              if (!work.refreshed.has(id) || keyring !== ring)
                expect(found.get(id), `${table} ${id}`).toBe(work.refreshed.get(id) ?? content);
            expect([...found.values()]).not.toContain(undefined);
          }
        }
        // Swapped between two rows after the rotation, they do not open either.
        const [one, two] = await rowsOf(store, "grants");
        if (!one || !two) throw new Error("rows");
        await store.transaction((tx) =>
          tx.sealed.swap("grants", [{ id: one.id, expected: one.sealed, next: two.sealed }]),
        );
        expect((await contents(store, ring, "grants")).get(one.id)).toBeUndefined();
      },
      patiently,
    );
  });
}
