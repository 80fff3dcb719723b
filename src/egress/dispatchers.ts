/**
 * The connections: one pool that dials checked addresses, and one per proxy that the operator set.
 *
 * TLS settings are written out where Node has a default, because the environment can change the default
 * (NODE_TLS_REJECT_UNAUTHORIZED, --tls-min-v1.0) and must not be able to (EG-1).
 *
 * undici's own time-outs are off: they run on another clock and start anew with every byte that drips in. The one
 * over the whole request is egress.ts's. Only dialling keeps one, so that a socket nobody waits for any more ends.
 *
 * undici is loaded with the first request: it is the largest of all imports, and a start needs none of it (QU-14).
 */
import { rootCertificates } from "node:tls";
import type { Dispatcher, ProxyAgent } from "undici";
import type { Duration } from "../kernel/time.js";
import type { AllowList } from "./allow-list.js";
import { guardLookup, type Lookup } from "./guarded-lookup.js";
import type { ChooseProxy } from "./proxy-choice.js";

/** Bytes of all response headers together. Node's own limit is half of it; corporate gateways get near that. */
const maxHeaderBytes = 32_768;

export interface Dispatchers {
  /** The dispatcher for a URL that has passed the policy. */
  for(url: URL): Promise<Dispatcher>;
  /** Waits for requests under way, which end by their own time; a second call waits for the same. */
  close(): Promise<void>;
}

export function createDispatchers(options: {
  readonly allowed: AllowList;
  readonly lookup: Lookup;
  readonly chooseProxy: ChooseProxy;
  readonly ca: string | null;
  readonly dialTimeout: Duration;
}): Dispatchers {
  const tls = {
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    // Node takes `ca` instead of its own list, not beside it.
    ...(options.ca === null ? {} : { ca: [...rootCertificates, options.ca] }),
  } as const;
  const shared = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: maxHeaderBytes, pipelining: 1 };
  const proxies = new Map<string, ProxyAgent>();
  let closing: Promise<unknown> | undefined;
  let closedUnopened = false;

  async function open() {
    const { Agent, Pool, ProxyAgent } = await import("undici");
    const direct = new Agent({
      ...shared,
      connect: { ...tls, timeout: options.dialTimeout, lookup: guardLookup(options.lookup, options.allowed) },
    });
    // Closed before the first request: what comes now is refused by the pool, as it is after it.
    if (closedUnopened) await direct.close();
    return { direct, Pool, ProxyAgent };
  }
  let opened: ReturnType<typeof open> | undefined;

  async function throughProxy(uri: string): Promise<ProxyAgent> {
    opened ??= open();
    const { Pool, ProxyAgent } = await opened;
    const known = proxies.get(uri);
    if (known) return known;
    // Plain http is asked of the proxy by absolute URL; most proxies refuse to tunnel to port 80.
    const agent = new ProxyAgent({
      ...shared,
      uri,
      requestTls: tls,
      proxyTls: { ...tls, timeout: options.dialTimeout },
      proxyTunnel: false,
      clientFactory(origin, how) {
        // A tunnel is a part of dialling, and has its time-out.
        const proxy = new Pool(origin, { ...how, ...shared, headersTimeout: options.dialTimeout });
        const tunnel = proxy.connect.bind(proxy) as (
          asked: Dispatcher.ConnectOptions,
        ) => Promise<Dispatcher.ConnectData>;
        return Object.assign(proxy, { connect: (asked: Dispatcher.ConnectOptions) => tunnel(asked).catch(noTunnel) });
      },
    });
    // Not kept: what is in the map is closed once, by closeAll.
    if (closing !== undefined) await agent.close();
    else proxies.set(uri, agent);
    return agent;
  }

  async function closeAll(): Promise<void> {
    closedUnopened = opened === undefined;
    if (opened === undefined) return;
    const { direct } = await opened;
    await Promise.all([direct, ...proxies.values()].map((dispatcher) => dispatcher.close()));
  }

  return {
    async for(url) {
      const proxy = options.chooseProxy(url);
      if (proxy !== null) return throughProxy(proxy);
      opened ??= open();
      return (await opened).direct;
    },
    close: async () => {
      closing ??= closeAll();
      await closing;
    },
  };
}

/** undici dials again at once, and without an end, where a socket that it was given for a connection has closed. */
function noTunnel(cause: unknown): never {
  throw new Error("the proxy made no tunnel", { cause });
}
