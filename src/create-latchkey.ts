/**
 * The composition root: options in, wired features out, no logic. The library, the server and the command line are
 * all built on it, so what one of them does the others do too. Long because the whole wiring is on one page.
 */
import { announcingStore } from "./bus/announcing-store.js";
import { openBus } from "./bus/open-bus.js";
import type { Bus } from "./bus/port.js";
import { openSharedCounts } from "./bus/shared-counts.js";
import { processEnvironment } from "./config/environment.js";
import { isLoopbackUrl } from "./config/loopback.js";
import { readNamed } from "./config/named-file.js";
import { configInvalid, resolveConfig } from "./config/resolve.js";
import type { Config } from "./config/schema.js";
import { namedWebhooks, webhookWarnings } from "./config/webhook-hosts.js";
import { wireAssertions } from "./create-assertions.js";
import { createFeatures } from "./create-features.js";
import { nudgeOutbox, outboxJobs } from "./create-outbox.js";
import { wireServices } from "./create-services.js";
import { wireToolServers } from "./create-tool-servers.js";
import { wireVault } from "./create-vault.js";
import { createKeyring } from "./crypto/keyring.js";
import { systemRandom } from "./crypto/random.js";
import { createEgress } from "./egress/egress.js";
import { createFlowCookies } from "./flows/flow-cookies.js";
import { createPostedNames } from "./flows/posted-names.js";
import { cleanUp } from "./jobs/clean-up.js";
import { supervise } from "./jobs/supervise.js";
import { noFaults } from "./kernel/fault.js";
import { newId } from "./kernel/ids.js";
import { silentMetrics } from "./kernel/metrics.js";
import { minutes, seconds, systemClock } from "./kernel/time.js";
import type { Latchkey, SignedIn } from "./latchkey.js";
import { createProviderLogout } from "./logout/provider-logout.js";
import { createSignOut } from "./logout/sign-out.js";
import { createIssuerPins } from "./oauth/issuer-pins.js";
import { createMetadata } from "./oauth/metadata.js";
import type { LatchkeyOptions, Ports } from "./options.js";
import { createPictures } from "./pictures/keep-pictures.js";
import { createProviderRegistry } from "./providers/registry.js";
import { createApp } from "./server/app.js";
import { createPinoLog } from "./server/pino-log.js";
import { createPrometheus } from "./server/prometheus.js";
import { createSessionChecker } from "./sessions/check-session.js";
import { countChecks } from "./sessions/count-checks.js";
import { createEndedSessions } from "./sessions/ended.js";
import { createLastSeen } from "./sessions/last-seen.js";
import { startNews } from "./sessions/news.js";
import type { Authenticated } from "./sessions/session.js";
import { createSessionCookie } from "./sessions/session-cookie.js";
import { createSignedOutMarker } from "./sessions/signed-out-marker.js";
import { createAfterRefresh } from "./sign-in/after-refresh.js";
import { createLastProvider } from "./sign-in/last-provider.js";
import { accountSettings } from "./sign-in/person-of.js";
import type { SignInPorts } from "./sign-in/ports.js";
import { newSetupValue } from "./sign-in/setup-link.js";
import { openStore } from "./store/open.js";
import { createToolServersApi } from "./tool-servers/tool-servers.js";
import { createToolConnections } from "./tool-servers/vault-connections.js";

/**
 * Starts Latchkey inside an app.
 *
 * @throws LatchkeyError `config.invalid` · `config.secret_weak` with every problem in `data.problems` ·
 *   `config.unreadable` for a file that the configuration names · `store.driver_missing` where `pg` or `ioredis` is not
 *   installed · `store.newer` · `store.busy` · `store.unavailable`
 */
export async function createLatchkey({ ports, ...input }: LatchkeyOptions): Promise<Latchkey> {
  const resolved = resolveConfig(input);
  if (!resolved.ok) throw configInvalid(resolved.error, null);
  const { value: config } = resolved;
  const log = ports?.log ?? createPinoLog(config.log);
  // Commands tell them when they load the configuration.
  for (const warning of webhookWarnings(config.webhooks)) log.warn({}, warning);
  return startLatchkey(config, { ...ports, log });
}

/** The same for a configuration that has been resolved already: what `serve` and the command line use. */
export async function startLatchkey(config: Config, ports: Ports = {}): Promise<Latchkey> {
  const toClose: Opened[] = [];
  try {
    return await wire(config, ports, toClose);
  } catch (failure) {
    // Whoever tries again, or goes on without us, must not be left with a database that nobody can close.
    for (const one of toClose.reverse()) {
      try {
        await one.close();
      } catch {
        // What made the start fail is what has to be told.
      }
    }
    throw failure;
  }
}

/** What has to be closed again when a later step of the start fails. */
interface Opened {
  close(): unknown;
}

async function wire(config: Config, ports: Ports, toClose: Opened[]): Promise<Latchkey> {
  const clock = ports.clock ?? systemClock;
  const random = ports.random ?? systemRandom;
  const log = ports.log ?? createPinoLog(config.log);
  const ca = await readNamed("egress.ca", config.egress.ca);
  const extraCss = await readNamed("branding.css", config.branding.css);
  // Waiting for a lock of the database is real time, whatever time a test plays.
  let bus: Bus | undefined;
  const opened =
    ports.store ?? (await openStore(config.database, { clock: systemClock, random, log }, { migrate: true }));
  // A store that was handed in belongs to whoever opened it until we have started.
  if (!ports.store) toClose.push(opened);
  const store = announcingStore(opened, () => void bus?.publish());
  const url = new URL(config.baseUrl);
  const base = config.baseUrl + config.basePath;
  const secure = url.protocol === "https:";

  const keyring = createKeyring({ secrets: config.secrets, random });
  const prometheus = config.observability.metrics.enabled ? await createPrometheus() : undefined;
  const metrics = prometheus?.metrics ?? silentMetrics;
  const { lookup } = ports;
  const egress = createEgress({
    ...config.egress,
    ca,
    proxyEnvironment: processEnvironment(),
    clock,
    waitingClock: systemClock,
    log,
    observe: (line) => metrics.egressEnded(line),
    ...(lookup ? { lookup } : {}),
  });
  toClose.push(egress);
  const pins = createIssuerPins({ store, clock, log });
  const providers = createProviderRegistry(config, pins.known);
  for (const { unresolvedIssuer } of providers.all()) if (unresolvedIssuer) await pins.load(unresolvedIssuer);
  const metadata = createMetadata({ egress, store, clock, log, pins });
  const { cookieName, cookieDomain, sameSite, lifetime, idle, maxPerUserAndProvider } = config.sessions;
  const cookie = createSessionCookie({ name: cookieName, domain: cookieDomain, sameSite, secure });
  const { update } = config.signIn;
  const pictures = createPictures({ store, egress, clock, log, base, update: update.picture });
  const news = await startNews({ store, log });
  bus = await openBus(
    { clock: systemClock, log },
    {
      bus: config.bus,
      database: ports.store ? { kind: "sqlite" } : config.database,
      prefix: config.busPrefix,
      node: newId(systemClock.now(), random),
      sequence: () => news.sequence,
    },
  );
  if (bus) toClose.push(bus);
  const sharedCounts = await openSharedCounts({ log, bus: config.bus, prefix: config.busPrefix });
  if (sharedCounts) toClose.push(sharedCounts);
  if (bus) news.listenTo(bus);
  const watch = opened.changeCounter() === undefined ? undefined : { clock, onNews: () => jobs.nudge("news") };
  const ended = createEndedSessions({ news, log, userOf: (id) => checker.userOf(id), watch });
  const lastSeen = createLastSeen({ store, waitingClock: systemClock, log });
  const checker = countChecks(
    createSessionChecker({
      store,
      news,
      clock,
      lastSeen,
      cookie,
      providers,
      idle,
      learnIssuer: pins.load,
      pictureOf: pictures.urlOf,
    }),
    metrics,
  );
  const signedOutMarker = createSignedOutMarker({ secure, autoStart: config.signIn.autoStart });
  const flowCookies = createFlowCookies({ keyring, secure, flowLifetime: config.signIn.flowLifetime });

  const onQueued = () => nudgeOutbox(jobs);

  const signIn: SignInPorts = {
    store,
    egress,
    keyring,
    metadata,
    providers,
    flowCookies,
    postedNames: createPostedNames({ keyring, secure }),
    pictures,
    sessionCookie: cookie,
    checkSession: (headers) => checker.check(headers),
    signedOutMarker,
    lastProvider: createLastProvider({ secure, choice: providers.all().filter(({ enabled }) => enabled).length > 1 }),
    webhooks: { targets: namedWebhooks(config.webhooks), onQueued },
    clock,
    random,
    log,
    faults: ports.faults ?? noFaults,
    origin: url.origin,
    defaultReturnTo: config.signIn.defaultReturnTo,
    flowLifetime: config.signIn.flowLifetime,
    session: { lifetime, idle, maxPerUserAndProvider },
    openToFirstPerson: isLoopbackUrl(config.baseUrl),
    accounts: accountSettings(config),
  };
  const afterRefresh = createAfterRefresh({ ...signIn, onQueued });
  const node = newId(systemClock.now(), random);
  const toolServers = wireToolServers({ config, base, node, news, signIn });
  await toolServers.servers.refresh();
  const jobs = supervise({ clock, log }, [
    ...outboxJobs({ signIn, metrics, toolServers, afterRefresh }),
    // Whatever the bus says or fails to say: a message that never came must not keep a session alive here (LO-3).
    { name: "news", every: seconds(5), run: () => news.catchUp() },
    ...(config.vault.refreshAhead.enabled || config.vault.keepAlive !== false
      ? [{ name: "refresh-ahead", every: seconds(5), run: () => refreshAhead() }]
      : []),
    { name: "clean-up", every: minutes(10), run: (stop) => cleanUp({ store, clock }, stop) },
  ]);
  toClose.push({ close: () => jobs.stop() });
  if (bus) {
    // Not before there are jobs: the bus speaks as soon as it is open. What it has said until now is read once.
    bus.onNews(() => jobs.nudge("news"));
    jobs.nudge("news");
  }
  const {
    stop: stopVault,
    refreshNow: _refreshNow,
    refreshAhead,
    forService,
    connectUrl,
    boundToo,
    ...vault
  } = wireVault({
    config,
    base,
    signIn,
    news,
    bus,
    metrics,
    learnIssuer: pins.load,
    toolServers: createToolConnections(toolServers),
    node,
    onRefreshed: (refreshed) => afterRefresh.onRefreshed(refreshed),
    onQueued,
  });
  const using = { ...toolServers, vault: { boundToo }, told: new Set<string>() };
  const ending = {
    store,
    keyring,
    providers,
    random,
    metadata,
    clock,
    log,
    onQueued,
  };
  const providerLogout = createProviderLogout({ ...ending, pins });
  const signOut = createSignOut({
    ...ending,
    cookie,
    marker: signedOutMarker,
    base,
    origin: url.origin,
    secure,
    ...config.signIn.signOut,
  });
  const wiredAssertions = wireAssertions({ config, base, signIn, news, checker });
  const { keys, assertions, verifyAssertion, introspectForService } = wiredAssertions;
  const given = { ...ending, config, signIn, checker, verifyAssertion, vault: { forService, connectUrl } };
  const services = { ...wireServices(given), introspectForService };
  const features = createFeatures({
    config,
    base,
    extraCss,
    signIn,
    signOut,
    providerLogout,
    services,
    checker,
    cookie,
    sharedCounts,
    keys,
    news,
    onQueued,
    metrics,
    prometheus,
    toolServers: using,
    vault,
  });
  const app = createApp(features);

  return {
    async fetch(request, peer) {
      const response = await app.fetch(request, peer);
      if (ended.isBehind()) jobs.nudge("news");
      return response;
    },
    handles: (target) => app.handles(target),
    async wellKnown(request) {
      return app.isWellKnown(pathOf(request)) ? app.fetch(request) : undefined;
    },
    sessions: {
      async authenticate(request) {
        const checked = await checker.check(request.headers);
        return checked.kind === "signed-in" ? signedInOf(checked) : null;
      },
      async require(request, peer) {
        const { admitted, refusal } = await app.admit(request, peer);
        return admitted === undefined ? { refusal } : { signedIn: signedInOf(admitted) };
      },
      async assertion(request, { audience }) {
        const checked = await checker.check(request.headers);
        return checked.kind === "signed-in" ? assertions.issue(checked, audience) : null;
      },
      onEnded: (listener) => ended.onEnded(listener),
    },
    vault,
    toolServers: createToolServersApi({ ...using, vault: { ...vault, boundToo } }),
    isEmpty: () => store.users.none(),
    async setupUrl() {
      const needed = !signIn.openToFirstPerson && config.signIn.bootstrapAdmins.length === 0;
      if (!needed || !(await store.users.none())) return null;
      return `${base}/sign-in?setup=${newSetupValue({ keyring, random }, clock.now())}`;
    },
    async close() {
      // A token that was received and not written yet would be lost, and with it perhaps the grant.
      await stopVault();
      await afterRefresh.settled();
      ended.stop();
      await jobs.stop();
      await lastSeen.settled();
      await pictures.close();
      await egress.close();
      await bus?.close();
      sharedCounts?.close();
      await store.close();
    },
  };
}

const pathOf = ({ url }: Request): string => url.slice(new URL(url).origin.length);
const signedInOf = ({ user, session }: Authenticated): SignedIn => ({ user, session });
