/** VA-7: four processes with 250 callers each, five times in a row, on each database and with each bus. */
import { afterEach, describe, expect, test } from "vitest";
import { describeWith, postgresUrl, redisUrl } from "../services.js";
import { aStampeding, faultOf } from "./stampede.js";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function stampede(name: string, on: { postgres?: string | undefined; redis?: string | undefined }): void {
  describe(name, () => {
    test("VA-7 VA-8 AT-30 QU-10 a thousand callers in four processes make one request and get one token, five times", async () => {
      const stampeding = await aStampeding(on, "4s");
      closing.push(() => stampeding.close());
      // Once longer than a lease: its holder is alive, and renews it.
      for (const delay of [300, 300, 300, 300, 4_500]) expect(faultOf(await stampeding.once(delay))).toBeUndefined();
    }, 180_000);
  });
}

const redis = await redisUrl();
stampede("on one SQLite file", {});
describeWith("postgres", await postgresUrl(), "on Postgres", (postgres) => {
  stampede("with its own bus", { postgres });
  describeWith("redis", redis, "and Redis", (url) => stampede("as the bus", { postgres, redis: url }));
});
