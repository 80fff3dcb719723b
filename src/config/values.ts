/**
 * The kinds of value that configuration is made of, each as a zod schema that takes what people write and gives
 * what code uses: `30d` becomes a `Duration`, `1MB` a number of bytes, `600/min` a rate, a secret a `Secret`.
 *
 * Not here: which keys exist (schema*.ts), checks between two keys (cross-checks.ts).
 */
import { isIP } from "node:net";
import { z } from "zod";
import { parseRange } from "../kernel/ip-addresses.js";
import { maxAgeSeconds } from "../kernel/max-age.js";
import { isReservedAuthorizeParameter } from "../kernel/reserved-parameters.js";
import { type Secret, secret } from "../kernel/secret.js";
import { checkSecret } from "../kernel/secret-strength.js";
import { type Duration, milliseconds, parseDuration, seconds } from "../kernel/time.js";
import { type LeafNotes, leafNotes } from "./schema-notes.js";

/** Adds the words for "allowed" to a schema and gives the same schema back. */
export function allowing<T extends z.ZodType>(schema: T, allowed: string, more: Omit<LeafNotes, "allowed"> = {}): T {
  leafNotes.add(schema, { allowed, ...more });
  return schema;
}

/** Text without control characters, of at most `max` characters. */
export const text = (max = 1_000) =>
  allowing(
    // biome's noControlCharactersInRegex is met by writing the class as Unicode property.
    z
      .string()
      .min(1)
      .max(max)
      .regex(/^\P{Cc}*$/u),
    `text of 1 to ${max} characters`,
  );

export const flag = () => allowing(z.boolean(), "true or false");

export const oneOf = <const T extends readonly [string, ...string[]]>(...names: T) =>
  allowing(z.enum(names), names.join(" · "));

/** `30d`, `12h`, `90m`, `10s`, `250ms`, or 0. */
export function duration(range: { min?: Duration; max?: Duration } = {}) {
  const { min = milliseconds(0), max = seconds(400 * 86_400) } = range;
  const words = `a duration such as 30d, 12h, 90m, 10s or 250ms, ${spell(min)} to ${spell(max)}`;
  const schema = z.union([z.string(), z.literal(0)]).transform((value, ctx): Duration => {
    // A variable has only text.
    const length = value === 0 || value === "0" ? milliseconds(0) : parseDuration(value);
    if (length !== undefined && length >= min && length <= max) return length;
    ctx.addIssue({ code: "custom", message: length === undefined ? "is no duration" : "is out of range" });
    return z.NEVER;
  });
  return allowing(schema, words);
}

/** A length of time as people write it, in the largest unit that fits exactly. */
export function spell(length: Duration): string {
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1_000],
  ] as const) {
    if (length >= size && length % size === 0) return `${length / size}${unit}`;
  }
  return length === 0 ? "0" : `${length}ms`;
}

const byteUnits: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** `1MB`, `512KiB`, or a plain number of bytes. */
export function byteSize(range: { min: number; max: number }) {
  const schema = z.union([z.string(), z.number()]).transform((value, ctx): number => {
    // A number from a variable is text without a unit.
    const match = /^(\d{1,12})(?: ?(B|KB|MB|GB|KiB|MiB|GiB))?$/.exec(String(value));
    const size =
      typeof value === "number"
        ? value
        : match
          ? Number(match[1]) * (byteUnits[match[2] ?? "B"] ?? Number.NaN)
          : Number.NaN;
    if (Number.isSafeInteger(size) && size >= range.min && size <= range.max) return size;
    ctx.addIssue({ code: "custom", message: Number.isNaN(size) ? "is no size" : "is out of range" });
    return z.NEVER;
  });
  return allowing(schema, `a size such as 1MB or 512KiB, ${range.min} to ${range.max} bytes`);
}

/** So many in so long. */
export interface RateLimit {
  readonly points: number;
  readonly per: Duration;
}
const rateUnits: Readonly<Record<string, Duration>> = { s: seconds(1), min: seconds(60), h: seconds(3_600) };

/** `600/min`, `10/s`, `1000/h`, or `off`. */
export function rate() {
  const schema = z.string().transform((value, ctx): RateLimit | "off" => {
    if (value === "off") return "off";
    const match = /^([1-9]\d{0,8})\/(s|min|h)$/.exec(value);
    const per = rateUnits[match?.[2] ?? ""];
    if (match && per !== undefined) return { points: Number(match[1]), per };
    ctx.addIssue({ code: "custom", message: "is no rate" });
    return z.NEVER;
  });
  return allowing(schema, "a rate such as 600/min, 10/s or 1000/h, or off");
}

/** A value that is boxed at once and never shown. */
export const secretText = (allowed = "text, best as ${NAME} or ${file:/run/secrets/name}") =>
  allowing(
    z
      .string()
      .min(1)
      .transform((value): Secret => secret(value)),
    allowed,
    { secret: true },
  );

const weakness = {
  too_short: "is shorter than 32 bytes",
  known_example: "is or holds a value from an example",
  low_entropy: "is a pattern that can be guessed",
} as const;

/** One of our own secrets: strong, or refused with the command that makes a good one (VA-3). */
export function ownSecret() {
  const schema = z.string().transform((value, ctx): Secret => {
    const strength = checkSecret(value);
    if (strength.ok) return secret(value);
    ctx.addIssue({ code: "custom", message: weakness[strength.error] });
    return z.NEVER;
  });
  return allowing(schema, "32 bytes or more that nobody can guess; make one with: openssl rand -base64 32", {
    secret: true,
  });
}

/** An absolute http or https URL. `bare` refuses query and fragment; user information is never allowed. */
export function webUrl(options: { bare?: boolean } = {}) {
  const schema = z.string().superRefine((value, ctx) => {
    const problem = urlProblem(value, options.bare ?? false);
    if (problem !== undefined) ctx.addIssue({ code: "custom", message: problem });
  });
  return allowing(schema, options.bare ? "an absolute https URL without query and fragment" : "an absolute https URL");
}

/** Why a text is not a URL we would use, or undefined. */
export function urlProblem(value: string, bare: boolean): string | undefined {
  if (!URL.canParse(value) || !/^https?:\/\/[^\s\\]+$/i.test(value)) return "is no absolute http or https URL";
  const url = new URL(value);
  if (url.username !== "" || url.password !== "") return "must not hold a user name or password";
  if (bare && /[?#]/.test(value)) return "must not have a query or fragment";
  return undefined;
}

/**
 * Why a URL with a password does not say what its writer meant, or undefined: at the first `/`, `?` or `#` what names the
 * server ends, so an `@` behind it was meant to come before the host.
 */
export const passwordProblem = (value: string): string | undefined =>
  /^[^/?#]*\/\/[^/?#]*[/?#].*@/s.test(value)
    ? "holds / ? or # before an @: in a password they must be percent-encoded, as %2F %3F %23, and an @ elsewhere as %40"
    : undefined;

/** A path on our own origin: parsed, not pattern-matched (SI-7). */
export const ownPath = () =>
  allowing(z.string().max(1_024).refine(isOwnPath, "is no path on our own origin"), "a path such as / or /home");

export function isOwnPath(value: string): boolean {
  if (!value.startsWith("/") || /[\\\p{Cc}\s]/u.test(value)) return false;
  const base = "https://own.invalid";
  return URL.canParse(value, base) && new URL(value, base).origin === base;
}

/** `https://host[:port]`, exactly as browsers send it in `Origin`. */
export const origin = () =>
  allowing(
    z
      .string()
      .refine(
        (value) => /^https?:/.test(value) && URL.canParse(value) && new URL(value).origin === value,
        "is no origin",
      ),
    "an origin such as https://app.example.com (no path, no trailing slash)",
  );

// Exact names only: the doors compare whole host names, and a star would look as if it did more.
const hostPattern = /^(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*$/i;

/** An IP address, with a prefix length that fits it or without: what parseRange reads, since that is what is used. */
const isAddressOrRange = (value: string): boolean => parseRange(value) !== undefined;

export const addressOrRange = () =>
  allowing(
    z.string().refine(isAddressOrRange, "is no address or CIDR range"),
    "an IP address or CIDR range such as 10.0.0.0/8",
  );

export const hostOrRange = () =>
  allowing(
    z
      .string()
      .refine((value) => isAddressOrRange(value) || hostPattern.test(value), "is no host, address or CIDR range"),
    "a host name, IP address or CIDR range",
  );

/** The same for `noProxy`, where `*.example.com` and `*` mean what they mean in NO_PROXY. */
export const bypassedHost = () =>
  allowing(
    z.string().refine((value) => {
      const rest = value.replace(/^\*?\./, "").replace(/:\d{1,5}$/, "");
      return value === "*" || isAddressOrRange(value) || hostPattern.test(rest);
    }, "is no host, address or CIDR range"),
    "a host name, *.example.com, an IP address or a CIDR range",
  );

/** A host, optionally with a port. */
export const hostWithPort = () =>
  allowing(
    z.string().refine((value) => {
      if (isIP(value) !== 0) return true;
      if (!/^(\[[0-9a-f:.]+\]|[^[\]:/]+)(:\d{1,5})?$/i.test(value)) return false;
      const host = value.replace(/:\d{1,5}$/, "");
      return isIP(host.replace(/^\[|\]$/g, "")) !== 0 || hostPattern.test(host);
    }, "is no host"),
    "a host name or IP address, with or without a port",
  );

const isUncheckedMaxAge = (name: string, content: string): boolean =>
  name.toLowerCase() === "max_age" && (name !== "max_age" || maxAgeSeconds(content) === undefined);

/** Extra authorize parameters (SI-6): the ones that Latchkey itself sets are refused by name. */
export const authorizeParameters = () =>
  allowing(
    z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
      .transform((value, ctx): Record<string, string> => {
        const parameters: [string, string][] = [];
        for (const [name, content] of Object.entries(value)) {
          if (isReservedAuthorizeParameter(name)) {
            ctx.addIssue({
              code: "custom",
              path: [name],
              message: "is a parameter that Latchkey sets itself",
              params: { reason: "reserved" },
            });
          } else if (!/^[\x21-\x7e]{1,100}$/.test(name)) {
            ctx.addIssue({ code: "custom", path: [name], message: "is no parameter name" });
          } else if (isUncheckedMaxAge(name, String(content))) {
            // What is asked is checked (SI-6); a spelling that only the provider understands could not be.
            ctx.addIssue({ code: "custom", path: [name], message: "is not max_age with a whole number of seconds" });
          } else parameters.push([name, String(content)]);
        }
        return Object.fromEntries(parameters);
      }),
    "a map of parameter names and values, without the parameters of the protocol itself",
  );
