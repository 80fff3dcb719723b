/**
 * How many rows each key still holds (VA-4, SU-12): every sealed row is read, in pages, and opened; what it holds is
 * forgotten at once. A row that no configured key opens is told by table and id. That is its mark: it is read off the
 * row each time, so it goes by itself when the secret comes back, and there is nothing that could be marked wrongly.
 *
 * Not here: sealing anew (rotate-keys).
 */
import { namedKeyId } from "../crypto/keyring.js";
import type { Keyring, SealFailure } from "../crypto/port.js";
import type { Store } from "../store/contract.js";
import type { SealedTable } from "../store/records.js";
import { placeOf, sealedTables } from "./sealed-columns.js";

/** A number of rows for each table. */
export type RowCounts = Readonly<Record<SealedTable, number>>;

export interface KeyCount {
  /** Derived from the secret; it reveals nothing of it. */
  readonly id: string;
  readonly rows: RowCounts;
  readonly total: number;
}

/** A row that no configured key opens. It is kept. */
export interface UnopenedRow {
  readonly table: SealedTable;
  readonly id: string;
  /** The key that it names; null when it is no sealed text. */
  readonly key: string | null;
  /** `unknown_key`: the secret is not configured. Anything else: the row was changed, or came from another place. */
  readonly reason: SealFailure;
}

export interface KeyStatus {
  /** One for each of `secrets`, in their order: newest first. */
  readonly configured: readonly KeyCount[];
  /** Keys that rows name and no configured secret makes. */
  readonly unknown: readonly KeyCount[];
  readonly unopened: {
    readonly total: number;
    /** The first of them. */
    readonly rows: readonly UnopenedRow[];
  };
  /** Rows that were looked at. */
  readonly looked: number;
  /** False when there are more than were to be looked at. */
  readonly complete: boolean;
}

export interface CountOptions {
  /** @default all of them */
  readonly mostRows?: number;
}

const pageSize = 500;
/** As many are told one by one; the number of all of them is told anyway. */
const mostTold = 100;

class Tally {
  readonly rows: Record<SealedTable, number> = {
    grants: 0,
    identities: 0,
    outbox: 0,
    registrations: 0,
    signing_keys: 0,
    tool_servers: 0,
  };
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
  count = (): KeyCount => ({
    id: this.id,
    rows: this.rows,
    total: Object.values(this.rows).reduce((sum, rows) => sum + rows, 0),
  });
}

export async function countKeys(
  ports: { readonly store: Pick<Store, "sealed">; readonly keyring: Keyring },
  { mostRows = Number.POSITIVE_INFINITY }: CountOptions = {},
): Promise<KeyStatus> {
  const { store, keyring } = ports;
  const configured = new Map(keyring.keyIds().map((id) => [id, new Tally(id)]));
  const unknown = new Map<string, Tally>();
  const unopened: UnopenedRow[] = [];
  let [failed, looked] = [0, 0];

  const status = (complete: boolean): KeyStatus => ({
    configured: [...configured.values()].map((tally) => tally.count()),
    unknown: [...unknown.values()].map((tally) => tally.count()),
    unopened: { total: failed, rows: unopened },
    looked,
    complete,
  });

  for (const table of sealedTables) {
    for (let after: string | undefined; ; ) {
      const page = await store.sealed.page(table, pageSize, after);
      if (page.length === 0) break;
      if (looked >= mostRows) return status(false);
      for (const row of page) {
        const { purpose, context } = placeOf[table](row);
        const opened = keyring.open(purpose, context, row.sealed);
        const named = namedKeyId(row.sealed);
        looked++;
        // What opened named a configured key.
        if (opened.ok) {
          const tally = configured.get(named ?? "");
          if (tally) tally.rows[table]++;
          continue;
        }
        if (opened.error === "unknown_key" && named !== undefined) {
          const tally = unknown.get(named) ?? new Tally(named);
          unknown.set(named, tally);
          tally.rows[table]++;
        }
        failed++;
        if (unopened.length < mostTold) unopened.push({ table, id: row.id, key: named ?? null, reason: opened.error });
      }
      after = page.at(-1)?.id;
    }
  }
  return status(true);
}
