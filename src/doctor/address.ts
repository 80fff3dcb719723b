/** The checks on where people reach us: `baseUrl`, its cookie, and the proxies in front. Judgements are pure. */
import { isLoopbackHost } from "../config/loopback.js";
import type { Config } from "../config/schema.js";
import type { Egress } from "../egress/port.js";
import { isLatchkeyError } from "../kernel/errors.js";
import { parseRange } from "../kernel/ip-addresses.js";
import { check, type Finding } from "./finding.js";

type AddressConfig = Pick<Config, "baseUrl" | "basePath" | "server" | "sessions">;

const baseUrl = check("base-url", "Our own URLs are made from it alone: the redirect URI, the cookie, the links.");
const reachable = check("base-url-reachable", "People's browsers come back here from the provider.");
const cookie = check("cookie", "A browser that drops the session cookie signs nobody in, and says nothing about it.");
const proxies = check(
  "proxy",
  "Without trustedProxies everybody behind a proxy is one address to the rate limits; with too many, anybody can choose theirs.",
);

export function judgeBaseUrl({ baseUrl: text, server }: AddressConfig): Finding {
  const url = new URL(text);
  if (url.protocol === "https:") return baseUrl.ok(`${text}, over https.`);
  if (!isLoopbackHost(url.hostname))
    return baseUrl.warn(
      `${text} is plain http, which server.insecureHttp allows.`,
      "Put a proxy with TLS in front and set baseUrl to its https address; sessions can be read on the way until then.",
    );
  const port = Number(url.port || 80);
  if (server.port !== 0 && server.port !== port)
    return baseUrl.warn(
      `${text} leads to port ${port}, and server.port is ${server.port}.`,
      "Give both the same port, unless something passes requests on.",
    );
  return baseUrl.ok(`${text}: http is fine on loopback, where nobody else can listen.`);
}

/** Domains below which anybody can have a name: no browser keeps a cookie for all of one (publicsuffix.org). A few of very many. */
const publicSuffixes = new Set(
  (
    "co.uk org.uk ac.uk com.au net.au co.nz co.jp com.br com.cn com.mx co.in co.za com.tr com.sg github.io gitlab.io " +
    "herokuapp.com vercel.app netlify.app pages.dev workers.dev fly.dev onrender.com web.app firebaseapp.com " +
    "azurewebsites.net cloudfront.net ngrok.io ngrok.app ngrok-free.app trycloudflare.com duckdns.org appspot.com run.app"
  ).split(" "),
);

export function judgeCookie({ baseUrl: text, sessions }: AddressConfig): Finding {
  const { hostname, protocol } = new URL(text);
  const { cookieDomain, cookieName, sameSite } = sessions;
  if (cookieDomain !== null && publicSuffixes.has(cookieDomain))
    return cookie.fail(
      `sessions.cookieDomain is ${cookieDomain}, below which anybody can have a name; browsers drop such a cookie.`,
      `Leave sessions.cookieDomain out, or set it to ${hostname}.`,
    );
  if (cookieDomain !== null)
    return cookie.warn(
      `${cookieName} is shared with every host below ${cookieDomain}, without the __Host- prefix.`,
      "Leave sessions.cookieDomain out unless an app on a sibling host needs the cookie, and trust all of those hosts.",
    );
  if (protocol === "http:")
    return isLoopbackHost(hostname)
      ? cookie.ok(`${cookieName}, without Secure, as http on loopback needs it.`)
      : cookie.warn(
          `${cookieName} goes over plain http, without Secure and without the __Host- prefix.`,
          "Use https: whoever is on the way can take the cookie, and sibling hosts can plant one.",
        );
  return cookie.ok(`__Host-${cookieName}: Secure, HttpOnly, SameSite=${sameSite}, for this host alone.`);
}

const wholeInternet = (range: string) => parseRange(range)?.[1] === 0;

export function judgeProxies({ baseUrl: text, server }: AddressConfig): Finding {
  const { trustedProxies, host } = server;
  const everybody = trustedProxies.find(wholeInternet);
  if (everybody !== undefined)
    return proxies.warn(
      `server.trustedProxies holds ${everybody}: everybody's X-Forwarded-For counts, so everybody can choose an address.`,
      "Name the addresses of your proxies alone, for example 127.0.0.1 or 10.0.0.5.",
    );
  if (trustedProxies.length > 0) return proxies.ok(`X-Forwarded-For counts from ${trustedProxies.join(", ")}.`);
  if (text.startsWith("https:"))
    return proxies.warn(
      `baseUrl is https, ${host} port ${server.port} speaks plain http, so a proxy is in front; server.trustedProxies is empty.`,
      "Set server.trustedProxies to the proxy's address, for example [127.0.0.1, ::1] where it runs on this machine.",
    );
  return proxies.ok("No proxy is trusted, and plain http needs none.");
}

/** Asks our own health page, as a browser would reach it. No server need run; that is a warning. */
export async function checkReachable(egress: Pick<Egress, "request">, config: AddressConfig): Promise<Finding> {
  const url = `${config.baseUrl}${config.basePath}/healthz`;
  try {
    const { status, headers } = await egress.request({ purpose: "check", url });
    if (status === 200) return reachable.ok(`${url} answers.`);
    const location = headers.get("location");
    return reachable.warn(
      `${url} answers ${status}${location === null ? "" : ` and leads to ${originOf(location, url)}`}: that is not Latchkey.`,
      "Let the proxy pass everything below basePath to server.host and server.port, with the Host header as it came.",
    );
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    const reason = String(thrown.data["reason"] ?? thrown.code);
    const certificate = /CERT|SELF_SIGNED|ISSUER/.test(reason);
    return reachable.warn(
      `${url} does not answer from here: ${reason}.`,
      certificate
        ? "Give the proxy a certificate that browsers trust, with its whole chain; egress.ca names an authority of your own."
        : "Start latchkey serve and look again. If it runs, check the name, the firewall and the proxy.",
    );
  }
}

const originOf = (location: string, base: string): string =>
  URL.canParse(location, base) ? new URL(location, base).origin : "an unreadable place";
