/** Whether an e-mail address proves anything, as a badge beside it. */
import type { FC } from "hono/jsx";
import { messages } from "./messages-en.js";

export const Verified: FC<{ yes: boolean }> = ({ yes }) => (
  <span class={yes ? "badge good" : "badge warn"}>{yes ? messages.account.verified : messages.account.unverified}</span>
);
