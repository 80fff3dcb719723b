/** What signing in needs from outside: every effect, and the operator's rules, resolved once. */
import type { InstallationRules } from "../accounts/policy/decide-sign-in.js";
import type { Keyring } from "../crypto/port.js";
import type { Egress } from "../egress/port.js";
import type { FlowCookies } from "../flows/flow-cookies.js";
import type { PostedNames } from "../flows/posted-names.js";
import type { Faults } from "../kernel/fault.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock, Duration } from "../kernel/time.js";
import type { Metadata } from "../oauth/metadata.js";

import type { WebhookTarget } from "../outbox/webhook.js";

import type { Pictures } from "../pictures/keep-pictures.js";

import type { ProviderRegistry } from "../providers/provider.js";
import type { SessionCheck } from "../sessions/session.js";
import type { SessionCookie } from "../sessions/session-cookie.js";
import type { SignedOutMarker } from "../sessions/signed-out-marker.js";
import type { Store } from "../store/contract.js";
import type { LastProvider } from "./last-provider.js";

/** What a sign-up needs to tell of it. */
interface SignUpWebhooks {
  readonly targets: readonly WebhookTarget[];
  /** Called after the commit: rows are there to be delivered. Must not wait for it. */
  readonly onQueued: () => void;
}

export interface SignInPorts {
  readonly store: Store;
  readonly egress: Egress;
  readonly keyring: Keyring;
  readonly metadata: Metadata;
  readonly providers: ProviderRegistry;
  readonly flowCookies: FlowCookies;
  readonly postedNames: PostedNames;
  readonly sessionCookie: SessionCookie;
  /** LO-4: who is signed in in the browser that sent these headers. */
  readonly checkSession: (headers: { get(name: string): string | null }) => Promise<SessionCheck>;
  readonly signedOutMarker: SignedOutMarker;
  readonly lastProvider: LastProvider;
  readonly webhooks: SignUpWebhooks;
  readonly pictures: Pictures;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly faults: Faults;
  /** Our own origin: `https://app.example`. */
  readonly origin: string;
  readonly defaultReturnTo: string;
  readonly flowLifetime: Duration;
  readonly session: {
    readonly lifetime: Duration;
    readonly idle: Duration;
    /** Most sessions of one user at one provider (SI-21). */
    readonly maxPerUserAndProvider: number;
  };
  /** True where anybody who is first may take the installation: `baseUrl` is loopback (AC-9). */
  readonly openToFirstPerson: boolean;
  readonly accounts: Omit<InstallationRules, "firstPerson" | "fallbackEmail"> & {
    readonly emailFallback: boolean;
    /** `roles.default`, whatever a provider says of its own people. */
    readonly defaultRole: string;
    readonly update: { readonly name: boolean; readonly email: boolean; readonly picture: boolean };
  };
}

/** One callback: what the browser brought, and the facts of its request. */
export interface CompleteInput {
  readonly provider: string;
  readonly parameters: URLSearchParams;
  readonly cookieHeader: string | undefined;
  readonly request: { readonly requestId: string; readonly address: string | null; readonly userAgent: string | null };
}
