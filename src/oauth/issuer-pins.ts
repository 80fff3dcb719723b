/**
 * Which issuer a tenant's name stands for: told by discovery once, and kept for good (SI-2). A domain name can be moved
 * to another tenant; if that moved the issuer with it, whoever gets the name would get everybody's door.
 *
 * A row of `settings` with a copy in memory, so that every node and every restart means the same tenant.
 */
import { LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { Clock } from "../kernel/time.js";
import type { Store } from "../store/contract.js";

export interface IssuerPins {
  /** What this node knows, without asking the store. */
  known(unresolved: string): string | undefined;
  /** Reads what another node, or this one before its restart, has kept. */
  load(unresolved: string): Promise<string | undefined>;
  /**
   * Keeps the first issuer that is told, and compares every later one with it.
   *
   * @throws LatchkeyError `signin.provider_misconfigured` with `data.reason` `issuer_changed`
   */
  keep(unresolved: string, issuer: string): Promise<void>;
}

export function createIssuerPins(ports: {
  readonly store: Pick<Store, "settings" | "transaction">;
  readonly clock: Clock;
  readonly log: Log;
}): IssuerPins {
  const pins = new Map<string, string>();
  const keyOf = (unresolved: string) => `issuer:${unresolved}`;

  async function load(unresolved: string): Promise<string | undefined> {
    const held = pins.get(unresolved);
    if (held !== undefined) return held;
    const row = await ports.store.settings.byKey(keyOf(unresolved));
    if (typeof row?.value !== "string") return undefined;
    pins.set(unresolved, row.value);
    return row.value;
  }

  async function first(unresolved: string, issuer: string): Promise<string> {
    const record = { key: keyOf(unresolved), value: issuer, version: 1, updatedAt: ports.clock.now() };
    const won = await ports.store.transaction((tx) => tx.settings.save(record, 0));
    // Another node was told at the same moment; what it wrote is what counts.
    if (!won) return (await load(unresolved)) ?? issuer;
    pins.set(unresolved, issuer);
    ports.log.info({ tenant: unresolved, issuer }, "the tenant's name stands for this issuer from now on");
    return issuer;
  }

  return {
    known: (unresolved) => pins.get(unresolved),
    load,
    async keep(unresolved, issuer) {
      const kept = (await load(unresolved)) ?? (await first(unresolved, issuer));
      if (kept === issuer) return;
      const data = { reason: "issuer_changed", kept, received: issuer, tenant: unresolved };
      throw new LatchkeyError("signin.provider_misconfigured", { data });
    },
  };
}
