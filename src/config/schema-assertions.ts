/** The keys about assertions: what we sign for apps behind us (LO-11). */
import { z } from "zod";
import { longestAssertionLifetime } from "../kernel/assertion-limits.js";
import { seconds } from "../kernel/time.js";
import { duration, oneOf } from "./values.js";

export const assertionsSchema = z
  .strictObject({
    alg: oneOf("EdDSA", "ES256")
      .default("EdDSA")
      .describe("How assertions are signed. `ES256` is for apps whose library knows no EdDSA."),
    lifetime: duration({ min: seconds(10), max: longestAssertionLifetime })
      .prefault("5m")
      .describe("How long an assertion is good for. Signing out does not take back one that is on its way."),
  })
  .prefault({})
  .describe("Signed statements of who is signed in, for apps behind us (docs/assertions.md).");
