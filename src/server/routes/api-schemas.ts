/** The JSON of the API: the schemas that check what comes in and that the OpenAPI document is made from (SU-4). */
import { z } from "@hono/zod-openapi";

const time = (about: string) => z.iso.datetime().describe(about);

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe("Stable, `family.reason`; see the list of error codes."),
    detail: z.string().optional(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), message: z.string(), allowed: z.string().optional() })).optional(),
  })
  .openapi("Problem");

/** A failing answer of a route, for `responses`. */
export const failing = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});

export const sessionAnswer = z
  .object({
    user: z.object({
      id: z.uuid(),
      email: z.string(),
      emailVerified: z.boolean(),
      name: z.string(),
      picture: z.string().nullable(),
      role: z.string(),
      groups: z.array(z.string()),
    }),
    session: z.object({
      id: z.uuid(),
      provider: z.string(),
      createdAt: time("When the person signed in."),
      expiresAt: time("The earlier of idle and absolute end."),
      current: z.literal(true),
    }),
  })
  .openapi("SignedIn");

export const providerItem = z
  .object({
    id: z.string(),
    displayName: z.string(),
    icon: z.string().nullable(),
    startUrl: z.string().describe("Send the browser here; `?return_to=/path` says where to come back to."),
    health: z.enum(["ok", "unknown", "unreachable", "misconfigured"]),
  })
  .openapi("Provider");

export const sessionItem = z
  .object({
    id: z.uuid(),
    provider: z.string(),
    providerName: z.string(),
    device: z.string().describe("The user agent in plain words."),
    userAgent: z.string().nullable(),
    address: z.string().nullable(),
    createdAt: time("When the person signed in."),
    lastSeenAt: time("Written at most once a minute."),
    expiresAt: time("The earlier of idle and absolute end."),
    current: z.boolean().describe("True for the session that asks."),
  })
  .openapi("Session");

export const identityItem = z
  .object({
    id: z.uuid(),
    provider: z.string(),
    displayName: z.string(),
    issuer: z.string(),
    email: z.string().nullable(),
    emailVerified: z.boolean(),
    createdAt: time("When the identity was linked."),
    lastUsedAt: time("The last sign-in with it."),
  })
  .openapi("Identity");

export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable().describe("Give it as `cursor` for what follows.") });

export const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50).openapi({ type: "integer" }),
  cursor: z.uuid().optional().describe("`next` of the list before."),
});

export const idParameter = z.object({ id: z.string().openapi({ format: "uuid" }) });

export const linkParameter = z.object({ provider: z.string().describe("An id of `/api/providers`.") });

export const linkQuery = z.object({
  return_to: z.string().optional().describe("A path to come back to. Without it: the account page."),
});

export const linkStarted = z
  .object({ location: z.url().describe("Send the browser here; it must have the session that asked.") })
  .openapi("LinkStarted");
