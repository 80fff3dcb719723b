/**
 * SI-17 from the button to the session: an ID token whose groups did not fit, the groups read from Microsoft Graph page by
 * page, and what becomes of somebody's groups and role when Graph does not tell all of them.
 */
import { describe, expect, test, vi } from "vitest";
import type { ConfigInput } from "../../src/config/schema.js";
import { minutes } from "../../src/kernel/time.js";
import { createManualClock } from "../../src/testing/manual-clock.js";
import { accessToken, aGroup, groupId, overage } from "../presets/graph.js";
import { aMicrosoftNet, type MicrosoftNet } from "../presets/microsoft-net.js";

const groups = { fromClaims: true, create: true } as const;
const pages = [
  [aGroup(1), aGroup(2)],
  [aGroup(3), { "@odata.type": "#microsoft.graph.directoryRole", id: "a role" }],
  [aGroup(4)],
];
const all = [1, 2, 3, 4].map(groupId);

/** Ada, who has signed in with groups that Graph told; the next time there are others, and too many again. */
async function adaWithGroups(config: Partial<ConfigInput> = {}, clock = createManualClock()) {
  const net = await aMicrosoftNet({ groups, ...config }, clock);
  net.claims = overage;
  net.graph.says.pages = pages;
  const first = await net.signIn();
  expect(first).toMatchObject({ error: null, user: { groups: all } });
  net.graph.requests.length = 0;
  net.graph.says.pages = [[aGroup(1)], [aGroup(5)], [aGroup(6)]];
  return { net, clock, first };
}
const askedOf = ({ graph }: MicrosoftNet) =>
  graph.requests.map(({ url, authorization }) => [url.searchParams.get("$skiptoken"), authorization]);
const bearer = `Bearer ${accessToken}`;

describe("groups that did not fit into the token", () => {
  test("SI-17 AC-15 are those of all of Graph's pages together, and a group that is on none of them is left", async () => {
    const { net, first } = await adaWithGroups();
    const again = await net.signIn();
    expect(again).toMatchObject({ error: null, user: { groups: [1, 5, 6].map(groupId) } });
    expect(askedOf(net)).toEqual([
      [null, bearer],
      ["1", bearer],
      ["2", bearer],
    ]);
    // It holds in the session that was open already.
    expect((await net.session(first.browser)).user?.groups).toEqual([1, 5, 6].map(groupId));
    expect(net.asked.every((host) => /^(login\.microsoftonline|graph\.microsoft)\.com:443$/.test(host))).toBe(true);
  });

  test("SI-17 AC-15 an empty answer of Graph's is an empty list: every group that it gave is left", async () => {
    const { net } = await adaWithGroups();
    net.graph.says.pages = [[]];
    expect((await net.signIn()).user?.groups).toEqual([]);
  });

  test("SI-17 AC-12 a role that is read from the groups claim comes from Graph's last page too", async () => {
    const roles = { fromClaims: true, allowed: [`exact:${groupId(1)}`], admin: [`exact:${groupId(4)}`] };
    // With groups of its own switched off, too: the list is asked for wherever a rule reads that claim.
    for (const fromClaims of [true, false]) {
      const net = await aMicrosoftNet({
        groups: { fromClaims, create: fromClaims },
        roles,
        signIn: { signUp: true, claims: { picture: null, roles: "groups" } },
      });
      net.claims = overage;
      net.graph.says.pages = [[aGroup(1)]];
      await net.signIn();
      net.graph.says.pages = pages;
      const boss = await net.signIn(undefined, "boss");
      expect(boss).toMatchObject({ error: null, user: { role: "admin", groups: fromClaims ? all : [] } });
      expect((await net.signIn(undefined, "other")).user?.role).toBe("admin");
      net.graph.says.pages = [[aGroup(1)], [aGroup(2)]];
      expect((await net.signIn(undefined, "boss")).user?.role).toBe("user");
      net.graph.says.pages = [[aGroup(2)], [aGroup(3)]];
      expect((await net.signIn(undefined, "other")).error).toBe("account.role_refused");
    }
  });

  test("SI-17 where groups are read from another claim, Graph is not asked, and its list takes nothing's place", async () => {
    const net = await aMicrosoftNet({ groups, signIn: { signUp: true, claims: { picture: null, groups: "wids" } } });
    net.claims = { ...overage, wids: ["a role template"] };
    net.graph.says.pages = pages;
    expect((await net.signIn()).user?.groups).toEqual(["a role template"]);
    expect(net.graph.requests).toEqual([]);
  });

  test("SI-17 AC-19 a refresh whose ID token says the same asks Graph as well", async () => {
    const { net, clock, first } = await adaWithGroups();
    await clock.advance(minutes(57));
    const mine = { user: first.user?.id ?? "", session: first.session?.id ?? "", connection: "provider:entra" };
    await net.latchkey.vault.accessToken(mine);
    await vi.waitFor(
      async () => expect((await net.session(first.browser)).user?.groups).toEqual([1, 5, 6].map(groupId)),
      { timeout: 10_000, interval: 20 },
    );
  });
});

describe("where Graph does not tell all of them", () => {
  const spoilt: [what: string, spoil: (net: MicrosoftNet) => void, reason: string, pagesAsked: number][] = [
    [
      "its second page fails",
      ({ graph }) => {
        graph.says.failing = { page: 1, status: 503 };
      },
      "status_503",
      2,
    ],
    [
      "it asks for patience on its last page",
      ({ graph }) => {
        graph.says.failing = { page: 2, status: 429 };
      },
      "status_429",
      3,
    ],
    [
      "the token may not ask",
      ({ graph }) => {
        graph.says.status = 403;
      },
      "status_403",
      1,
    ],
    [
      "the next page is said to be on another host",
      ({ graph }) => {
        graph.says.link = () => "https://graph.microsoft.com.evil.example/v1.0/me/transitiveMemberOf?$skiptoken=1";
      },
      "foreign_link",
      1,
    ],
    [
      "a page has no list",
      ({ graph }) => {
        graph.says.body = '{"value":{}}';
      },
      "not_a_page",
      1,
    ],
    [
      "pages go on without an end",
      ({ graph }) => {
        graph.says.link = () => "https://graph.microsoft.com/v1.0/me/transitiveMemberOf?$skiptoken=0";
      },
      "too_many_pages",
      20,
    ],
  ];

  test.each(spoilt)("SI-17 AC-12 AC-15 AT-16 nothing changes for a known person: %s", async (...given) => {
    const [, spoil, reason, pagesAsked] = given;
    // Also where a claim that is not there would take the groups and end the sessions.
    const { net, first } = await adaWithGroups({ groups: { ...groups, absent: "empty" } });
    spoil(net);
    const again = await net.signIn();
    expect(again).toMatchObject({ error: null, user: { groups: all, role: first.user?.role } });
    expect((await net.session(first.browser)).user?.groups).toEqual(all);
    expect(net.graph.requests).toHaveLength(pagesAsked);
    expect(net.asked.filter((host) => host.includes("evil"))).toEqual([]);
    expect(net.log.lines.find(({ fields }) => fields["reason"] === reason)?.level).toBe("warn");
    expect(net.log.text()).not.toContain(accessToken);
    // And it is no lasting harm: with the next whole answer all is as Graph says.
    Object.assign(net.graph.says, { failing: undefined, status: 200, body: undefined, pages: [[aGroup(7)]] });
    expect((await net.signIn()).user?.groups).toEqual([groupId(7)]);
  });

  test("SI-17 AC-12 AT-16 somebody new joins nothing, and has no role by what nobody knows", async () => {
    const net = await aMicrosoftNet({ groups });
    await net.signIn();
    net.claims = overage;
    net.graph.says.pages = pages;
    net.graph.says.failing = { page: 1, status: 500 };
    expect(await net.signIn(undefined, "new")).toMatchObject({ error: null, user: { role: "pending", groups: [] } });

    const strict = await aMicrosoftNet({
      groups,
      roles: { fromClaims: true, allowed: ["glob:*"], noMatch: "default", absent: { newUser: "default" } },
      signIn: { signUp: true, claims: { picture: null, roles: "groups" } },
    });
    await strict.signIn();
    strict.claims = overage;
    strict.graph.says.failing = { page: 0, status: 500 };
    expect(await strict.signIn(undefined, "new")).toMatchObject({ error: "account.roles_unknown", status: 401 });
  });
});
