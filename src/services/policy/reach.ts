/** What a service may have (VA-15). Pure. */
import type { Service } from "../service.js";

/** For somebody who is there: `*` is every connection. */
export const mayHave = ({ connections }: Service, connection: string): boolean =>
  connections.includes("*") || connections.includes(connection);

/** For somebody who is not: only what the operator named, whatever else is there. */
export const mayHaveOffline = ({ offline, connections }: Service, connection: string): boolean =>
  offline && connections.includes(connection);
