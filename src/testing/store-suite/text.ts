/** What text promises: byte for byte what it was, or a refusal; never another text. */
import { expect, test } from "vitest";
import { aGroup, anIdentity, aPerson, aSession, aUser, type TheStore, write } from "./samples.js";

const odd: readonly string[] = [
  "%",
  "_",
  "*",
  "?",
  "'",
  '"',
  "\\",
  ";--",
  "' or '1'='1",
  " ",
  " lead",
  "trail ",
  "\t",
  "\n",
  "\r\n",
  "-0",
  "007",
  "7",
  "7.0",
  "1e3",
  "null",
  "a|b",
  "Ann",
  "ann",
  "ANN",
  "straße",
  "STRASSE",
  "é",
  "e\u0301",
  "ﬁ",
  "fi",
  "İ",
  "i̇",
  "\u200b",
  "\ufeff",
  "\ufffd",
  "😀",
  "\u{10ffff}",
  "日本語",
  "a".repeat(4_096),
  `${"a".repeat(4_095)}b`,
  "__proto__",
  "constructor",
];

export function textTests(theStore: TheStore): void {
  test("AC-1 subjects are compared byte for byte: each odd one is its own identity and finds no other", async () => {
    const { user } = await aPerson(theStore());
    const identities = odd.map((subject) =>
      anIdentity(user, { issuer: "https://odd.example.test", subject, sub: subject }),
    );
    await write(theStore(), async (tx) => {
      for (const identity of identities) await tx.identities.insert(identity);
    });
    for (const identity of identities) {
      expect(await theStore().identities.bySubject(identity.issuer, identity.subject)).toStrictEqual(identity);
    }
    expect(await theStore().identities.bySubject("https://ODD.example.test", "ann")).toBeUndefined();
    expect(await theStore().identities.bySubject("https://odd.example.test", "aNN")).toBeUndefined();
    expect(await theStore().identities.bySubject("https://odd.example.test", "")).toBeUndefined();
  });

  test("LO-1 a sub and a sid are compared byte for byte", async () => {
    const { user } = await aPerson(theStore());
    const sessions = await write(theStore(), async (tx) => {
      const made = [];
      for (const text of odd) {
        const identity = anIdentity(user, { issuer: "https://odd.example.test", subject: text, sub: text });
        await tx.identities.insert(identity);
        const session = aSession(identity, { sid: text });
        await tx.sessions.insert(session);
        made.push(session);
      }
      return made;
    });
    for (const session of sessions) {
      expect(await theStore().sessions.bySub(session.issuer, session.sub)).toStrictEqual([session]);
      expect(await theStore().sessions.bySid(session.issuer, session.sid ?? "")).toStrictEqual([session]);
    }
  });

  test("AC-1 a NUL is kept or refused, and never cuts a subject short", async () => {
    const { user } = await aPerson(theStore());
    const issuer = "https://odd.example.test";
    const insert = (subject: string) =>
      write(theStore(), (tx) => tx.identities.insert(anIdentity(user, { issuer, subject })));
    await insert("admin");
    for (const subject of ["admin\0", "admin\0x", "\0admin"]) {
      const stored = await insert(subject).then(
        () => true,
        () => false,
      );
      const found = await theStore()
        .identities.bySubject(issuer, subject)
        .catch(() => undefined);
      expect(found?.subject).toBe(stored ? subject : undefined);
    }
    expect((await theStore().identities.bySubject(issuer, "admin"))?.subject).toBe("admin");
  });

  test("AC-1 half a surrogate pair is refused in a key, and finds nobody", async () => {
    const { user } = await aPerson(theStore());
    const issuer = "https://odd.example.test";
    await write(theStore(), (tx) => tx.identities.insert(anIdentity(user, { issuer, subject: "x\ufffd" })));
    for (const subject of ["x\ud800", "x\udc00", "\udc00\ud800"]) {
      await expect(
        write(theStore(), (tx) => tx.identities.insert(anIdentity(user, { issuer, subject }))),
      ).rejects.toThrow();
      expect(await theStore().identities.bySubject(issuer, subject)).toBeUndefined();
      expect(await write(theStore(), (tx) => tx.identities.bySubject(issuer, subject))).toBeUndefined();
      expect(await theStore().sessions.bySub(issuer, subject)).toEqual([]);
      expect(await theStore().sessions.byTokenHash(subject)).toBeUndefined();
      expect(await theStore().users.byEmail(subject)).toBeUndefined();
      expect(await theStore().groups.byName(subject)).toBeUndefined();
      expect(await theStore().metadata.byUrl(subject)).toBeUndefined();
    }
  });

  test("half a surrogate pair in a name is repaired: a cut-off emoji keeps nobody out", async () => {
    const user = aUser({ name: "Ann \ud83d" });
    await write(theStore(), (tx) => tx.users.insert(user));
    expect((await theStore().users.byId(user.id))?.name).toBe("Ann \ufffd");
    expect((await theStore().users.list({ limit: 5 }, { search: "ann \ud83d" })).items).toHaveLength(1);
  });

  test("names and groups keep every character", async () => {
    await write(theStore(), async (tx) => {
      for (const name of odd) {
        await tx.users.insert(aUser({ name }));
        await tx.groups.insert(aGroup({ name, permissions: { [name]: name } }));
      }
    });
    const { items } = await theStore().users.list({ limit: 200 });
    expect(items.map((user) => user.name)).toEqual(odd);
    for (const name of odd) {
      const group = await theStore().groups.byName(name);
      expect([group?.name, group && Object.entries(group.permissions)]).toEqual([name, [[name, name]]]);
    }
  });
}
