/**
 * Documents that a provider publishes (metadata, keys), fetched seldom and kept long (SI-2).
 *
 * A document is a row of the store with a copy in memory, so a restart needs no request. Fresh: used as it is. Not
 * fresh: fetched; while that fails a stale copy serves for 24 hours more. One request per document is under way at a
 * time, and a failure is remembered for a few seconds, so that a dead provider costs the first click its time-out and
 * the next ones nothing. No copy, no failure memory and no limit here needs a restart to be rid of (SI-3).
 *
 * Not here: what a document must say (metadata gives a `read` function).
 */
import type { Egress, EgressPurpose, EgressResponse } from "../egress/port.js";
import { LatchkeyError } from "../kernel/errors.js";
import { isJsonObject, type JsonObject, parseJson } from "../kernel/json.js";
import type { Log } from "../kernel/log.js";
import type { Result } from "../kernel/result.js";
import { after, type Clock, type Duration, hours, type Instant, seconds } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { MetadataRecord } from "../store/records.js";
import { freshFor } from "./document-lifetime.js";
import { asProviderFailure, isTransientStatus } from "./failures.js";

/** One document: where it may lie, and what makes it the right one. */
export interface DocumentRequest<T> {
  readonly purpose: Extract<EgressPurpose, "metadata" | "jwks">;
  /** Places in order: the next is tried after a 4xx. The first is the document's key in memory and in the store. */
  readonly urls: readonly [string, ...string[]];
  readonly timeout: Duration | null;
  /** Who reads it, e.g. the issuer: a document that one configuration cannot use may be right for another. */
  readonly reader: string;
  /** The document, or why it cannot be used. Runs on stored copies too: the configuration may have changed. */
  readonly read: (document: JsonObject) => Result<T, string>;
}

export interface DocumentCache {
  /**
   * The document: fresh, or stale while the provider is not to be had. `refetch` asks the provider in any case.
   *
   * @throws LatchkeyError `signin.provider_unavailable` · `signin.provider_misconfigured`
   */
  get<T>(request: DocumentRequest<T>, options?: { readonly refetch?: boolean }): Promise<T>;
  /** What the last try came to; undefined before the first. */
  lastFailure(request: Pick<DocumentRequest<unknown>, "urls" | "reader">): LatchkeyError | "none" | undefined;
}

/** How long a stale copy may stand in for a provider that cannot be reached. */
const staleFor = hours(24);
const failureMemory = seconds(5);
/** Documents held in memory. Beyond what any configuration needs; it bounds a provider that moves its keys around. */
const mostDocuments = 512;

interface Copy {
  readonly record: MetadataRecord;
  readonly document: JsonObject;
}
interface Failure {
  readonly error: LatchkeyError;
  /** On the monotonic clock: a system clock that is set must not prolong it. */
  readonly until: number;
}

export function createDocumentCache(ports: {
  readonly egress: Egress;
  readonly store: Pick<Store, "metadata" | "transaction">;
  readonly clock: Clock;
  readonly log: Log;
}): DocumentCache {
  const { clock, log } = ports;
  const copies = new Map<string, Copy>();
  const failures = new Map<string, Failure>();
  const underWay = new Map<string, Promise<Copy>>();

  function keep(key: string, copy: Copy): Copy {
    copies.delete(key);
    copies.set(key, copy);
    const [oldest] = copies.keys();
    if (copies.size > mostDocuments && oldest !== undefined) copies.delete(oldest);
    return copy;
  }

  async function storedCopy(key: string): Promise<Copy | undefined> {
    try {
      const record = await ports.store.metadata.byUrl(key);
      const document = record && parseJson(record.body);
      return record && isJsonObject(document) ? { record, document } : undefined;
    } catch (cause) {
      log.warn({ url: key, err: asError(cause) }, "a stored provider document could not be read");
      return undefined;
    }
  }

  async function save(record: MetadataRecord): Promise<void> {
    try {
      await ports.store.transaction((tx) => tx.metadata.save(record));
    } catch (cause) {
      log.warn({ url: record.url, err: asError(cause) }, "a provider document could not be stored");
    }
  }

  async function fetchCopy(request: DocumentRequest<unknown>): Promise<Copy> {
    const [key] = request.urls;
    try {
      const { answer, document } = await download(ports.egress, request);
      const read = request.read(document);
      if (!read.ok) throw refused(key, read.error);
      const now = clock.now();
      const freshUntil = after(now, freshFor(answer.headers, now));
      const record: MetadataRecord = {
        url: key,
        body: JSON.stringify(document),
        fetchedAt: now,
        freshUntil,
        staleUntil: after(freshUntil, staleFor),
      };
      failures.delete(scopedKey(request));
      const copy = keep(key, { record, document });
      await save(record);
      return copy;
    } catch (thrown) {
      const error = asProviderFailure(thrown, "signin.provider_misconfigured", { url: key });
      if (error instanceof LatchkeyError)
        failures.set(scopedKey(request), { error, until: clock.monotonic() + failureMemory });
      throw error;
    }
  }

  function fetchOnce(request: DocumentRequest<unknown>): Promise<Copy> {
    const key = scopedKey(request);
    const running = underWay.get(key);
    if (running !== undefined) return running;
    const started = fetchCopy(request).finally(() => underWay.delete(key));
    underWay.set(key, started);
    return started;
  }

  return {
    async get<T>(request: DocumentRequest<T>, options: { readonly refetch?: boolean } = {}): Promise<T> {
      const [key] = request.urls;
      const usable = (copy: Copy | undefined): { copy: Copy; value: T } | undefined => {
        const read = copy && request.read(copy.document);
        return copy && read?.ok ? { copy, value: read.value } : undefined;
      };
      let held = usable(copies.get(key));
      if (!options.refetch) {
        if (held && isFresh(held.copy.record, clock.now())) return held.value;
        // Another node, or this one before its restart, may have fetched it since.
        const stored = usable(await storedCopy(key));
        if (stored && stored.copy.record.fetchedAt > (held?.copy.record.fetchedAt ?? 0)) {
          held = stored;
          keep(key, stored.copy);
        }
        if (held && isFresh(held.copy.record, clock.now())) {
          failures.delete(scopedKey(request));
          return held.value;
        }
      }
      const failure = failures.get(scopedKey(request));
      const remembered = !options.refetch && failure && clock.monotonic() < failure.until ? failure.error : undefined;
      try {
        if (remembered) throw new LatchkeyError(remembered.code, { cause: remembered.cause, data: remembered.data });
        const fetched = usable(await fetchOnce(request));
        if (!fetched) throw refused(key, "it was read for another configuration");
        return fetched.value;
      } catch (thrown) {
        if (!held || !mayServeStale(thrown) || clock.now() >= held.copy.record.staleUntil) throw thrown;
        if (!remembered) {
          log.warn({ url: key, err: asError(thrown) }, "a provider document could not be renewed; the old one is used");
        }
        return held.value;
      }
    },
    lastFailure: (request) =>
      failures.get(scopedKey(request))?.error ?? (copies.has(request.urls[0]) ? "none" : undefined),
  };
}

const scopedKey = (request: Pick<DocumentRequest<unknown>, "urls" | "reader">): string =>
  `${request.urls[0]} ${request.reader}`;

/** A clock that was set back makes a copy from the future: it is fetched anew rather than trusted for longer. */
const isFresh = (record: MetadataRecord, now: Instant): boolean => record.fetchedAt <= now && now < record.freshUntil;

/** What a readable document says is the truth, even if it is useless to us; anything less may be an outage. */
const mayServeStale = (thrown: unknown): boolean =>
  thrown instanceof LatchkeyError && thrown.data["reason"] !== "document_refused";

const refused = (url: string, detail: string): LatchkeyError =>
  new LatchkeyError("signin.provider_misconfigured", { data: { url, reason: "document_refused", detail } });

async function download(
  egress: Egress,
  request: DocumentRequest<unknown>,
): Promise<{ answer: EgressResponse; document: JsonObject }> {
  let answer: EgressResponse | undefined;
  for (const url of request.urls) {
    answer = await egress.request({
      purpose: request.purpose,
      url,
      timeout: request.timeout ?? undefined,
      headers: { accept: "application/json" },
    });
    if (answer.status < 400 || isTransientStatus(answer.status)) break;
  }
  const about = { url: answer?.url ?? request.urls[0], status: answer?.status };
  if (!answer || isTransientStatus(answer.status)) {
    throw new LatchkeyError("signin.provider_unavailable", { data: { ...about, reason: "status" } });
  }
  const document = answer.status === 200 ? parseJson(new TextDecoder().decode(answer.body)) : undefined;
  if (!isJsonObject(document)) {
    const reason = answer.status === 200 ? "not_a_json_object" : "status";
    throw new LatchkeyError("signin.provider_misconfigured", { data: { ...about, reason } });
  }
  return { answer, document };
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
