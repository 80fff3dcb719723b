/** Which host names mean this machine: the only ones where http needs no permission (SI-8). */

/**
 * True for `localhost` and names below it (RFC 6761 §6.3), 127.0.0.0/8 and ::1, as `URL.hostname` writes them.
 * Other spellings of an address (`127.1`, `0x7f000001`) are already normalised by `URL`.
 */
export function isLoopbackHost(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/\.$/, "");
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host) ||
    host === "[::1]"
  );
}

/** True when everybody who can reach this base URL sits at this machine. */
export const isLoopbackUrl = (url: string): boolean => URL.canParse(url) && isLoopbackHost(new URL(url).hostname);
