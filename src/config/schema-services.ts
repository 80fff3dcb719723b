/** The keys about services: backends that may ask for people's tokens and end their sessions (VA-15). */
import { z } from "zod";
import { isAudience } from "../kernel/assertion-limits.js";
import { allowing, flag, ownSecret } from "./values.js";

/** `*`, or a connection by its name. Nothing in between: what a pattern lets in is seen too late. */
const connection = () =>
  allowing(
    z.string().regex(/^(\*|(provider|tool):[a-z0-9-]{1,32})$/),
    "*, or a connection such as provider:corp or tool:linear",
  );

const audience = () =>
  allowing(z.string().refine(isAudience), "a name or a URI of 1 to 512 printable ASCII characters, without spaces");

const serviceSchema = z.strictObject({
  id: allowing(z.string().regex(/^[a-z0-9-]{1,32}$/), "1 to 32 of a-z, 0-9 and -").describe(
    "Name that the service authenticates with. One in the file hides a stored one of the same name.",
  ),
  secret: ownSecret().describe("What it authenticates with, as HTTP Basic or `client_secret`."),
  connections: z
    .array(connection())
    .min(1)
    .max(1_000)
    .default(["*"])
    .describe("Connections whose tokens it may have; `*` is every one."),
  offline: flag()
    .default(false)
    .describe(
      "Whether it may name a user without their session, for work on a schedule. `connections` must then be named, and `*` is refused.",
    ),
  audience: audience().nullable().default(null).describe("`aud` of the assertions that are meant for it; null: none."),
});

export const servicesSchema = z
  .array(serviceSchema)
  .max(1_000)
  .default([])
  .describe("Backends that may exchange a person's session for their tokens (docs/services.md).");
