/**
 * Which URLs go through an HTTP proxy: what the operator set, and nothing from anywhere else (EG-1). Pure.
 *
 * Being left out of the proxy makes a host no freer: it is then dialled by us, under the full guard.
 */
import { LatchkeyError } from "../kernel/errors.js";
import { isWithin, parseAddress, parseRange } from "../kernel/ip-addresses.js";
import { plainHost } from "./allow-list.js";

export interface ProxyOptions {
  /** null: none. `env`: what `proxyEnvironment` says. Else the proxy's URL, which may hold a user name and password. */
  readonly proxy: string | null;
  /** Hosts and ranges that are reached without it: `idp.internal` (and names below it), `10.0.0.0/8`, `*`. */
  readonly noProxy: readonly string[];
  /** The variables HTTPS_PROXY and NO_PROXY in either case, http_proxy in lower case only; read only when `proxy` is `env`. */
  readonly proxyEnvironment?: Readonly<Record<string, string | undefined>>;
}

/** The proxy's URL for a request, or null. */
export type ChooseProxy = (url: URL) => string | null;

/** @throws LatchkeyError `config.invalid` when a proxy is not an http or https URL. The URL itself is not told: it may hold a password. */
export function compileProxyChoice(options: ProxyOptions): ChooseProxy {
  const environment = options.proxyEnvironment ?? {};
  // httpoxy (CVE-2016-5385): under CGI, HTTP_PROXY in upper case comes from a request's header. It is not read.
  const variable = (name: string) =>
    environment[name.toLowerCase()] || (name !== "HTTP_PROXY" && environment[name]) || null;
  const fromEnvironment = options.proxy === "env";
  const forHttps = checkProxy(fromEnvironment ? variable("HTTPS_PROXY") : options.proxy);
  const forHttp = checkProxy(fromEnvironment ? variable("HTTP_PROXY") : options.proxy);
  const bypass = [...options.noProxy, ...(fromEnvironment ? (variable("NO_PROXY") ?? "").split(/[\s,]+/) : [])].filter(
    (entry) => entry !== "",
  );
  return (url) =>
    bypass.some((entry) => isBypassed(url, entry)) ? null : url.protocol === "https:" ? forHttps : forHttp;
}

function checkProxy(text: string | null): string | null {
  if (text === null) return null;
  // Variables often leave the scheme out, and `proxy.internal:3128` would be read as a scheme of its own.
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new LatchkeyError("config.invalid", { data: { path: "egress.proxy", reason: "not an http or https URL" } });
}

function isBypassed(url: URL, entry: string): boolean {
  if (entry === "*") return true;
  const host = plainHost(url.hostname);
  const range = parseRange(entry);
  const address = parseAddress(host);
  if (range) return address !== undefined && isWithin(address, range);
  const [, name = "", port] = /^(?:\*?\.)?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  if (port !== undefined && port !== (url.port || (url.protocol === "https:" ? "443" : "80"))) return false;
  const suffix = plainHost(name);
  return host === suffix || host.endsWith(`.${suffix}`);
}
