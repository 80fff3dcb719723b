/**
 * The one schema of the configuration. From it come the type, the defaults, the JSON Schema for editors, the
 * reference page, the names of the environment variables and the messages about mistakes (SU-1).
 *
 * Not here: finding and reading files (load.ts), checks between two keys (cross-checks.ts), the words of a problem
 * (problems.ts), keys of features that do not exist yet (later.ts).
 */
import { z } from "zod";
import { type Secret, secret } from "../kernel/secret.js";
import { assertionsSchema } from "./schema-assertions.js";
import { brandingSchema } from "./schema-branding.js";
import { groupsSchema, limitsSchema, rolesSchema } from "./schema-claims.js";
import { providerSchema } from "./schema-providers.js";
import { egressSchema, logSchema, observabilitySchema, serverSchema } from "./schema-server.js";
import { servicesSchema } from "./schema-services.js";
import { rateLimitsSchema, sessionsSchema, signInSchema } from "./schema-sign-in.js";
import { toolServersSchema } from "./schema-tool-servers.js";
import { vaultSchema } from "./schema-vault.js";
import { webhooksSchema } from "./schema-webhooks.js";
import { allowing, ownSecret, passwordProblem, urlProblem } from "./values.js";

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
export type DatabaseLocation =
  /** A file, as written (relative to the working directory), or `:memory:`. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** The whole URL, since it may hold a password; `name` is what may be shown of it. */
  | { readonly kind: "postgres"; readonly url: Secret; readonly name: string };

/** A password belongs before the `@`, from where no message and no print shows it. */
function postgresLocation(value: string): DatabaseLocation | undefined {
  if (!/^postgres(ql)?:\/\//.test(value) || !URL.canParse(value)) return undefined;
  const { hostname, port, pathname, searchParams } = new URL(value);
  if (pathname.length < 2 || searchParams.has("password") || searchParams.has("user")) return undefined;
  const host = hostname === "" ? (searchParams.get("host") ?? "localhost") : hostname;
  return { kind: "postgres", url: secret(value), name: `${pathname.slice(1)} on ${host}${port && `:${port}`}` };
}

const database = () =>
  allowing(
    z.string().transform((value, ctx): DatabaseLocation => {
      const path = /^sqlite:(?!\/\/)([^\p{Cc}?#]+)$/u.exec(value)?.[1];
      if (path !== undefined) return { kind: "sqlite", path };
      const problem = passwordProblem(value);
      const postgres = problem === undefined ? postgresLocation(value) : undefined;
      if (postgres !== undefined) return postgres;
      ctx.addIssue({ code: "custom", message: problem ?? "is no database" });
      return z.NEVER;
    }),
    "sqlite:./latchkey.db, sqlite:/path/to/file, sqlite::memory: or postgres://user:password@host:5432/database",
    { password: true },
  );

const bus = () =>
  allowing(
    z.string().transform((value, ctx): { readonly kind: "auto" } | { readonly kind: "redis"; readonly url: Secret } => {
      if (value === "auto") return { kind: "auto" };
      const problem = passwordProblem(value);
      if (problem === undefined && /^rediss?:\/\/[^/?#]/.test(value) && URL.canParse(value))
        return { kind: "redis", url: secret(value) };
      ctx.addIssue({ code: "custom", message: problem ?? "is no bus" });
      return z.NEVER;
    }),
    "auto, redis://host:6379 or rediss://…",
    { password: true },
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
  bus: bus()
    .prefault("auto")
    .describe(
      "How nodes tell each other that something changed. `auto`: LISTEN and NOTIFY on Postgres; SQLite needs nothing. `redis://host:6379` where there is a Redis.",
    ),
  busPrefix: allowing(z.string().regex(/^[a-z0-9_:-]{1,32}$/), "1 to 32 of a-z, 0-9, _, : and -")
    .default("latchkey")
    .describe("Begins the names of channels and keys, for a Redis or Postgres that several installations share."),
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
  vault: vaultSchema,
  toolServers: toolServersSchema,
  services: servicesSchema,
  assertions: assertionsSchema,
  rateLimits: rateLimitsSchema,
  observability: observabilitySchema,
  webhooks: webhooksSchema,
  branding: brandingSchema,
});

/** The configuration as code uses it: every default filled in, durations in milliseconds, secrets boxed. */
export type Config = z.output<typeof configSchema>;
/** The configuration as people write it. */
export type ConfigInput = z.input<typeof configSchema>;
export type ProviderConfig = Config["providers"][number];
export type ToolServerConfig = Config["toolServers"][number];
export type WebhookConfig = Config["webhooks"][number];
