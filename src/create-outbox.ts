/** The jobs that deliver what waits in the outbox, one for each kind of row: wiring, no logic. */
import { lettingGo, revocationTargets } from "./create-tool-servers.js";
import type { Job, Supervisor } from "./jobs/supervise.js";
import type { Metrics } from "./kernel/metrics.js";
import { deliverOutbox, lookEvery } from "./outbox/deliver.js";
import { outboxKinds } from "./outbox/kinds.js";
import type { AfterRefresh } from "./sign-in/after-refresh.js";
import type { SignInPorts } from "./sign-in/ports.js";
import type { ConnectPorts } from "./tool-servers/ports.js";

const names = outboxKinds.map((kind) => ({ kind, name: `outbox: ${kind}` }));

export function outboxJobs(wired: {
  readonly signIn: SignInPorts;
  readonly metrics: Metrics;
  readonly toolServers: ConnectPorts;
  readonly afterRefresh: AfterRefresh;
}): readonly Job[] {
  const { signIn, metrics, toolServers, afterRefresh } = wired;
  const ports = {
    ...signIn,
    metrics,
    webhooks: signIn.webhooks.targets,
    toolServer: revocationTargets(toolServers),
    letGo: lettingGo(toolServers),
    claimsAgain: afterRefresh.again,
  };
  return names.map(({ kind, name }) => ({ name, every: lookEvery, run: (stop) => deliverOutbox(ports, kind, stop) }));
}

/** Has them look at once: rows of any kind were queued. */
export function nudgeOutbox(jobs: Supervisor): void {
  for (const { name } of names) jobs.nudge(name);
}
