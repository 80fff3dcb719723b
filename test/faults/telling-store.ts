/** A store whose writes running nodes hear of, as they hear of each other: by their bus, where they have one. */
import { announcingStore } from "../../src/bus/announcing-store.js";
import { openBus } from "../../src/bus/open-bus.js";
import type { Config } from "../../src/config/schema.js";
import { systemRandom } from "../../src/crypto/random.js";
import { newId } from "../../src/kernel/ids.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import type { Store } from "../../src/store/contract.js";

export interface TellingStore {
  readonly store: Store;
  /** Resolves when what was written has had time to arrive. */
  heard(): Promise<void>;
  /** Closes the bus, and not the store. */
  close(): Promise<void>;
}

export async function tellingStore(config: Config, store: Store): Promise<TellingStore> {
  const bus = await openBus(
    { clock: systemClock, log: silentLog },
    {
      bus: config.bus,
      database: config.database,
      prefix: config.busPrefix,
      node: newId(systemClock.now(), systemRandom),
      sequence: () => 0,
    },
  );
  return {
    store: announcingStore(store, () => void bus?.publish()),
    heard: async () => {
      if (bus) await new Promise((resolve) => setTimeout(resolve, 500));
    },
    close: async () => bus?.close(),
  };
}
