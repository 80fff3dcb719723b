/** Everything about one provider, asked in the order of a sign-in, without signing anybody in. */
import type { Egress } from "../egress/port.js";
import { isLatchkeyError, type LatchkeyError } from "../kernel/errors.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";
import { createMetadata, discoveryUrls } from "../oauth/metadata.js";
import type { AuthorizationServer } from "../oauth/types.js";
import type { Provider } from "../providers/provider.js";
import type { Store } from "../store/contract.js";
import { checkAuthorize } from "./authorize-check.js";
import { checkClient } from "./client-check.js";
import { check, type Finding } from "./finding.js";
import { type WatchedEgress, watchEgress } from "./watched-egress.js";

export interface ProviderCheckPorts {
  readonly egress: Egress;
  /** Documents are kept here while the checks run; a store in memory, so that they are asked for anew. */
  readonly documents: Pick<Store, "metadata" | "transaction">;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  /** Why egress would refuse a URL before it looks the name up; undefined when it would not. */
  readonly refusal: (url: string) => string | undefined;
  /** True when a proxy is dialled for this URL. */
  readonly proxied: (url: string) => boolean;
}

const whyEgress =
  "Requests go only to https and to public addresses, unless egress.allow and egress.allowHttp say otherwise.";
const whyClock = "ID tokens carry times; beyond signIn.clockTolerance they are refused.";
const whyDiscovery = "The provider's metadata says where to send people and where to fetch tokens.";
const whyIssuer = "Whoever could have another issuer's metadata believed would get our client secret.";
const whyKeys = "Without the provider's keys no ID token can be believed.";

/** The findings, and the metadata where it could be had. */
export async function checkProvider(
  ports: ProviderCheckPorts,
  provider: Provider,
): Promise<{ readonly findings: readonly Finding[]; readonly as: AuthorizationServer | undefined }> {
  const { clock, log } = ports;
  const egress = watchEgress(ports.egress, clock);
  const metadata = createMetadata({ egress, store: ports.documents, clock, log });
  const discovered = await metadata.discover(provider).then(
    (as) => ({ as }),
    (thrown: unknown) => {
      if (!isLatchkeyError(thrown)) throw thrown;
      return { as: undefined, error: thrown };
    },
  );
  const rest = discovered.as
    ? [
        await checkKeys(provider, () => metadata.jwks(provider, discovered.as)),
        await checkAuthorize({ ...ports, egress }, { as: discovered.as, provider }),
        await checkClient({ ...ports, egress }, { as: discovered.as, provider }),
      ]
    : ["jwks", "redirect-uri", "client-authentication"].map((name) =>
        check(`${name}:${provider.id}`, whyDiscovery).skip("It needs the provider's metadata, which cannot be used."),
      );
  return {
    findings: [
      judgeEgress(ports, provider, egress, discovered.as),
      judgeClock(provider, egress),
      ...judgeDiscovery(provider, egress, discovered),
      ...rest,
    ],
    as: discovered.as,
  };
}

/** The endpoints that this process calls itself. */
const called = [
  "token_endpoint",
  "userinfo_endpoint",
  "jwks_uri",
  "revocation_endpoint",
  "pushed_authorization_request_endpoint",
] as const;

function judgeEgress(
  ports: ProviderCheckPorts,
  provider: Provider,
  egress: WatchedEgress,
  as: AuthorizationServer | undefined,
): Finding {
  const policy = check(`egress:${provider.id}`, whyEgress);
  const [refused] = egress.refusals;
  if (refused) {
    const { target, host, address, reason } = refused.data;
    const name = String(target ?? host ?? "a host").replace(/:\d+$/, "");
    const at = typeof address === "string" && address !== name ? ` (${address})` : "";
    return refused.code === "egress.address_refused"
      ? policy.fail(`${name}${at} is refused: ${String(reason)}.`, `If it is yours: egress: { allow: ["${name}"] }`)
      : policy.fail(`A URL at ${name} is refused: ${String(reason)}.`, urlFix(String(reason), name));
  }
  for (const endpoint of called) {
    const url = as?.[endpoint];
    const reason = url === undefined ? undefined : ports.refusal(url);
    if (url === undefined || reason === undefined) continue;
    const { hostname } = new URL(url);
    const text = `${endpoint} ${url} is refused: ${reason}.`;
    const fix =
      reason === "plain_http" || reason === "port"
        ? urlFix(reason, hostname)
        : `If it is yours: egress: { allow: ["${hostname}"] }`;
    // What a sign-in cannot do without, the token endpoint and with ID tokens the keys, was asked above, and is a refusal.
    return policy.warn(text, fix);
  }
  const urls = called.flatMap((endpoint) => as?.[endpoint] ?? []);
  const discovery = provider.kind === "oauth2" ? [] : discoveryUrls(provider);
  const hosts = [...new Set([...discovery, ...urls].map((url) => new URL(url).host))];
  return ports.proxied(provider.issuer)
    ? policy.ok(`${hosts.join(", ")} may be asked, through the proxy, which alone sees and checks their addresses.`)
    : policy.ok(`${hosts.join(", ")} may be asked.`);
}

const urlFix = (reason: string, host: string): string =>
  reason === "plain_http"
    ? `Use https. For a provider on this machine in development: egress: { allowHttp: ["${host}"], allow: ["${host}"] }`
    : "Correct the URL in the configuration, or at the provider.";

function judgeClock(provider: Provider, egress: WatchedEgress): Finding {
  const clock = check(`clock:${provider.id}`, whyClock);
  const seen = egress.dateSeen();
  if (!seen) return clock.skip("No answer with a Date header came.");
  const difference = seen.ours - seen.theirs;
  // A Date header has no fractions, and the answer was under way for a moment.
  const seconds = Math.round(difference / 1_000);
  const words = `Our clock is ${Math.abs(seconds)} s ${seconds < 0 ? "behind" : "ahead of"} the provider's`;
  const fix =
    "Set the clock of this machine with NTP (timedatectl set-ntp true); signIn.clockTolerance only hides small differences.";
  if (Math.abs(difference) > provider.clockTolerance + 1_000)
    return clock.fail(`${words}, beyond signIn.clockTolerance.`, fix);
  if (Math.abs(difference) > Math.max(provider.clockTolerance / 2, 5_000)) return clock.warn(`${words}.`, fix);
  return clock.ok(`${words}.`);
}

function judgeDiscovery(
  provider: Provider,
  egress: WatchedEgress,
  discovered: { readonly as: AuthorizationServer } | { readonly as: undefined; readonly error: LatchkeyError },
): readonly Finding[] {
  const discovery = check(`discovery:${provider.id}`, whyDiscovery);
  const issuer = check(`issuer:${provider.id}`, whyIssuer);
  const [url] = discoveryUrls(provider);
  if (discovered.as) {
    if (egress.metadataAsked() === 0)
      return [
        discovery.skip("The endpoints are configured; this provider is asked for no metadata."),
        issuer.skip("There is no metadata to compare."),
      ];
    return [discovery.ok(`${url} answers.`), issuer.ok(`${provider.issuer}, byte for byte.`)];
  }
  const { detail, reason, status } = discovered.error.data;
  const received = typeof detail === "string" ? /^issuer is (.*), not /.exec(detail)?.[1] : undefined;
  if (received !== undefined) {
    return [
      discovery.ok(`${url} answers.`),
      issuer.fail(
        `The metadata says ${received}; the configuration says "${provider.issuer}".`,
        `If ${received} is the provider you mean, write issuer: ${received} (a slash at the end counts).`,
      ),
    ];
  }
  const skipped = issuer.skip("It needs the provider's metadata, which cannot be used.");
  if (typeof detail === "string")
    return [
      discovery.fail(
        `${url} answers, but ${detail}.`,
        "Ask the provider's operator, or set what is missing under endpoints.",
      ),
      skipped,
    ];
  if (egress.refusals.length > 0)
    return [discovery.fail(`${url} was not asked.`, "The egress check says why."), skipped];
  const told = typeof status === "number" ? `status ${status}` : String(reason ?? discovered.error.code);
  const unreachable = discovered.error.code === "signin.provider_unavailable";
  return [
    discovery.fail(
      `${url} ${unreachable ? "cannot be had" : "is no metadata document"}: ${told}.`,
      unreachable
        ? "Check issuer, DNS, firewall, proxy (egress.proxy) and certificate authority (egress.ca) from this machine."
        : "Correct issuer, or set discoveryUrl to where the provider's metadata is.",
    ),
    skipped,
  ];
}

async function checkKeys(
  provider: Provider,
  load: () => Promise<{ readonly keys: readonly unknown[] }>,
): Promise<Finding> {
  const keys = check(`jwks:${provider.id}`, whyKeys);
  if (!provider.scopes.includes("openid")) return keys.skip("Without the openid scope there is no ID token.");
  try {
    const { keys: list } = await load();
    return list.length > 0
      ? keys.ok(list.length === 1 ? "1 key." : `${list.length} keys.`)
      : keys.fail("The key set is empty.", "Ask the provider's operator: no ID token can be verified.");
  } catch (thrown) {
    if (!isLatchkeyError(thrown)) throw thrown;
    const { detail, reason, status } = thrown.data;
    return keys.fail(
      `The provider's keys cannot be had: ${String(detail ?? status ?? reason ?? thrown.code)}.`,
      "Check jwks_uri in the provider's metadata, or set endpoints.jwks.",
    );
  }
}
