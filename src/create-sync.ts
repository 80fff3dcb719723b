/**
 * Composition root of `latchkey user sync` (AC-19): the vault and the decision over the same database that servers may be
 * using now, without routes or background work. A lease keeps this process and theirs from refreshing one grant at once.
 */
import { announcingStore } from "./bus/announcing-store.js";
import { openBus } from "./bus/open-bus.js";
import type { Bus } from "./bus/port.js";
import { processEnvironment } from "./config/environment.js";
import { isLoopbackUrl } from "./config/loopback.js";
import { readNamed } from "./config/named-file.js";
import type { Config } from "./config/schema.js";
import { wireVault } from "./create-vault.js";
import { createKeyring } from "./crypto/keyring.js";
import { systemRandom } from "./crypto/random.js";
import { createEgress } from "./egress/egress.js";
import { LatchkeyError } from "./kernel/errors.js";
import { noFaults } from "./kernel/fault.js";
import { type GrantId, newId } from "./kernel/ids.js";
import type { Log } from "./kernel/log.js";
import { silentMetrics } from "./kernel/metrics.js";
import { systemClock } from "./kernel/time.js";
import { createIssuerPins } from "./oauth/issuer-pins.js";
import { createMetadata } from "./oauth/metadata.js";
import type { IdTokenClaims } from "./oauth/types.js";
import type { Ports } from "./options.js";
import { createProviderRegistry } from "./providers/registry.js";
import { startNews } from "./sessions/news.js";
import { accountSettings } from "./sign-in/person-of.js";
import { type Synced, syncGrant } from "./sign-in/sync-grant.js";
import type { Store } from "./store/contract.js";
import { openStore } from "./store/open.js";

/** What came of one grant. */
export type SyncedGrant = Synced & {
  readonly grant: GrantId;
  readonly user: { readonly id: string; readonly email: string };
  readonly provider: string;
};

export interface SyncInput {
  /** The provider's id. @default every provider */
  readonly provider?: string | undefined;
  readonly dryRun: boolean;
  readonly onProgress: (progress: { readonly done: number; readonly of: number }) => void;
}

/** How many people are asked about at one time: an operator's command must not look like an attack to the provider. */
const atOnce = 4;

/** @throws LatchkeyError `signin.provider_unknown` · `store.*` */
export async function syncUsers(
  config: Config,
  input: SyncInput,
  {
    log,
    clock = systemClock,
    random = systemRandom,
    lookup,
  }: Pick<Ports, "clock" | "random" | "lookup"> & { log: Log },
): Promise<readonly SyncedGrant[]> {
  if (input.provider !== undefined && !config.providers.some(({ id }) => id === input.provider)) {
    const known = config.providers.map(({ id }) => id).join(", ");
    throw new LatchkeyError("signin.provider_unknown", { data: { reason: `${input.provider} is not among ${known}` } });
  }
  let bus: Bus | undefined;
  const published: Promise<void>[] = [];
  const opened = await openStore(config.database, { log, clock: systemClock, random });
  const store = announcingStore(opened, () => void (bus && published.push(bus.publish())));
  const keyring = createKeyring({ secrets: config.secrets, random });
  const egress = createEgress({
    ...config.egress,
    ca: await readNamed("egress.ca", config.egress.ca),
    proxyEnvironment: processEnvironment(),
    clock,
    log,
    ...(lookup ? { lookup } : {}),
  });
  const pins = createIssuerPins({ store, clock, log });
  const providers = createProviderRegistry(config, pins.known);
  for (const { unresolvedIssuer } of providers.all()) if (unresolvedIssuer) await pins.load(unresolvedIssuer);
  const ports = {
    store,
    egress,
    keyring,
    metadata: createMetadata({ egress, store, clock, log, pins }),
    providers,
    clock,
    random,
    log,
    faults: noFaults,
    accounts: accountSettings(config),
    openToFirstPerson: isLoopbackUrl(config.baseUrl),
  };
  bus = await openBus(
    { clock: systemClock, log },
    {
      bus: config.bus,
      database: config.database,
      prefix: config.busPrefix,
      node: newId(systemClock.now(), random),
      sequence: () => 0,
    },
  );
  const brought = new Map<GrantId, IdTokenClaims | null>();
  const vault = wireVault({
    config,
    base: config.baseUrl + config.basePath,
    signIn: ports,
    news: await startNews({ store, log }),
    bus,
    metrics: silentMetrics,
    learnIssuer: pins.load,
    node: newId(systemClock.now(), random),
    // Kept for whoever asked for the refresh, who applies it.
    onRefreshed: async ({ grant, claims }) => void brought.set(grant.id, claims),
    onQueued: () => {},
  });
  const refresh = async (id: GrantId) => {
    const end = await vault.refreshNow(id);
    return { failed: end.kind === "held" ? end.code : null, brought: brought.get(id) ?? null };
  };
  try {
    return await syncAll({ ...ports, refresh }, input);
  } finally {
    await vault.stop();
    await Promise.all(published);
    await bus?.close();
    await egress.close();
    await store.close();
  }
}

async function syncAll(ports: Parameters<typeof syncGrant>[0], input: SyncInput): Promise<readonly SyncedGrant[]> {
  const grants = await activeGrants(ports.store, input.provider);
  const all: SyncedGrant[] = [];
  for (let at = 0; at < grants.length; at += atOnce) {
    input.onProgress({ done: at, of: grants.length });
    const some = grants.slice(at, at + atOnce).map(async ({ id, userId, connection }): Promise<SyncedGrant> => {
      const email = (await ports.store.users.byId(userId))?.email ?? "";
      const synced = await syncGrant(ports, id, input.dryRun);
      return { ...synced, grant: id, user: { id: userId, email }, provider: connection.slice(prefix.length) };
    });
    all.push(...(await Promise.all(some)));
  }
  input.onProgress({ done: grants.length, of: grants.length });
  return all;
}

const prefix = "provider:";

async function activeGrants(store: Pick<Store, "grants">, provider: string | undefined) {
  const filter = { status: "active", ...(provider === undefined ? {} : { connection: prefix + provider }) } as const;
  const found: Pick<Awaited<ReturnType<Store["grants"]["list"]>>["items"][number], "id" | "userId" | "connection">[] =
    [];
  let cursor: string | undefined;
  do {
    const page = await store.grants.list({ limit: 200, cursor }, filter);
    // What is sealed in them need not be kept in memory.
    for (const { id, userId, connection } of page.items)
      if (connection.startsWith(prefix)) found.push({ id, userId, connection });
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return found;
}
