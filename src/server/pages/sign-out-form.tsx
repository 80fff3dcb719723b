/** The sign-out form. Where the operator leaves it to the person (`logout: ask`) it has a button for each way (LO-5). */
import type { FC } from "hono/jsx";
import type { Features } from "../features.js";
import type { Frame } from "./layout.js";

export type SignOutMode = Awaited<ReturnType<Features["signOutMode"]>>;

export const SignOutForm: FC<{ frame: Frame; mode: SignOutMode }> = ({ frame, mode }) => (
  <form method="post" action={`${frame.site.basePath}/sign-out`}>
    {mode === "ask" ? (
      <fieldset class="choice">
        <legend>{frame.messages.account.signOutAsk}</legend>
        <div class="actions">
          <button class="button" type="submit" name="choice" value="local">
            {frame.messages.account.signOutLocal}
          </button>
          <button class="button" type="submit" name="choice" value="provider">
            {frame.messages.account.signOutProvider}
          </button>
        </div>
      </fieldset>
    ) : (
      <button class="button" type="submit">
        {frame.messages.account.signOut}
      </button>
    )}
  </form>
);
