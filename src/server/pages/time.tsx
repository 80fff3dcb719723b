/** An instant, for people and for programs. */
import type { FC } from "hono/jsx";
import { type Instant, toRfc3339 } from "../../kernel/time.js";
import { messages } from "./messages-en.js";

export const Time: FC<{ at: Instant }> = ({ at }) => <time datetime={toRfc3339(at)}>{messages.time(at)}</time>;
