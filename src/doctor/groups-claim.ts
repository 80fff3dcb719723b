/**
 * Whether somebody who lost their last group keeps it (AC-15): a provider that leaves the groups claim out when it would
 * be empty says nothing then, and nothing changes nothing unless the operator reads it as "in no group".
 */
import type { Provider } from "../providers/provider.js";
import { check, type Finding } from "./finding.js";

const why = "A groups claim that is left out when it is empty takes nobody out of their last group.";

/** Nothing where claims do not decide groups. */
export function judgeGroupsClaim({ id, displayName, groups, claims, quirks }: Provider): readonly Finding[] {
  if (!groups.fromClaims) return [];
  const finding = check(`groups-claim:${id}`, why);
  const fix = `If it leaves it out: groups: { absent: empty } for ${id}. latchkey claims explain shows what either means.`;
  if (groups.absent === "empty") return [finding.ok(`Without the claim ${claims.groups} a person is in no group.`)];
  const known = quirks.groupsWhenEmpty.of?.includes(claims.groups) === false ? "unknown" : quirks.groupsWhenEmpty.is;
  if (known === "left_out")
    return [
      finding.warn(
        `${displayName} leaves ${claims.groups} out for people in no group, and groups.absent is keep.`,
        fix,
      ),
    ];
  if (known === "no_claim")
    return [finding.ok(`${displayName} tells nobody's groups, so its people get none and keep none by it.`)];
  if (known === "empty_list") return [finding.ok(`${displayName} sends an empty list for people in no group.`)];
  return [
    finding.skip(`Nothing is known of whether ${displayName} leaves ${claims.groups} out when it is empty.`, fix),
  ];
}
