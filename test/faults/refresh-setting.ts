/**
 * Where refreshes are killed: a database that several processes share, a provider that keeps count, and Ann, whose token
 * is about to end. The provider's tokens live ten minutes and the margin is a minute; `grow old` moves the row back in
 * time instead of waiting.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resolveConfig } from "../../src/config/resolve.js";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import { systemRandom } from "../../src/crypto/random.js";
import type { UserId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock, toInstant } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";
import { openStore } from "../../src/store/open.js";
import type { GrantRecord } from "../../src/store/records.js";
import { createBrowser } from "../../src/testing/browser.js";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "../../src/testing/fake-provider.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { createTestDatabase } from "../stores/postgres-database.js";

export const connection = "provider:fake";

export interface RefreshSetting extends Setting {
  readonly provider: FakeProvider;
  refreshes(): number;
}

export interface Setting {
  readonly config: ConfigInput;
  readonly store: Store;
  /** Ann's, and a second person's, whom nothing may touch. */
  readonly mine: { readonly user: string; readonly session: string; readonly connection: string };
  readonly other: { readonly user: string; readonly session: string; readonly connection: string };
  grantOf(user: string): Promise<GrantRecord>;
  /** The access token of a user is over. */
  expire(user: string): Promise<void>;
  close(): Promise<void>;
}

export interface SettingOptions {
  readonly vault?: ConfigInput["vault"];
  readonly postgres?: string | undefined;
  readonly bus?: string | undefined;
}

export async function aRefreshSetting(
  options: SettingOptions & { readonly provider?: FakeProviderOptions } = {},
): Promise<RefreshSetting> {
  const provider = await startFakeProvider({ accessTokenLifetime: 600, ...options.provider });
  return {
    ...(await aSettingBefore(provider, options)),
    provider,
    refreshes: () =>
      provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length,
  };
}

/** The same before any provider, which is stopped with it. */
export async function aSettingBefore(
  provider: Pick<FakeProvider, "issuer" | "client" | "stop"> & { signInAs(sub: string): unknown },
  options: SettingOptions,
): Promise<Setting> {
  const folder = await mkdtemp(join(tmpdir(), "latchkey-refresh-"));
  const postgres = options.postgres === undefined ? undefined : await createTestDatabase(options.postgres);
  const config: ConfigInput = {
    baseUrl: "http://localhost:3000",
    secrets: ["a-secret-of-this-test-alone-kX9f2LqP0sT7vZ"],
    database: postgres?.url ?? `sqlite:${join(folder, "latchkey.db")}`,
    ...(options.bus === undefined ? {} : { bus: options.bus }),
    rateLimits: "off",
    signIn: { signUp: true },
    roles: { default: "user" },
    egress: { allow: ["127.0.0.0/8", "localhost"], allowHttp: ["127.0.0.1", "localhost"] },
    vault: { leaseTtl: "1s", ...options.vault },
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
  const first = await createLatchkey({ ...config, ports: { log: silentLog } });
  const signIn = async (person: string) => {
    const browser = createBrowser((request) =>
      new URL(request.url).port === "3000" ? first.fetch(request) : loopbackFetch(request),
    );
    await provider.signInAs(person);
    await browser.get("http://localhost:3000/auth/providers/fake/start");
    const page = await browser.get("http://localhost:3000/auth/session");
    const body = JSON.parse(page.text) as { user: { id: string }; session: { id: string } };
    return { user: body.user.id, session: body.session.id, connection };
  };
  const mine = await signIn("ann-1");
  const other = await signIn("ben-2");
  await first.close();
  const resolved = resolveConfig(config);
  if (!resolved.ok) throw new Error("configuration");
  const store = await openStore(resolved.value.database, { clock: systemClock, random: systemRandom, log: silentLog });
  const grantOf = async (user: string): Promise<GrantRecord> => {
    const [grant] = await store.grants.ofUser(user as UserId);
    if (!grant) throw new Error("no grant");
    return grant;
  };
  return {
    config,
    store,
    mine,
    other,
    grantOf,
    async expire(user) {
      const grant = await grantOf(user);
      const before = {
        issuedAt: toInstant(systemClock.now() - 3_600_000),
        expiresAt: toInstant(systemClock.now() - 1),
      };
      const next = { ...grant, ...before, version: grant.version + 1 };
      await store.transaction((tx) => tx.grants.replace(next, grant.version));
    },
    async close() {
      await store.close();
      await provider.stop();
      await postgres?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
