/**
 * The lookup that connections use: every address of a name is judged, and only judged addresses are dialled (EG-1).
 *
 * It runs inside the connection on purpose. A check made beforehand proves nothing: the connection would look the name
 * up again, and a hostile name server answers differently the second time (AT-35). Here there is no second time.
 *
 * One refused address refuses the name, even beside public ones: with several addresses the runtime races them, and
 * an attacker who mixes them would only have to make the public one slow.
 */
import { lookup as systemLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { LatchkeyError } from "../kernel/errors.js";
import type { AllowList } from "./allow-list.js";

export interface LookupAnswer {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name, in the order in which to try them. Rejects when there is none. */
export type Lookup = (hostname: string) => Promise<readonly LookupAnswer[]>;

/** What the operating system says: hosts file, search domains and all. */
export const lookupBySystem: Lookup = (hostname) => systemLookup(hostname, { all: true, order: "verbatim" });

/** `node:net`'s lookup function around `lookup`; fails with `egress.address_refused` for the name as a whole. */
export function guardLookup(lookup: Lookup, allowed: AllowList): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname).then(
      (answers) => {
        for (const { address } of answers) {
          const range = allowed.addressProblem(address, hostname);
          if (range !== undefined) {
            return done(
              new LatchkeyError("egress.address_refused", { data: { target: hostname, address, reason: range } }),
              [],
            );
          }
        }
        const wanted = answers.filter(
          ({ family }) => !options.family || family === options.family || `IPv${family}` === options.family,
        );
        const [first] = wanted;
        if (!first) return done(Object.assign(new Error("the name has no address"), { code: "ENOTFOUND" }), []);
        return options.all ? done(null, [...wanted]) : done(null, first.address, first.family);
      },
      (error: Error) => done(error, []),
    );
  };
}
