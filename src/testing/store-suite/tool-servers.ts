/** What registrations, challenges and the end of a connection's grants promise (TS-1, TS-10). */
import { expect, test } from "vitest";
import type { ChallengeRecord } from "../../store/records.js";
import { aGrant, aPerson, aRegistration, at, aUser, type TheStore, write } from "./samples.js";

export function toolServerTests(theStore: TheStore): void {
  test("TS-10 a registration is found by its kind, issuer and redirect URI, byte for byte, and by nothing less", async () => {
    const one = aRegistration({ issuer: "https://as.test", redirectUri: "https://app.test/callback" });
    const other = aRegistration({ ...one, id: aRegistration().id, kind: "static", sealed: null, clientId: "static" });
    await write(theStore(), async (tx) => {
      await tx.registrations.insert(one);
      await tx.registrations.insert(other);
    });
    const { registrations } = theStore();
    expect(await registrations.find(one)).toStrictEqual(one);
    expect(await registrations.find(other)).toStrictEqual(other);
    for (const changed of [
      { issuer: "https://as.test/" },
      { issuer: "https://AS.test" },
      { redirectUri: "https://app.test" },
    ])
      expect(await registrations.find({ ...one, ...changed })).toBeUndefined();
    expect(await registrations.ofConnection(one.connection)).toStrictEqual([one, other]);
    expect(await registrations.all()).toStrictEqual([one, other]);
    await write(theStore(), (tx) => tx.registrations.delete(one.id));
    expect(await registrations.find(one)).toBeUndefined();
  });

  test("TS-10 there is one of a kind for an issuer and a redirect URI, and of two writers the first wins", async () => {
    const one = aRegistration();
    await write(theStore(), (tx) => tx.registrations.insert(one));
    const again = { ...one, id: aRegistration().id };
    await expect(write(theStore(), (tx) => tx.registrations.insert(again))).rejects.toMatchObject({
      name: "UniqueViolation",
    });
    const next = { ...one, version: 2, leaseOwner: "node", leaseEndsAt: at(9), lastFailure: "status_500" };
    expect(await write(theStore(), (tx) => tx.registrations.replace(next, 1))).toBe(true);
    expect(await write(theStore(), (tx) => tx.registrations.replace({ ...next, clientId: "late" }, 1))).toBe(false);
    expect(await theStore().registrations.find(one)).toStrictEqual(next);
  });

  test("VA-14 connections that somebody has are named once each, in order, and counted", async () => {
    const { grants } = theStore();
    expect(await grants.connections()).toEqual([]);
    expect(await grants.count("tool:b")).toBe(0);
    const users = [aUser(), aUser(), aUser()];
    await write(theStore(), async (tx) => {
      for (const [number, user] of users.entries()) {
        await tx.users.insert(user);
        await tx.grants.insert(aGrant(user, null, { connection: "tool:b" }));
        if (number === 1) await tx.grants.insert(aGrant(user, null, { connection: "provider:z" }));
        if (number > 0) await tx.grants.insert(aGrant(user, null, { connection: "tool:B" }));
      }
    });
    expect(await grants.connections()).toEqual(["provider:z", "tool:B", "tool:b"]);
    expect([await grants.count("tool:b"), await grants.count("tool:B"), await grants.count("tool:")]).toEqual([
      3, 2, 0,
    ]);
  });

  test("TS-1 of a person's challenges by one server the newest is kept, and goes with the person", async () => {
    const { user } = await aPerson(theStore());
    const record: ChallengeRecord = {
      userId: user.id,
      connection: "tool:files",
      challenge: { scheme: "Bearer", resourceMetadata: null, scopes: ["a", "b"], error: "insufficient_scope" },
      requests: [{ at: at(1), step: "a b" }],
      updatedAt: at(1),
    };
    await write(theStore(), (tx) => tx.challenges.save(record));
    expect(await theStore().challenges.of(user.id, "tool:files")).toStrictEqual(record);
    const next: ChallengeRecord = { ...record, challenge: null, requests: [], updatedAt: at(2) };
    await write(theStore(), (tx) => tx.challenges.save(next));
    expect(await theStore().challenges.of(user.id, "tool:files")).toStrictEqual(next);
    expect(await theStore().challenges.of(user.id, "tool:other")).toBeUndefined();
    await write(theStore(), (tx) => tx.users.delete(user.id));
    expect(await theStore().challenges.of(user.id, "tool:files")).toBeUndefined();
    await expect(write(theStore(), (tx) => tx.challenges.save({ ...record, userId: aUser().id }))).rejects.toThrow();
  });

  test("TS-10 the grants of a connection that are of another issuer or client end, and no others", async () => {
    const { user } = await aPerson(theStore());
    const own = { issuer: "https://as.test", clientId: "now" };
    const grant = (on: Partial<ReturnType<typeof aGrant>>) =>
      aGrant(user, null, { connection: "tool:files", status: "active", ...own, ...on });
    const grants = {
      kept: grant({}),
      elsewhere: grant({ connection: "tool:other", issuer: "https://old.test" }),
      over: grant({ issuer: "https://old.test", status: "needs_reconnect", statusReason: "invalid_grant" }),
      issuer: grant({ issuer: "https://old.test", leaseOwner: "node", leaseEndsAt: at(9) }),
      client: grant({ clientId: "before" }),
    };
    await write(theStore(), async (tx) => {
      for (const one of Object.values(grants)) await tx.grants.insert(one);
    });
    expect(await theStore().grants.issuers("tool:files")).toEqual(["https://as.test", "https://old.test"]);
    await write(theStore(), async (tx) => {
      expect(await tx.grants.endForeign("tool:files", own, "issuer_changed", at(5))).toBe(2);
    });
    expect(await theStore().grants.issuers("tool:files")).toEqual(["https://as.test"]);
    const found = await Promise.all(
      Object.entries(grants).map(async ([name, { id }]) => [name, await theStore().grants.byId(id)] as const),
    );
    const now = Object.fromEntries(found);
    for (const name of ["kept", "elsewhere", "over"] as const) expect(now[name]).toStrictEqual(grants[name]);
    for (const name of ["issuer", "client"] as const) {
      expect(now[name]).toStrictEqual({
        ...grants[name],
        status: "needs_reconnect",
        statusReason: "issuer_changed",
        lastFailureCode: "issuer_changed",
        nextAttemptAt: null,
        leaseOwner: null,
        leaseEndsAt: null,
        version: grants[name].version + 1,
        updatedAt: at(5),
      });
    }
  });
}
