/** The same store, that tells the bus after each commit with an announcement in it. */
import type { Store, Transaction } from "../store/contract.js";

export function announcingStore(store: Store, publish: () => void): Store {
  async function transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let announced = false;
    const result = await store.transaction((tx) =>
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
    if (announced) publish();
    return result;
  }
  // Everything else is the store's own, also what it answers differently later.
  return Object.create(store, { transaction: { value: transaction, enumerable: true } }) as Store;
}
