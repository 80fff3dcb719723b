/**
 * One request and the start of its answer, over undici's dispatcher.
 *
 * The dispatcher and not `undici.request` or `fetch`: only here does it show whether a request was written (VA-9
 * treats "certainly not sent" and "perhaps sent" differently), and neither of those stops while a connection is
 * still being dialled.
 */
import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import type { EgressMethod } from "./port.js";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Response headers as sent, each repetition counted. */
  readonly headerCount: number;
  /** Destroying it before its end closes the connection. */
  readonly body: Readable;
}

export function exchange(
  dispatcher: Dispatcher,
  request: {
    readonly url: URL;
    readonly method: EgressMethod;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Uint8Array | undefined;
  },
  watch: { readonly signal: AbortSignal; onSent(): void },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let body: Readable | undefined;
    let ended = false;
    const end = (act: () => void) => {
      ended = true;
      watch.signal.removeEventListener("abort", abort);
      act();
    };
    let stop: ((reason: Error) => void) | undefined;
    const abort = () => {
      stop?.(watch.signal.reason);
      // While it is dialled there is nothing to stop yet; `onRequestStart` will.
      reject(watch.signal.reason);
    };
    watch.signal.addEventListener("abort", abort, { once: true });

    dispatcher.dispatch(
      {
        origin: request.url.origin,
        path: request.url.pathname + request.url.search,
        method: request.method,
        headers: { ...request.headers },
        body: request.body ?? null,
      },
      {
        onRequestStart(controller) {
          if (watch.signal.aborted) return controller.abort(watch.signal.reason);
          stop = (reason) => controller.abort(reason);
          watch.onSent();
        },
        onResponseStart(controller, status, headers) {
          if (status < 200) return;
          body = new Readable({
            read: () => controller.resume(),
            destroy(error, done) {
              if (!ended) controller.abort(error ?? new Error("the rest of the body is not wanted"));
              done(error);
            },
          });
          // Whoever reads it hears of it; a body that nobody reads must not end the process.
          body.on("error", () => {});
          resolve({ status, body, ...readHeaders(headers) });
        },
        onResponseData(controller, chunk) {
          if (body && !body.destroyed && !body.push(chunk)) controller.pause();
        },
        onResponseEnd: () => end(() => body?.push(null)),
        onResponseError: (_controller, error) => end(() => (body ? body.destroy(error) : reject(error))),
      },
    );
  });
}

function readHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): {
  headers: Headers;
  headerCount: number;
} {
  const headers = new Headers();
  let headerCount = 0;
  for (const [name, values] of Object.entries(raw)) {
    for (const value of typeof values === "string" ? [values] : (values ?? [])) {
      headerCount += 1;
      // One character per byte, as undici has read them and `Headers` takes them.
      headers.append(name, value);
    }
  }
  return { headers, headerCount };
}
