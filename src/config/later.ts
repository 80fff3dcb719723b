/**
 * Names that belong to features which do not exist yet. They are refused with the words "not yet" instead of being
 * ignored: a key that is silently dropped looks like a setting that works.
 *
 * A path is written with `*` for a list index. When a feature is built its names move from here into the schema.
 */

/** Presets that exist. */
export const presets = [
  "oidc",
  "oauth2",
  "google",
  "microsoft",
  "github",
  "feishu",
  "gitlab",
  "slack",
  "discord",
  "linkedin",
  "apple",
  "auth0",
  "authentik",
  "keycloak",
  "okta",
  "zitadel",
] as const;

/** Keys that will exist; everything below one of them is refused with it. */
export const laterKeys: readonly string[] = ["verify", "observability.tracing"];

const patternOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => (typeof part === "number" ? "*" : String(part))).join(".");

/** True when the key at this path belongs to a feature that does not exist yet. */
export const isLaterKey = (path: readonly PropertyKey[]): boolean => laterKeys.includes(patternOf(path));
