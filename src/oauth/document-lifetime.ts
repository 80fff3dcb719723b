/** For how long a fetched document is fresh: what its headers say, within bounds of ours (SI-2, RFC 9111 §4.2). Pure. */
import { type Duration, hours, type Instant, milliseconds, minutes, parseHttpDate, seconds } from "../kernel/time.js";

/** A provider that says "never cache" would cost a request per sign-in. */
const shortest = minutes(5);
/** A provider that says "a year" would keep a withdrawn key alive. */
const longest = hours(24);
const unsaid = hours(1);

/** `Cache-Control: max-age` less `Age`, else `Expires`, else one hour; between 5 minutes and 24 hours. */
export function freshFor(headers: Headers, now: Instant): Duration {
  const said = saidLifetime(headers, now);
  return milliseconds(Math.min(Math.max(said ?? unsaid, shortest), longest));
}

function saidLifetime(headers: Headers, now: Instant): number | undefined {
  const directives = (headers.get("cache-control") ?? "")
    .toLowerCase()
    .split(",")
    .map((part) => part.trim());
  if (directives.includes("no-store") || directives.includes("no-cache")) return 0;
  const maxAge = directives.map((part) => /^max-age="?(\d+)"?$/.exec(part)?.[1]).find((text) => text !== undefined);
  if (maxAge !== undefined) {
    const age = /^\d+$/.exec(headers.get("age") ?? "")?.[0] ?? "0";
    return seconds(Number(maxAge) - Number(age));
  }
  const expires = headers.get("expires");
  if (expires === null) return undefined;
  const end = parseHttpDate(expires);
  // A date that cannot be read, `0` before all, means "already expired" (RFC 9111 §5.3).
  return end === undefined ? 0 : end - (parseHttpDate(headers.get("date") ?? "") ?? now);
}
