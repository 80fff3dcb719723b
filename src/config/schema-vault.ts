/** The keys about keeping tokens fresh. */
import { z } from "zod";
import { days, hours, milliseconds, minutes, seconds } from "../kernel/time.js";
import { allowing, duration, flag } from "./values.js";

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
    refreshAhead: z
      .strictObject({
        enabled: flag()
          .default(false)
          .describe(
            "Refresh tokens before anybody asks for them, each at a moment of its own within two margins before callers would. Costs about a quarter more refreshes, and those of tokens that nobody uses.",
          ),
        concurrencyPerIssuer: allowing(z.int().min(1).max(100), "1 to 100")
          .default(4)
          .describe("Refreshes nobody waits for that one node has under way at one issuer."),
      })
      .prefault({}),
    keepAlive: allowing(
      z.union([z.boolean(), duration({ min: minutes(1), max: days(400) })]),
      "false, true (a day), or a duration of 1m to 400d",
    )
      .default(false)
      .transform((value) => (value === true ? days(1) : value))
      .describe(
        "Use refresh tokens that nobody has used for so long, at the latest, so that they do not end from idleness. Shorter than what the provider allows.",
      ),
  })
  .prefault({})
  .describe("How tokens are kept fresh.");
