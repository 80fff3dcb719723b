/**
 * Event streams that are handed out as they come: the bytes of an answer as a stream of the platform's own kind. Many never end,
 * so the door remembers which are open, and ends them when it closes.
 *
 * Not `Readable.toWeb`: where a reader cancels while bytes wait to be read, that of Node 20 throws where nobody can catch it.
 */
import type { Readable } from "node:stream";
import { LatchkeyError } from "../kernel/errors.js";

export interface EventStreams {
  /** Cancelling it closes the connection. */
  handOut(body: Readable): ReadableStream<Uint8Array>;
  /** Ends those that are open and those that come; who reads one is told `egress.failed` (`closed`). */
  end(): void;
}

export function createEventStreams(): EventStreams {
  const open = new Set<Readable>();
  let ended = false;
  const closed = () => new LatchkeyError("egress.failed", { data: { reason: "closed" } });
  return {
    handOut(body) {
      open.add(body);
      body.once("close", () => open.delete(body));
      const stream = asWebStream(body);
      if (ended) body.destroy(closed());
      return stream;
    },
    end() {
      ended = true;
      for (const body of open) body.destroy(closed());
    },
  };
}

function asWebStream(body: Readable): ReadableStream<Uint8Array> {
  let over = false;
  const end = (act: () => void): void => {
    if (over) return;
    over = true;
    act();
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      body.on("data", (chunk: Uint8Array) => {
        if (over) return;
        // A copy: whoever reads may give its buffer away.
        controller.enqueue(new Uint8Array(chunk));
        if ((controller.desiredSize ?? 0) <= 0) body.pause();
      });
      body.pause();
      body.once("end", () => end(() => controller.close()));
      body.once("error", (error) => end(() => controller.error(error)));
      body.once("close", () => end(() => controller.error(new Error("the connection was closed"))));
    },
    pull: () => void body.resume(),
    cancel: () => end(() => body.destroy()),
  });
}
