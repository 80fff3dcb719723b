/**
 * Which URLs may be asked at all, before any name is looked up (EG-1). Pure.
 *
 * An IP literal never reaches a lookup, so its address is judged here. `URL` has by then turned every notation of an
 * IPv4 address (decimal, octal, hex, short, full-width digits) into the dotted one, and refused zone ids.
 *
 * Not here: addresses of names (guarded-lookup), and which hosts a token may go to (the callers' bounds).
 */
import { isIP } from "node:net";
import { err, ok, type Result } from "../kernel/result.js";
import { type AllowList, plainHost } from "./allow-list.js";

export type UrlProblem =
  | {
      readonly code: "egress.url_refused";
      readonly reason: "not_a_url" | "scheme" | "user_information" | "plain_http" | "port";
    }
  | { readonly code: "egress.address_refused"; readonly reason: string };

/**
 * Ports on which something other than HTTP listens and may be made to act on a request's text.
 * @see https://fetch.spec.whatwg.org/#port-blocking
 */
const blockedPorts = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** Names that mean the machine that resolves them. Behind a proxy we see no address, so the names themselves count. */
const selfNames = /^(localhost|.*\.localhost|metadata|metadata\.google\.internal|instance-data(\.ec2\.internal)?)$/;

/**
 * Checks one URL; every hop of a redirect is checked anew.
 *
 * @param text Taken as it stands: relative URLs are not completed.
 * @param proxied True when a proxy will look the name up.
 * @returns the URL without its fragment.
 */
export function checkUrl(
  text: string | URL,
  allowed: AllowList,
  proxied: (url: URL) => boolean,
): Result<URL, UrlProblem> {
  const refused = (reason: Extract<UrlProblem, { code: "egress.url_refused" }>["reason"]) =>
    err({ code: "egress.url_refused", reason } as const);
  const url = typeof text !== "string" || URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return refused("not_a_url");
  if (url.protocol !== "https:" && url.protocol !== "http:") return refused("scheme");
  if (url.username !== "" || url.password !== "") return refused("user_information");
  if (url.port !== "" && blockedPorts.has(Number(url.port))) return refused("port");
  if (url.protocol === "http:" && !allowed.allowsHttp(url)) return refused("plain_http");

  const host = plainHost(url.hostname);
  const problem =
    isIP(host) !== 0
      ? allowed.addressProblem(host, host)
      : proxied(url) && selfNames.test(host) && !allowed.allowsHost(host)
        ? "loopback"
        : undefined;
  if (problem !== undefined) return err({ code: "egress.address_refused", reason: problem });
  url.hash = "";
  return ok(url);
}
