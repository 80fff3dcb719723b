/**
 * Seals every stored value anew with the newest secret while everything else goes on (VA-4).
 *
 * A row says itself with which key it is sealed, so nothing is remembered about how far a run came: one that was killed is
 * begun again, and passes over what is done. A batch is read and sealed outside, then written in one short transaction,
 * each value only where the row still holds the text that was read. Whoever wrote it in between wins, and is looked at
 * again in the next pass; a version is never raised, so that a refresh under way loses nothing.
 *
 * Passes are made until one finds nothing to do: only then was every row seen under the newest key.
 */
import { namedKeyId } from "../crypto/keyring.js";
import type { Keyring } from "../crypto/port.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { type Faults, noFaults } from "../kernel/fault.js";
import { type Clock, milliseconds, seconds } from "../kernel/time.js";
import type { SealedSwap, Store } from "../store/contract.js";
import type { SealedRow, SealedTable } from "../store/records.js";
import { placeOf, sealedTables } from "./sealed-columns.js";

export interface RotatePorts {
  readonly store: Pick<Store, "sealed" | "transaction">;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly faults?: Faults | undefined;
}

export interface RotateOptions {
  /** Rows that are read, and written in one transaction, at a time. */
  readonly batch: number;
  /** Ends the run after the batch that it is at. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each batch of the first pass. */
  readonly progress?: ((at: RotationProgress) => void) | undefined;
}

export interface RotationProgress {
  readonly table: SealedTable;
  readonly seen: number;
  /** How many sealed rows there were at the start. */
  readonly total: number;
  readonly resealed: number;
}

export interface Rotation {
  /** Rows that this run sealed anew. */
  readonly resealed: number;
  /** Times that a row had changed between being read and being written; it was left as it was, and looked at again. */
  readonly overtaken: number;
  /** Rows that no configured key opens. They stay as they are. */
  readonly unopened: number;
  /**
   * `done`: every row that opens is sealed with the newest secret. `stopped`: by the signal. `unsettled`: rows with an
   * older secret kept coming; another node seals with one.
   */
  readonly end: "done" | "stopped" | "unsettled";
  readonly milliseconds: number;
}

const mostPasses = 5;
/** A database that stays locked is waited for, a second at a time beside the store's own patience. */
const mostRefusals = 20;

export async function rotateKeys(ports: RotatePorts, options: RotateOptions): Promise<Rotation> {
  const { store, clock } = ports;
  const { signal, progress } = options;
  const startedAt = clock.monotonic();
  let [resealed, overtaken, unopened] = [0, 0, 0];
  const ended = (end: Rotation["end"]): Rotation => {
    return { resealed, overtaken, unopened, end, milliseconds: clock.monotonic() - startedAt };
  };

  let total = 0;
  for (const table of sealedTables) total += await store.sealed.count(table);
  for (let pass = 1; pass <= mostPasses; pass++) {
    const before = { resealed, overtaken };
    let seen = 0;
    unopened = 0;
    for (const table of sealedTables) {
      for (let after: string | undefined; ; ) {
        // SQLite answers within one turn of the event loop: without a pause no signal would ever be heard.
        await clock.sleep(milliseconds(0));
        if (signal?.aborted) return ended("stopped");
        const page = await store.sealed.page(table, options.batch, after);
        const sealed = sealAnew(ports.keyring, table, page);
        const changed = sealed.swaps.length === 0 ? 0 : await swapPatiently(ports, table, sealed.swaps);
        seen += page.length;
        resealed += changed;
        overtaken += sealed.swaps.length - changed;
        unopened += sealed.unopened;
        after = page.at(-1)?.id ?? after;
        if (pass === 1) progress?.({ table, seen, total, resealed });
        // Rows that are added while it runs must not make a pass endless; the next one sees them.
        if (page.length < options.batch) break;
      }
    }
    if (resealed === before.resealed && overtaken === before.overtaken) return ended("done");
  }
  return ended("unsettled");
}

/** The rows of a page that are sealed with an older key, sealed with the newest. */
function sealAnew(
  keyring: Keyring,
  table: SealedTable,
  page: readonly SealedRow[],
): { readonly swaps: readonly SealedSwap[]; readonly unopened: number } {
  const [newest] = keyring.keyIds();
  const swaps: SealedSwap[] = [];
  let unopened = 0;
  for (const row of page) {
    const { purpose, context } = placeOf[table](row);
    // Whether what names the newest key opens as well is for `keys status` to say: it costs as much as all the rest.
    if (namedKeyId(row.sealed) === newest) continue;
    const opened = keyring.open(purpose, context, row.sealed);
    if (opened.ok) swaps.push({ id: row.id, expected: row.sealed, next: keyring.seal(purpose, context, opened.value) });
    else unopened++;
  }
  return { swaps, unopened };
}

async function swapPatiently(ports: RotatePorts, table: SealedTable, swaps: readonly SealedSwap[]): Promise<number> {
  const { faults = noFaults } = ports;
  faults.point(16);
  for (let refused = 0; ; refused++) {
    try {
      return await ports.store.transaction(async (tx) => {
        const swapped = await tx.sealed.swap(table, swaps);
        faults.point(17);
        return swapped;
      });
    } catch (thrown) {
      if (!isLatchkeyError(thrown, "store.busy") || refused === mostRefusals) throw thrown;
    }
    await ports.clock.sleep(seconds(1));
  }
}
