/** An instant, for people and for programs. */
import type { FC } from "hono/jsx";
import { type Instant, toRfc3339 } from "../../kernel/time.js";
import type { Messages } from "./messages.js";

export const Time: FC<{ at: Instant; messages: Messages }> = ({ at, messages }) => (
  <time datetime={toRfc3339(at)}>{messages.time(at)}</time>
);
