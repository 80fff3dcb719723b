/**
 * Composition root of `latchkey doctor` and `latchkey provider test`: the same egress, registry and protocol steps that
 * a sign-in uses, without a server, and without writing anything.
 */
import { readFile, stat } from "node:fs/promises";
import { openBus } from "./bus/open-bus.js";
import { processEnvironment } from "./config/environment.js";
import type { LoadedConfig } from "./config/load.js";
import { isLoopbackUrl } from "./config/loopback.js";
import type { Config } from "./config/schema.js";
import { systemRandom } from "./crypto/random.js";
import { lookAtBus as roundTrip } from "./doctor/bus.js";
import { type ConfigurationRead, judgeConfiguration } from "./doctor/configuration.js";
import { examine } from "./doctor/doctor.js";
import { check, type Finding } from "./doctor/finding.js";
import { checkProvider, type ProviderCheckPorts } from "./doctor/provider-checks.js";
import { compileAllowList } from "./egress/allow-list.js";
import { createEgress } from "./egress/egress.js";
import { compileProxyChoice } from "./egress/proxy-choice.js";
import { checkUrl } from "./egress/url-policy.js";
import { isLatchkeyError, LatchkeyError } from "./kernel/errors.js";
import { newId } from "./kernel/ids.js";
import type { Log } from "./kernel/log.js";
import { systemClock } from "./kernel/time.js";
import { lookAtDatabase } from "./look-at-database.js";
import { authorizationParameters } from "./oauth/authorization-request.js";
import type { AuthorizationServer } from "./oauth/types.js";
import type { Ports } from "./options.js";
import type { Provider } from "./providers/provider.js";
import { logoutUrisOf, postLogoutRedirectUriOf } from "./providers/redirect-uri.js";
import { createProviderRegistry } from "./providers/registry.js";
import { openSqliteStore } from "./store/sqlite.js";

export interface DiagnosticsPorts extends Pick<Ports, "clock" | "random" | "lookup"> {
  readonly log: Log;
}

/**
 * Every check of this installation. A configuration that cannot be used is a finding too.
 *
 * @param loadConfig what `serve` would start with; a rejection becomes the finding
 * @param networkFileSystem names the network file system that a path lies on
 */
export async function diagnose(
  loadConfig: () => Promise<LoadedConfig>,
  networkFileSystem: (path: string) => Promise<string | undefined>,
  ports: DiagnosticsPorts,
): Promise<readonly Finding[]> {
  let loaded: LoadedConfig;
  try {
    loaded = await loadConfig();
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    return judgeConfiguration({ ok: false, error });
  }
  const { config } = loaded;
  const judged = judgeConfiguration(await readFacts(loaded));
  const opened = await open(config, ports);
  if ("finding" in opened) return [...judged, opened.finding];
  try {
    return [
      ...judged,
      ...(await examine({
        ...opened.ports,
        config,
        providers: createProviderRegistry(config).all(),
        selfEgress: opened.selfEgress,
        lookAtDatabase: () => lookAtDatabase(config, ports),
        lookAtBus: () => lookAtBus(config, ports),
        networkFileSystem: async () =>
          config.database.kind === "sqlite" ? networkFileSystem(config.database.path) : undefined,
      })),
    ];
  } finally {
    await opened.close();
  }
}

export interface ProviderTest {
  readonly provider: string;
  readonly issuer: string;
  /** What the metadata says, with the configured endpoints over it; null where it cannot be used. */
  readonly metadata: AuthorizationServer | null;
  /** What a sign-in would send the browser with; state, nonce and challenge are new each time. */
  readonly authorizationRequest: {
    readonly endpoint: string | null;
    /** True when the parameters are pushed first (RFC 9126). */
    readonly pushed: boolean;
    readonly parameters: Readonly<Record<string, string>>;
  };
  readonly redirectUri: string;
  readonly postLogoutRedirectUri: string;
  /** Where the provider posts logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.2). */
  readonly backchannelLogoutUri: string;
  /** What the provider loads in a frame, for one that has no back channel (Front-Channel Logout 1.0 §2). */
  readonly frontchannelLogoutUri: string;
  readonly checks: readonly Finding[];
}

/** @throws LatchkeyError `signin.provider_unknown` */
export async function testProvider(config: Config, id: string, ports: DiagnosticsPorts): Promise<ProviderTest> {
  const provider = createProviderRegistry(config).byId(id);
  if (!provider) {
    const known = config.providers.map((one) => one.id).join(", ");
    throw new LatchkeyError("signin.provider_unknown", { data: { reason: `${id} is not among ${known}` } });
  }
  const opened = await open(config, ports);
  if ("finding" in opened) return { ...testedAs(config, provider, undefined), checks: [opened.finding] };
  try {
    const { findings, as } = await checkProvider(opened.ports, provider);
    return { ...testedAs(config, provider, as), checks: findings };
  } finally {
    await opened.close();
  }
}

function testedAs(
  config: Config,
  provider: Provider,
  as: AuthorizationServer | undefined,
): Omit<ProviderTest, "checks"> {
  const parameters = authorizationParameters({
    provider,
    state: "(new each time)",
    nonce: "(new each time)",
    codeChallenge: "(new each time)",
  });
  const pushed =
    provider.par === "always" || (provider.par === "auto" && as?.require_pushed_authorization_requests === true);
  return {
    provider: provider.id,
    issuer: provider.issuer,
    metadata: as ?? null,
    authorizationRequest: { endpoint: as?.authorization_endpoint ?? null, pushed, parameters },
    redirectUri: provider.redirectUri,
    postLogoutRedirectUri: postLogoutRedirectUriOf(config),
    ...logoutUrisOf(config, provider),
  };
}

async function open(config: Config, { log, clock = systemClock, random = systemRandom, lookup }: DiagnosticsPorts) {
  const authorities = check("egress", "egress.ca adds authorities to those that Node.js brings.");
  let ca: string | null;
  try {
    ca = config.egress.ca === null ? null : await readFile(config.egress.ca, "utf8");
  } catch {
    const found = `egress.ca: ${config.egress.ca} cannot be read.`;
    return { finding: authorities.fail(found, "Name a PEM file that this account may read; serve does not start.") };
  }
  const options = {
    ...config.egress,
    ca,
    proxyEnvironment: processEnvironment(),
    clock,
    log,
    ...(lookup ? { lookup } : {}),
  };
  const { host, hostname } = new URL(config.baseUrl);
  const egress = createEgress(options);
  const selfEgress = createEgress({
    ...options,
    allow: [...options.allow, hostname],
    allowHttp: [...options.allowHttp, host],
    // Loopback is this machine, and not the proxy's.
    noProxy: isLoopbackUrl(config.baseUrl) ? [...options.noProxy, hostname] : options.noProxy,
  });
  const documents = await openSqliteStore({ path: ":memory:", migrate: true, clock: systemClock, random, log });
  const allowed = compileAllowList(options);
  const chooseProxy = compileProxyChoice(options);
  const proxied = (url: URL) => chooseProxy(url) !== null;
  const checks: ProviderCheckPorts = {
    egress,
    documents,
    clock,
    random,
    log,
    refusal(url) {
      const result = checkUrl(url, allowed, proxied);
      return result.ok ? undefined : result.error.reason;
    },
    proxied: (url) => proxied(new URL(url)),
  };
  return {
    ports: checks,
    selfEgress,
    async close() {
      await egress.close();
      await selfEgress.close();
      await documents.close();
    },
  };
}

function lookAtBus({ bus, database, busPrefix }: Config, { log, random = systemRandom }: DiagnosticsPorts) {
  const clock = systemClock;
  const node = newId(clock.now(), random);
  return roundTrip({ clock, node }, () =>
    openBus({ clock, log }, { bus, database, prefix: busPrefix, node, sequence: () => 0 }),
  );
}

/** Secrets that an orchestrator mounts are readable inside the container by design. */
const mountedSecrets = /^\/(var\/)?run\/secrets\//;

async function readFacts({ config, document }: LoadedConfig): Promise<ConfigurationRead> {
  const files = [...document.written]
    .filter(([path]) => /^secrets\.\d+$/.test(path))
    .flatMap(([, text]) => /^\$\{file:([^}]+)\}$/.exec(text)?.[1] ?? [])
    .filter((file) => !mountedSecrets.test(file));
  const open: string[] = [];
  for (const file of files) if (((await stat(file)).mode & 0o004) !== 0) open.push(file);
  return {
    ok: true,
    file: document.file,
    warnings: document.warnings,
    secretCount: config.secrets.length,
    openSecretFiles: open,
  };
}
