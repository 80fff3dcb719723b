/**
 * The setting of a row of faults: people who hold grants at a provider that judges, on a database, with two nodes that are
 * real processes. It is used for one fault after the other; whoever lost a grant signs in again before the next.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { announcingStore } from "../../src/bus/announcing-store.js";
import { openBus } from "../../src/bus/open-bus.js";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import { newId, type UserId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock, toInstant } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";
import type { GrantRecord } from "../../src/store/records.js";
import { createBrowser } from "../../src/testing/browser.js";
import { type FakeProvider, startFakeProvider } from "../../src/testing/fake-provider.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { startVaultNode, type VaultNode } from "../processes/start-vault-node.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import type { OwnServer } from "./own-servers.js";

export type Judge = "lenient" | "strict";
export type DatabaseName = "sqlite" | "postgres" | "postgres+redis";

export interface Holder {
  readonly sub: string;
  readonly user: string;
  readonly session: string;
  readonly connection: string;
}

export interface FaultSetting {
  readonly judge: Judge;
  readonly database: DatabaseName;
  readonly config: ConfigInput;
  readonly provider: FakeProvider;
  readonly store: Store;
  /** The file of SQLite; undefined on Postgres. */
  readonly file: string | undefined;
  readonly postgres: OwnServer | undefined;
  readonly redis: OwnServer | undefined;
  readonly nodes: readonly VaultNode[];
  readonly people: readonly Holder[];
  grantOf(holder: Holder): Promise<GrantRecord | undefined>;
  /** Ends everybody's access token. @returns how many */
  expireAll(): Promise<number>;
  refreshes(): number;
  /** Signs those in again who have no active grant, and ends what else they have. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

const connection = "provider:fake";

export async function aFaultSetting(
  judge: Judge,
  database: DatabaseName,
  servers: { readonly postgres?: OwnServer | undefined; readonly redis?: OwnServer | undefined },
  how: { readonly people: number; readonly vault: ConfigInput["vault"] },
): Promise<FaultSetting> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-faults-"));
  const postgres = database === "sqlite" ? undefined : servers.postgres;
  const redis = database === "postgres+redis" ? servers.redis : undefined;
  const onPostgres = postgres && (await createTestDatabase(postgres.url));
  const file = postgres ? undefined : join(folder, "latchkey.db");
  const subs = Array.from({ length: how.people }, (_, number) => `person-${number}`);
  const provider = await startFakeProvider({
    accessTokenLifetime: 600,
    rotation: judge === "strict" ? "rotate" : "lenient",
    people: subs.map((sub) => ({ sub, email: `${sub}@example.com`, name: sub })),
  });
  const config: ConfigInput = {
    baseUrl: "http://localhost:3000",
    secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
    database: onPostgres?.url ?? `sqlite:${file}`,
    ...(redis ? { bus: redis.url } : {}),
    rateLimits: "off",
    signIn: { signUp: true },
    roles: { default: "user" },
    egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
    vault: { leaseTtl: "2s", ...how.vault },
    providers: [
      {
        id: "fake",
        issuer: provider.issuer,
        clientId: provider.client.clientId,
        clientSecret: provider.client.clientSecret ?? null,
        scopes: ["openid", "email", "profile", "offline_access"],
      },
    ],
  };
  const resolved = resolveConfig(config);
  if (!resolved.ok) throw new Error("configuration");
  const people: Holder[] = [];

  async function signIn(subs: readonly string[]): Promise<void> {
    const front = await createLatchkey({ ...config, ports: { log: silentLog } });
    for (const sub of subs) {
      const browser = createBrowser((request) =>
        new URL(request.url).port === "3000" ? front.fetch(request) : loopbackFetch(request),
      );
      provider.signInAs(sub);
      await browser.get("http://localhost:3000/auth/providers/fake/start");
      const page = await browser.get("http://localhost:3000/auth/session");
      const body = JSON.parse(page.text) as { user: { id: string }; session: { id: string } };
      const holder = { sub, user: body.user.id, session: body.session.id, connection };
      const known = people.findIndex((one) => one.sub === sub);
      if (known === -1) people.push(holder);
      else people[known] = holder;
    }
    await front.close();
  }
  await signIn(subs);
  const store = await openStore(resolved.value.database, { clock: systemClock, random: systemRandom, log: silentLog });
  const bus = await openBus(
    { clock: systemClock, log: silentLog },
    {
      bus: resolved.value.bus,
      database: resolved.value.database,
      prefix: resolved.value.busPrefix,
      node: newId(systemClock.now(), systemRandom),
      sequence: () => 0,
    },
  );
  const told = announcingStore(store, () => void bus?.publish());
  const nodes = await Promise.all([startVaultNode(config), startVaultNode(config)]);

  async function grantOf({ user, session }: Holder): Promise<GrantRecord | undefined> {
    return (await store.grants.ofUser(user as UserId)).find(({ sessionId }) => sessionId === session);
  }
  return {
    judge,
    database,
    config,
    provider,
    store,
    file,
    postgres,
    redis,
    nodes,
    people,
    grantOf,
    async expireAll() {
      let expired = 0;
      for (const holder of people) {
        const grant = await grantOf(holder);
        if (grant?.status !== "active") continue;
        const now = systemClock.now();
        const times = { issuedAt: toInstant(now - 3_600_000), expiresAt: toInstant(now - 1) };
        // A node's memory still has the old end, so it is told, as of any change.
        await told.transaction(async (tx) => {
          await tx.grants.replace({ ...grant, ...times, version: grant.version + 1 }, grant.version);
          await tx.announcements.append("user", grant.userId, now);
        });
        expired++;
      }
      if (bus) await new Promise((resolve) => setTimeout(resolve, 500));
      return expired;
    },
    refreshes: () =>
      provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length,
    async heal() {
      const lost: string[] = [];
      for (const holder of people) if ((await grantOf(holder))?.status !== "active") lost.push(holder.sub);
      if (lost.length > 0) await signIn(lost);
      // A sign-in that was killed once it was committed leaves a session behind, with a grant that would answer for one
      // that a later fault ends (VA-16): the judge would wait for a refusal that nobody has to hear.
      for (const { user, session } of people) {
        const others = (await store.sessions.ofUser(user as UserId)).filter(({ id }) => id !== session);
        for (const { id } of others) {
          await told.transaction(async (tx) => {
            const grants = (await tx.grants.ofUser(user as UserId)).filter(({ sessionId }) => sessionId === id);
            for (const grant of grants) await tx.grants.delete(grant.id);
            await tx.sessions.delete(id);
            await tx.announcements.append("session", id, systemClock.now());
          });
        }
      }
    },
    async close() {
      await Promise.all(nodes.map((node) => node.stop()));
      await bus?.close();
      await store.close();
      await provider.stop();
      await onPostgres?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
