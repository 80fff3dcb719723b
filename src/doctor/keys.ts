/** The check on keys: is everything that is kept still opened by a secret of the configuration, and which ones hold nothing (SU-12). */
import type { KeyStatus } from "../keys/count-keys.js";
import type { DatabaseSeen } from "./database.js";
import { check, type Finding } from "./finding.js";

const keys = check("keys", "What no secret opens is lost to everybody: tokens, the last claims, messages that wait.");
const unused = check("keys-unused", "A secret that opens nothing only adds a place from which one can be stolen.");

/** Nothing while there is no database to look at. */
export function judgeKeys(seen: DatabaseSeen): readonly Finding[] {
  if (seen.kind !== "open") return [];
  const { configured, unknown, unopened, looked, complete } = seen.keys;
  const part = complete
    ? ""
    : ` Only the first ${looked} sealed rows were looked at; latchkey keys status looks at all.`;
  const held = configured.map(({ total }, at) => `secrets.${at}: ${total}`).join(", ");
  return [
    unopened.total === 0
      ? keys.ok(`Sealed rows by secret: ${held}.${rotationHint(seen.keys)}${part}`)
      : keys.warn(`${unopened.total} sealed row(s) that no secret opens${namesOf(seen.keys)}.${part}`, fixFor(unknown)),
    ...judgeUnused(seen.keys),
  ];
}

const rotationHint = ({ configured }: KeyStatus): string =>
  configured.some(({ total }, at) => at > 0 && total > 0)
    ? " latchkey keys rotate seals all of them anew with the first one."
    : "";

const namesOf = ({ unknown }: KeyStatus): string =>
  unknown.length === 0 ? "" : `, of key(s) ${unknown.map(({ id, total }) => `${id} (${total})`).join(", ")}`;

const fixFor = (unknown: KeyStatus["unknown"]): string =>
  unknown.length > 0
    ? "Put the secret that sealed them back at the end of secrets, then latchkey keys rotate. The rows are kept."
    : "latchkey keys status names them: they were changed, or copied from another place. Restore them, or let those people sign in again.";

/** Only when all rows were looked at, and some of them are sealed: an empty database says nothing about a secret. */
function judgeUnused({ configured, complete, looked }: KeyStatus): readonly Finding[] {
  const idle = configured.flatMap(({ total }, at) => (at > 0 && total === 0 ? [`secrets.${at}`] : []));
  if (!complete || looked === 0 || idle.length === 0) return [];
  return [
    unused.warn(
      `No row is sealed with ${idle.join(", ")}.`,
      "An old secret may be taken away a day after every node had a newer one first. A new one that is about to be put first stays.",
    ),
  ];
}
