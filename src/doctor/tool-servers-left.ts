/** The check on tool servers that nobody can use any more, of which something is left in the database and elsewhere (VA-14, TS-9). */
import type { LeftToolServer } from "../tool-servers/left-servers.js";
import type { DatabaseSeen } from "./database.js";
import { check, type Finding } from "./finding.js";

const left = check(
  "tool-servers-left",
  "Nobody can use it any more, but tokens of people are kept that may still be good there, and its authorization server may still know us.",
);

/** Nothing while there is no database to look at. */
export function judgeLeftToolServers(seen: DatabaseSeen): readonly Finding[] {
  if (seen.kind !== "open") return [];
  const servers = seen.leftToolServers;
  if (servers.length === 0) return [left.ok("Nothing is left of a tool server that is not in use.")];
  return [left.warn(`${servers.map(inWords).join("; ")}.`, fixFor(servers))];
}

function inWords({ id, grants, registrations, removing }: LeftToolServer): string {
  const ours = registrations === 0 ? "" : `, ${registrations} registration(s) of ours`;
  return `${id}, ${removing ? "whose removal was cut off" : "which is not in the configuration"}: ${grants} connection(s)${ours}`;
}

function fixFor(servers: readonly LeftToolServer[]): string {
  const unknown = servers.filter(({ removing, grants }) => !removing && grants > 0);
  const again = unknown.map(({ id }) => `latchkey tool-server add URL --id ${id}`).join("; ");
  return [
    `To end it: ${servers.map(({ id }) => `latchkey tool-server remove ${id}`).join("; ")}.`,
    ...(unknown.length === 0
      ? []
      : [`Tokens are revoked only if the server is there again first, with all that the file said of it: ${again}.`]),
    ...(servers.some(({ removing }) => !removing)
      ? ["If it was left out of toolServers by mistake, put it back as it was."]
      : []),
  ].join(" ");
}
