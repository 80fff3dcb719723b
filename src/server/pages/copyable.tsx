/** A value that is to be copied elsewhere as it stands: a click takes all of it, with no script. */
import type { FC } from "hono/jsx";

export const Copyable: FC<{ text: string }> = ({ text }) => (
  <code class="copy" dir="ltr">
    {text}
  </code>
);
