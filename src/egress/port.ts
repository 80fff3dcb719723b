/** What the core sees of the one door out: a request with a purpose, and an answer that has been read to its end. */
import type { Duration } from "../kernel/time.js";

/** Each purpose has its own limits on time, bytes, headers, content type and redirects (EG-2, EG-3). */
export type EgressPurpose =
  | "metadata"
  | "jwks"
  | "token"
  | "userinfo"
  | "revocation"
  | "introspection"
  | "par"
  | "registration"
  | "webhook"
  | "groups"
  | "picture"
  | "api"
  | "probe"
  | "check";

export type EgressMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";

/**
 * Whoever can end a request: what the platform calls an `init`, or a `Request`. It is taken whole, since the signal of a
 * `Request` follows the one that it was made with only as long as that `Request` has not been collected as garbage.
 */
export interface Aborter {
  readonly signal: AbortSignal;
}

export interface EgressRequest {
  readonly purpose: EgressPurpose;
  readonly url: string | URL;
  /** @default "GET" */
  readonly method?: EgressMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Overrides the purpose's time for a provider with a `timeout` of its own. */
  readonly timeout?: Duration | undefined;
  /** Whose signal ends the request, and an event stream that is being read. It is held on to until then (`Aborter`). */
  readonly abortedBy?: Aborter | undefined;
  /**
   * A success of type `text/event-stream` is handed out as it comes, without an end in time or bytes; everything else is read
   * whole, within the limits. @default false
   */
  readonly eventStream?: boolean;
}

export interface EgressResponse {
  /** The URL that answered, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  /** The whole body, decompressed and within its limit; empty for a purpose that reads none. */
  readonly body: Uint8Array;
  /** In place of a body, where an event stream was asked for and came. Whoever does not read it must cancel it. */
  readonly stream?: ReadableStream<Uint8Array>;
}

export interface Egress {
  /**
   * @throws LatchkeyError `egress.url_refused` · `egress.address_refused` · `egress.redirect_refused` ·
   *   `egress.timeout` · `egress.too_large` · `egress.content_type` · `egress.failed`.
   *   `data.sent` is false when it is certain that the request was not written (VA-9).
   */
  request(request: EgressRequest): Promise<EgressResponse>;
  /** Waits for requests under way, which end by their own time; event streams are given a second. */
  close(): Promise<void>;
}
