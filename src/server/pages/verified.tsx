/** Whether an e-mail address proves anything, as a badge beside it. */
import type { FC } from "hono/jsx";
import type { Messages } from "./messages.js";

export const Verified: FC<{ yes: boolean; messages: Messages }> = ({ yes, messages }) => (
  <span class={yes ? "badge good" : "badge warn"}>{yes ? messages.account.verified : messages.account.unverified}</span>
);
