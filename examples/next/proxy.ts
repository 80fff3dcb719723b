/** In front of every page but Latchkey's own and the files of Next. Before Next 16 this file is `middleware.ts`. */
import { requireUser } from "latchkey/next";
import { latchkey } from "./latchkey.js";

export const proxy = requireUser(latchkey);
export const config = { matcher: ["/((?!auth(?:/|$)|_next/).*)"] };
