/** What an embedder passes to `createLatchkey`: the configuration, written in TypeScript, and the ports. */
import type { ConfigInput } from "./config/schema.js";
import type { Lookup } from "./egress/guarded-lookup.js";
import type { Faults } from "./kernel/fault.js";
import type { Log } from "./kernel/log.js";
import type { RandomSource } from "./kernel/random.js";
import type { Clock } from "./kernel/time.js";
import type { Store } from "./store/contract.js";

/** Effects that a test, or an app with its own ideas, may replace. Each has a real default. */
export interface Ports {
  /** @default the system clock */
  readonly clock?: Clock;
  /** @default `node:crypto` */
  readonly random?: RandomSource;
  /** A pino logger fits. @default JSON lines on standard error at `log.level` */
  readonly log?: Log;
  /** Name resolution of outbound requests; its answers are checked all the same. @default the system's */
  readonly lookup?: Lookup;
  /** An open store; it is closed with Latchkey. @default the one that `database` names, migrated when needed */
  readonly store?: Store;
  /** Only for fault tests. @default none */
  readonly faults?: Faults;
}

/** The keys of the configuration (`docs/reference/config.md`), and `ports`. */
export type LatchkeyOptions = ConfigInput & { readonly ports?: Ports };
