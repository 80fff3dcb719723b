/**
 * The suite that every store backend runs: each sentence of `store/contract.ts` is a test. A backend that passes may
 * stand in for any other.
 *
 * Not here: what one database alone promises (its files, its migrations); that is beside the backend's own tests.
 */
import { afterEach, beforeEach, describe } from "vitest";
import type { Store } from "../store/contract.js";
import { accountTests } from "./store-suite/accounts.js";
import { announcementTests } from "./store-suite/announcements.js";
import { listTests } from "./store-suite/lists.js";
import { onceTests } from "./store-suite/once.js";
import { otherStoreTests } from "./store-suite/other-store.js";
import { pictureTests } from "./store-suite/pictures.js";
import type { TheStore } from "./store-suite/samples.js";
import { sealedTests } from "./store-suite/sealed.js";
import { serviceTests } from "./store-suite/services.js";
import { sessionTests } from "./store-suite/sessions.js";
import { signingKeyTests } from "./store-suite/signing-keys.js";
import { storedToolServerTests } from "./store-suite/stored-tool-servers.js";
import { textTests } from "./store-suite/text.js";
import { toolServerTests } from "./store-suite/tool-servers.js";
import { transactionTests } from "./store-suite/transactions.js";

/**
 * @param open A new, empty, migrated store. The suite closes it.
 * @param options.another A second store over the database of the one that was opened last. Left out where the
 *   database lives in one process alone; then what concerns two nodes is not asked.
 */
export function describeStore(
  name: string,
  open: () => Promise<Store>,
  options: { readonly another?: () => Promise<Store> } = {},
): void {
  describe(`the ${name} store`, () => {
    let opened: Store[] = [];
    const keep = async (opening: Promise<Store>): Promise<Store> => {
      const store = await opening;
      opened.push(store);
      return store;
    };
    beforeEach(async () => {
      await keep(open());
    });
    afterEach(async () => {
      for (const store of opened.reverse()) await store.close();
      opened = [];
    });
    const theStore: TheStore = () => {
      const [store] = opened;
      if (!store) throw new Error("no store is open");
      return store;
    };

    describe("transactions", () => transactionTests(theStore));
    describe("accounts", () => accountTests(theStore));
    describe("sessions and grants", () => sessionTests(theStore));
    describe("pictures", () => pictureTests(theStore));
    describe("services", () => serviceTests(theStore));
    describe("what is used once", () => onceTests(theStore));
    describe("announcements", () => announcementTests(theStore));
    describe("lists", () => listTests(theStore));
    describe("sealed values", () => sealedTests(theStore));
    describe("tool servers", () => toolServerTests(theStore));
    describe("tool servers that were added", () => storedToolServerTests(theStore));
    describe("signing keys", () => signingKeyTests(theStore));
    describe("text", () => textTests(theStore));
    const { another } = options;
    if (another) describe("two nodes", () => otherStoreTests(theStore, () => keep(another())));
  });
}
