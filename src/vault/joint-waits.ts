/**
 * Who asks for the same so soon after another waits as one with them (decision 205): of a thousand callers at the end of a
 * token each would otherwise have a wait of its own, and the last be answered later by all of them.
 */
import { type Duration, milliseconds } from "../kernel/time.js";
import { type GrantKey, keyText } from "./grant-cache.js";
import type { VaultPorts } from "./ports.js";

/** A caller gives up that much earlier at most. */
const together = milliseconds(50);

/** What is asked for, and how long the caller waits for it. */
export interface Wanted extends GrantKey {
  readonly minValidity?: number | undefined;
}

export interface JointWaits<T> {
  /** The wait of whoever asked last, if it was for the same and may be joined: nothing is made for it. */
  latest(request: Wanted, wait: Duration): Promise<T> | undefined;
  /** An earlier caller's wait that may be joined, or what `start` begins. */
  join(request: Wanted, wait: Duration, start: (request: Wanted) => Promise<T>): Promise<T>;
}

interface Joint<T> {
  readonly request: Wanted;
  readonly wait: Duration;
  readonly since: number;
  readonly generation: number;
  readonly end: Promise<T>;
}

export function createJointWaits<T>({ clock, news }: Pick<VaultPorts, "clock" | "news">): JointWaits<T> {
  const waiting = new Map<string, Joint<T>>();
  /** A crowd asks for one thing: it is compared with that more cheaply than by a text of its own for each. */
  let last: Joint<T> | undefined;

  const isOpen = ({ generation, since }: Joint<T>): boolean =>
    // Whoever asks after something ended does not get what was asked for before that.
    generation === news.generation && clock.monotonic() - since < together;

  return {
    latest: (request, wait) =>
      last !== undefined && last.wait === wait && isSame(last.request, request) && news.isCurrent() && isOpen(last)
        ? last.end
        : undefined,
    join(request, wait, start) {
      const text = `${keyText(request)}\n${request.minValidity ?? 0}\n${wait}`;
      const known = waiting.get(text);
      if (known !== undefined && isOpen(known)) {
        last = known;
        return known.end;
      }
      // A copy: whoever asks may ask for somebody else with the same object next.
      const { user, session, connection, minValidity } = request;
      const kept = { user, session, connection, minValidity };
      const joint = { request: kept, wait, since: clock.monotonic(), generation: news.generation, end: start(kept) };
      waiting.set(text, joint);
      last = joint;
      const over = (): void => {
        if (waiting.get(text) === joint) waiting.delete(text);
        if (last === joint) last = undefined;
      };
      joint.end.then(over, over);
      return joint.end;
    },
  };
}

const isSame = (one: Wanted, other: Wanted): boolean =>
  one.user === other.user &&
  one.session === other.session &&
  one.connection === other.connection &&
  one.minValidity === other.minValidity;
