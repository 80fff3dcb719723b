/** The check on providers that were taken out of the configuration, of which something is left in the database (VA-14). */
import type { DatabaseSeen, LeftProvider } from "./database.js";
import { check, type Finding } from "./finding.js";

const left = check(
  "providers-left",
  "It lets nobody in any more, but groups and roles that its claims gave still count for people who come in otherwise, and tokens of its people are kept.",
);

/** Nothing while there is no database to look at. One that is only switched off is in the configuration, and said on purpose. */
export function judgeLeftProviders(seen: DatabaseSeen): readonly Finding[] {
  if (seen.kind !== "open") return [];
  const { counted, more } = seen.leftProviders;
  if (counted.length === 0) return [left.ok("Nothing is left of a provider that is not in the configuration.")];
  const found = counted.map(inWords).join("; ");
  const others = more === 0 ? "" : `; and ${more} more of them`;
  return [left.warn(`${found}${others}.`, fixFor(counted))];
}

const inWords = ({ id, traces: { people, sessions, grants, memberships, roles } }: LeftProvider): string =>
  [
    `${id}, which is not in the configuration: ${sessions} session(s)`,
    `${grants} connection(s)`,
    `${memberships} group membership(s)`,
    `${roles} role(s)`,
    `of ${people} account(s)`,
  ].join(", ");

const fixFor = (counted: readonly LeftProvider[]): string =>
  [
    `To end it: ${counted.map(({ id }) => `latchkey provider remove ${id}`).join("; ")}.`,
    "Its tokens are revoked only if its entry is put back first, with enabled: false.",
    "If it was left out by mistake, put the entry back as it was.",
  ].join(" ");
