/**
 * The same store, that tells the bus after each commit with an announcement in it, and after what may be one: a commit whose
 * answer got lost is as good as any. Where nothing was committed the message costs each node one read.
 */
import { isLatchkeyError } from "../kernel/errors.js";
import type { Store, Transaction } from "../store/contract.js";

export function announcingStore(store: Store, publish: () => void): Store {
  async function transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let announced = false;
    const done = store.transaction((tx) =>
      work({
        ...tx,
        announcements: {
          ...tx.announcements,
          append(kind, key, at) {
            announced = true;
            return tx.announcements.append(kind, key, at);
          },
        },
      }),
    );
    const result = await done.catch((error: unknown) => {
      if (announced && mayHaveCommitted(error)) publish();
      throw error;
    });
    if (announced) publish();
    return result;
  }
  // Everything else is the store's own, also what it answers differently later.
  return Object.create(store, { transaction: { value: transaction, enumerable: true } }) as Store;
}

/** Whatever else a transaction fails with, the database itself has said that it left nothing. */
const mayHaveCommitted = (error: unknown): boolean => isLatchkeyError(error, "store.unavailable");
