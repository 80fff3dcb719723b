/** What a sign-in reads of groups: all that its decision needs, and nothing twice. */
import { expect, test } from "vitest";
import { resolveConfig } from "../config/resolve.js";
import { silentLog } from "../kernel/log.js";
import { systemClock } from "../kernel/time.js";
import { createProviderRegistry } from "../providers/registry.js";
import { openSqliteStore } from "../store/sqlite.js";
import { aGroup, aPerson, countedRandom, start } from "../testing/store-suite/samples.js";
import { loadFacts } from "./load-facts.js";
import { nothingUnknown, readPerson } from "./policy/decide-sign-in.js";

test("AC-15 AC-18 groups that somebody is in already are not looked up by name once more", async () => {
  const store = await openSqliteStore({
    path: ":memory:",
    clock: systemClock,
    random: countedRandom,
    log: silentLog,
    migrate: true,
  });
  const { user, identity } = await aPerson(store);
  const groups = ["mine", "by hand", "another"].map((name) => aGroup({ name }));
  await store.transaction(async (tx) => {
    await tx.groups.insertMany(groups);
    const [mine, byHand] = groups;
    const membership = { userId: user.id, createdAt: start };
    if (mine) await tx.groups.addMember({ ...membership, groupId: mine.id, origin: "claims:fake" });
    if (byHand) await tx.groups.addMember({ ...membership, groupId: byHand.id, origin: "manual" });
  });
  const resolved = resolveConfig({
    baseUrl: "http://localhost:3000",
    secrets: ["q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1"],
    groups: { fromClaims: true },
    providers: [{ id: "fake", issuer: identity.issuer, clientId: "x" }],
  });
  const provider = resolved.ok ? createProviderRegistry(resolved.value).byId("fake") : undefined;
  if (!provider) throw new Error("no provider");

  const asked: (readonly string[])[] = [];
  const byNames = (names: readonly string[]) => {
    asked.push(names);
    return store.groups.byNames(names);
  };
  const existing = async (claim: readonly string[]) => {
    const claims = { sub: identity.subject, email: user.email, groups: claim };
    const told = { issuer: identity.issuer, claims, unknown: nothingUnknown };
    const person = readPerson(provider, told, { fallbackEmail: null });
    if (!person.ok) throw new Error(JSON.stringify(person.error));
    const reads = { ...store, groups: { ...store.groups, byNames } };
    const rules = { healLoneUser: false, groupsPerClaim: 10 };
    const { known } = await loadFacts(reads, person.value, provider, rules, { groups: true });
    return known.groups.existing.map(({ name }) => name).sort();
  };
  expect(await existing(["mine", "by hand"])).toEqual(["by hand", "mine"]);
  expect(asked).toEqual([]);
  expect(await existing(["mine", "another", "none"])).toEqual(["another", "mine"]);
  expect(asked).toEqual([["another", "none"]]);
  await store.close();
});
