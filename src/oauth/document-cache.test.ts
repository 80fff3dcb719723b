/** The bounds of the copies in memory; lifetimes and failures are proved through `metadata`. */
import { expect, test } from "vitest";
import { silentLog } from "../kernel/log.js";
import { ok } from "../kernel/result.js";
import { createManualClock } from "../testing/manual-clock.js";
import { createDocumentCache, type DocumentRequest } from "./document-cache.js";

test("SI-2 a provider that moves its keys around fills no memory: 512 copies are kept, those fetched longest ago go first", async () => {
  const body = new TextEncoder().encode("{}");
  const cache = createDocumentCache({
    egress: {
      request: async ({ url }) => ({ url: String(url), status: 200, headers: new Headers(), body }),
      close: async () => {},
    },
    store: { metadata: { byUrl: async () => undefined }, transaction: async () => undefined as never },
    clock: createManualClock(),
    log: silentLog,
  });
  const at = (index: number): DocumentRequest<string> => ({
    purpose: "jwks",
    urls: [`https://idp.example/keys-${index}`],
    timeout: null,
    reader: "keys",
    read: () => ok("keys"),
  });
  for (let index = 0; index < 514; index++) expect(await cache.get(at(index))).toBe("keys");
  const held = Array.from({ length: 514 }, (_, index) => cache.lastFailure(at(index)) === "none");
  expect(held.slice(0, 3)).toEqual([false, false, true]);
  expect(held.filter(Boolean)).toHaveLength(512);
  // Gone from memory is not gone for good.
  expect(await cache.get(at(0))).toBe("keys");
});
