/** Everything below /auth. */
import { routeHandlers } from "latchkey/next";
import { latchkey } from "../../../latchkey.js";

export const { GET, HEAD, POST, PUT, PATCH, DELETE } = routeHandlers(latchkey);
