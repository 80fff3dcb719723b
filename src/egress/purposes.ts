/**
 * What each kind of request may cost and do, as data (EG-2, EG-3).
 *
 * Redirects: a request that carries a code, a token or a client credential follows none, since a redirect would
 * carry it on to whoever is named there. Documents that anybody may read follow three. Where the redirect itself is
 * what one wants to see, it is handed back and never followed.
 *
 * Content types are enforced where a wrong one means that we read something that is not the document (a sign-in
 * page instead of metadata), and only on success: error pages are HTML more often than not. Token endpoints are
 * known to mislabel their JSON; the protocol step judges those by what they hold.
 */
import type { Duration } from "../kernel/time.js";
import { seconds } from "../kernel/time.js";
import type { EgressPurpose } from "./port.js";

export interface PurposeLimits {
  /** Redirects that are followed; one more is refused. `answer`: none is followed, and one is an answer like any other. */
  readonly redirects: number | "answer";
  /** Media types that a success may have; null is any. */
  readonly contentTypes: RegExp | null;
  /** Most response headers, counted one by one. */
  readonly headerCount: number;
  /** Most bytes, before and after decompression; null is `egress.maxBytes`, which is also never exceeded. */
  readonly bytes: number | null;
  /** False: status and headers are the answer, and its body, which may be a stream without an end, is not waited for. */
  readonly readsBody: boolean;
  /** Longest time from lookup to last byte over all redirects; null is `egress.timeout`, also never exceeded. */
  readonly time: Duration | null;
}

const json = /^(application\/([a-z0-9!#$&^_.+-]+\+)?json|text\/json)$/;
const jsonOrJwt = /^(application\/([a-z0-9!#$&^_.+-]+\+)?(json|jwt)|text\/(json|plain))$/;

export const purposes: Readonly<Record<EgressPurpose, PurposeLimits>> = {
  metadata: { redirects: 3, contentTypes: json, headerCount: 100, bytes: null, readsBody: true, time: null },
  jwks: { redirects: 3, contentTypes: json, headerCount: 100, bytes: null, readsBody: true, time: null },
  token: { redirects: 0, contentTypes: null, headerCount: 100, bytes: null, readsBody: true, time: null },
  // Carries an access token. Some providers call their JSON text/plain.
  userinfo: { redirects: 0, contentTypes: jsonOrJwt, headerCount: 100, bytes: null, readsBody: true, time: null },
  // Its answer is empty or an error; nobody should wait long for it.
  revocation: { redirects: 0, contentTypes: null, headerCount: 60, bytes: 65_536, readsBody: true, time: seconds(10) },
  // Somebody waits for it, and asks again: who shows a token is not let in on a guess.
  introspection: {
    redirects: 0,
    contentTypes: json,
    headerCount: 60,
    bytes: 65_536,
    readsBody: true,
    time: seconds(10),
  },
  par: { redirects: 0, contentTypes: null, headerCount: 60, bytes: 65_536, readsBody: true, time: null },
  // Carries the token that lets us register, and its answer carries a secret.
  registration: { redirects: 0, contentTypes: null, headerCount: 100, bytes: 65_536, readsBody: true, time: null },
  // Carries somebody's name and address, and a chat service's URL is a credential. The answer is its status.
  webhook: { redirects: 0, contentTypes: null, headerCount: 100, bytes: 65_536, readsBody: true, time: seconds(20) },
  // Carries an access token, and is asked page by page: a page of 999 ids has some 60 KB.
  groups: { redirects: 0, contentTypes: json, headerCount: 100, bytes: 524_288, readsBody: true, time: seconds(5) },
  // Bytes of a stranger's choice, which nobody waits for. What they are is seen in them, so their name is not asked.
  picture: { redirects: 3, contentTypes: null, headerCount: 60, bytes: 1_000_000, readsBody: true, time: seconds(5) },
  // What an app asks of a provider's or tool server's API with its person's token (`vault.fetch`). Whether a redirect may
  // be followed depends on the connection's bounds, which the vault knows.
  api: { redirects: "answer", contentTypes: null, headerCount: 100, bytes: null, readsBody: true, time: null },
  // What a tool server is asked without a token, to see what it wants. An answer to `initialize` may be an event stream.
  probe: {
    redirects: "answer",
    contentTypes: null,
    headerCount: 100,
    bytes: null,
    readsBody: false,
    time: seconds(10),
  },
  // What `latchkey doctor` looks at as a stranger's browser would: no credential, no cookie, nothing kept.
  check: { redirects: "answer", contentTypes: null, headerCount: 100, bytes: null, readsBody: true, time: null },
};

/** The limits of one request. A `timeout` of the request's own replaces the purpose's and the configured one. */
export function limitsFor(
  purpose: EgressPurpose,
  configured: { readonly timeout: Duration; readonly maxBytes: number },
  timeout: Duration | undefined,
): PurposeLimits & { readonly bytes: number; readonly time: Duration } {
  const limits = purposes[purpose];
  return {
    ...limits,
    bytes: Math.min(limits.bytes ?? configured.maxBytes, configured.maxBytes),
    time: timeout ?? (Math.min(limits.time ?? configured.timeout, configured.timeout) as Duration),
  };
}
