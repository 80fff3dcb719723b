/** What every handler is given: the wired features, and what was worked out of the configuration at the start. */
import type { Context } from "hono";
import type { Authenticated, SessionCheck } from "../sessions/session.js";
import type { Features, RequestFacts } from "./features.js";
import type { HeaderRecord } from "./headers.js";
import type { RateLimits } from "./middleware/rate-limits.js";
import type { Assets } from "./pages/assets.js";
import type { Messages } from "./pages/messages.js";
import type { Site } from "./site.js";

/** The ports of a handler. */
export interface Web {
  readonly features: Features;
  readonly site: Site;
  /** What every answer but a page and an asset carries, made once. */
  readonly plainHeaders: HeaderRecord;
  readonly limits: RateLimits;
  /** The languages of the pages; the first is for everybody who asks for none of them. */
  readonly languages: readonly [Messages, ...Messages[]];
  /** The style sheets and the script, under names that change with their content. */
  readonly assets: Assets;
}

export interface ServerEnv {
  readonly Bindings: {
    readonly facts: RequestFacts;
    readonly matched: { route: string };
    /** What the session check came to, where the quick path has asked already. */
    readonly checked?: SessionCheck | undefined;
    /** Only in the guard: told who was let in. */
    readonly admit?: (found: Authenticated) => void;
  };
  readonly Variables: {
    /** Set-Cookie values that go out with whatever the answer turns out to be, a failure included. */
    cookies: readonly string[] | undefined;
  };
}

export type Ctx = Context<ServerEnv>;

/** Has these Set-Cookie values sent along with the answer. */
export function sendCookies(c: Ctx, cookies: readonly string[]): void {
  c.set("cookies", [...(c.get("cookies") ?? []), ...cookies]);
}

export const cookieHeader = (c: Ctx): string | undefined => c.req.raw.headers.get("cookie") ?? undefined;
