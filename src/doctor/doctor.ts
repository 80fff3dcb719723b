/**
 * All checks of one installation, in the order in which a fault is best mended: configuration, address, database, bus,
 * providers. What has to be looked at comes in through ports; here it is only put in order (SU-12).
 */
import { isLoopbackUrl } from "../config/loopback.js";
import type { Config } from "../config/schema.js";
import type { Egress } from "../egress/port.js";
import type { Secret } from "../kernel/secret.js";
import type { Provider } from "../providers/provider.js";
import { checkReachable, judgeBaseUrl, judgeCookie, judgeProxies } from "./address.js";
import { type BusSeen, judgeBus } from "./bus.js";
import { type DatabaseSeen, judgeDatabase, judgeFirstPerson, judgePlace } from "./database.js";
import { check, type Finding } from "./finding.js";
import { judgeGroupsClaim } from "./groups-claim.js";
import { judgeKeys } from "./keys.js";
import { checkProvider, type ProviderCheckPorts } from "./provider-checks.js";
import { judgeLeftProviders } from "./providers-left.js";
import { judgeRefreshes } from "./refused-refreshes.js";
import { judgeLeftToolServers } from "./tool-servers-left.js";
import { judgeWebhooks } from "./webhooks.js";

export interface DoctorPorts extends ProviderCheckPorts {
  readonly config: Config;
  readonly providers: readonly Provider[];
  /** Reaches our own origin too, wherever it resolves to. */
  readonly selfEgress: Pick<Egress, "request">;
  readonly lookAtDatabase: () => Promise<DatabaseSeen>;
  readonly lookAtBus: () => Promise<BusSeen>;
  /** The network file system that the database lies on; undefined for none. */
  readonly networkFileSystem: () => Promise<string | undefined>;
}

/** The findings of a configuration that is valid; `judgeConfiguration` goes before. */
export async function examine(ports: DoctorPorts): Promise<readonly Finding[]> {
  const { config } = ports;
  const { database } = config;
  const where = database.kind === "sqlite" ? database.path : database.name;
  const seen = await ports.lookAtDatabase();
  const findings = [
    judgeBaseUrl(config),
    await checkReachable(ports.selfEgress, config),
    judgeCookie(config),
    judgeProxies(config),
    judgeDatabase(where, seen),
    ...(database.kind === "sqlite" ? [judgePlace(where, await ports.networkFileSystem())] : []),
    judgeBus(config.bus.kind === "redis" ? hostOf(config.bus.url) : where, await ports.lookAtBus()),
    judgeFirstPerson(seen, {
      loopback: isLoopbackUrl(config.baseUrl),
      bootstrapAdmins: config.signIn.bootstrapAdmins.length,
    }),
    ...judgeKeys(seen),
    ...judgeRefreshes(seen),
  ];
  const enabled = ports.providers.filter((provider) => provider.enabled);
  const usable = check("providers", "Somebody can sign in only while at least one provider is switched on.");
  findings.push(
    enabled.length > 0
      ? usable.ok(enabled.map(({ id }) => id).join(", "))
      : usable.fail("Every provider is switched off.", "Set enabled: true for one of them."),
  );
  findings.push(...judgeLeftProviders(seen), ...judgeLeftToolServers(seen));
  findings.push(...judgeWebhooks(config.webhooks, seen, ports.refusal));
  for (const provider of enabled)
    findings.push(...(await checkProvider(ports, provider)).findings, ...judgeGroupsClaim(provider));
  return findings;
}

/** Without the password that may stand before it. */
const hostOf = (url: Secret): string => `Redis at ${new URL(url.reveal()).host}`;
