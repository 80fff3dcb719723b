/** The keys about keeping tokens fresh. */
import { z } from "zod";
import { hours, milliseconds, minutes, seconds } from "../kernel/time.js";
import { duration } from "./values.js";

export const vaultSchema = z
  .strictObject({
    refreshMargin: duration({ min: milliseconds(0), max: hours(24) })
      .prefault("5m")
      .describe(
        "How long before its end an access token is refreshed, at most a tenth of its lifetime. Longer than the slowest request that is made with it.",
      ),
    leaseTtl: duration({ min: seconds(1), max: minutes(10) })
      .prefault("30s")
      .describe(
        "How long others wait for a process that was killed while it refreshed. A living one renews its lease, so this is no limit of the refresh.",
      ),
    refreshTimeout: duration({ min: milliseconds(100), max: minutes(10) })
      .prefault("60s")
      .describe(
        "Longest time of one refresh request, instead of `egress.timeout`: giving up too early may cost the grant.",
      ),
    callerWait: duration({ min: milliseconds(0), max: minutes(30) })
      .prefault("75s")
      .describe("How long one call of the library waits for a refresh, which goes on all the same."),
  })
  .prefault({})
  .describe("How tokens are kept fresh.");
