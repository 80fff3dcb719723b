/**
 * The one schema of the configuration. From it come the type, the defaults, the JSON Schema for editors, the
 * reference page, the names of the environment variables and the messages about mistakes (SU-1).
 *
 * Not here: finding and reading files (load.ts), checks between two keys (cross-checks.ts), the words of a problem
 * (problems.ts), keys of features that do not exist yet (later.ts).
 */
import { z } from "zod";
import { groupsSchema, limitsSchema, rolesSchema } from "./schema-claims.js";
import { providerSchema } from "./schema-providers.js";
import { egressSchema, logSchema, observabilitySchema, serverSchema } from "./schema-server.js";
import { rateLimitsSchema, sessionsSchema, signInSchema } from "./schema-sign-in.js";
import { allowing, ownSecret, text, urlProblem } from "./values.js";

const baseUrl = () =>
  allowing(
    z.string().transform((value, ctx): string => {
      const problem =
        urlProblem(value, true) ??
        (new URL(value).pathname === "/" ? undefined : "must not have a path; that is basePath");
      if (problem === undefined) return new URL(value).origin;
      ctx.addIssue({ code: "custom", message: problem });
      return z.NEVER;
    }),
    "an origin such as https://app.example.com, or http://localhost:3000",
  );

const basePath = () =>
  allowing(
    z.string().regex(/^(\/[A-Za-z0-9_~][A-Za-z0-9._~-]*){1,8}$/),
    "a path such as /auth: begins with /, does not end with /, letters, digits and - . _ ~",
  );

/** Where rows are kept. */
export interface DatabaseLocation {
  readonly kind: "sqlite";
  /** A file, as written (relative to the working directory), or `:memory:`. */
  readonly path: string;
}

const database = () =>
  allowing(
    z.string().transform((value, ctx): DatabaseLocation => {
      const path = /^sqlite:(?!\/\/)([^\p{Cc}?#]+)$/u.exec(value)?.[1];
      if (path !== undefined) return { kind: "sqlite", path };
      const later = /^postgres(ql)?:/i.test(value);
      ctx.addIssue({
        code: "custom",
        message: later ? "is not yet available" : "is no database",
        params: { reason: later ? "not_yet" : "unknown" },
      });
      return z.NEVER;
    }),
    "sqlite:./latchkey.db, sqlite:/path/to/file or sqlite::memory:",
  );

const bus = () =>
  allowing(
    z.string().transform((value, ctx): "auto" => {
      if (value === "auto") return "auto";
      const later = /^(redis|rediss|postgres|postgresql):/i.test(value);
      ctx.addIssue({
        code: "custom",
        message: later ? "is not yet available" : "is no bus",
        params: { reason: later ? "not_yet" : "unknown" },
      });
      return z.NEVER;
    }),
    "auto",
  );

export const configSchema = z.strictObject({
  baseUrl: baseUrl().describe("Our public origin: the only source of our own URLs. https, or http on loopback."),
  basePath: basePath().default("/auth").describe("Path below which all our routes lie."),
  secrets: z
    .array(ownSecret())
    .min(1)
    .max(20)
    .describe(
      "Secrets that everything kept here is sealed with: newest first, 32 bytes or more each. Older ones still open what they sealed.",
    ),
  database: database().prefault("sqlite:./latchkey.db").describe("Where users, sessions and tokens are kept."),
  bus: bus().prefault("auto").describe("How processes tell each other about changes. `auto` fits the database."),
  server: serverSchema,
  log: logSchema,
  egress: egressSchema,
  providers: z
    .array(providerSchema)
    .min(1)
    .max(1_000)
    .describe("The providers that people sign in with, in the order of their buttons."),
  signIn: signInSchema,
  roles: rolesSchema,
  groups: groupsSchema,
  limits: limitsSchema,
  sessions: sessionsSchema,
  rateLimits: rateLimitsSchema,
  observability: observabilitySchema,
  branding: z
    .strictObject({ name: text(60).default("Latchkey").describe("Name of this installation on its pages.") })
    .prefault({})
    .describe("How the pages look."),
});

/** The configuration as code uses it: every default filled in, durations in milliseconds, secrets boxed. */
export type Config = z.output<typeof configSchema>;
/** The configuration as people write it. */
export type ConfigInput = z.input<typeof configSchema>;
export type ProviderConfig = Config["providers"][number];
