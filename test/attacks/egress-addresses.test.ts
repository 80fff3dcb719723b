/**
 * AT-33 and AT-35: every way of writing or resolving an inside address. Each corpus is first sent through a door whose
 * operator allows everything, to see the attack succeed (the server counts a connection), then through a strict one.
 */
import { describe, expect, test } from "vitest";
import { aDoor, allPurposes, aServer, failureOf, scriptedLookup } from "../egress/loopback.js";

/** The ways to write 127.0.0.1 that URL parsers and resolvers have been known to take. */
const loopbackNotations = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "2130706433",
  "2130706433.",
  "0x7f000001",
  "0X7F000001",
  "0x7f.0.0.1",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "017700000001",
  "0177.0.0.1",
  "0177.1",
  "00000177.0.0.01",
  "0x7f.0.1",
  "127.0.0x0.01",
  "%31%32%37.0.0.1",
  "127%2e0%2e0%2e1",
  "１２７.0.0.1",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "127．0．0．1",
  "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
  "0",
  "0.0.0.0",
  "0x0",
  "00000000000",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[::FFFF:7F00:0001]",
  "[0:0:0:0:0:ffff:127.0.0.1]",
  "[::ffff:0.0.0.0]",
  "[0000:0000:0000:0000:0000:ffff:7f00:0001]",
];

/** Inside addresses in IPv6 clothes, and the other special-use blocks. */
const otherLiterals = [
  "[::1]",
  "[0:0:0:0:0:0:0:1]",
  "[::]",
  "[::127.0.0.1]",
  "[::7f00:1]",
  "[64:ff9b::127.0.0.1]",
  "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::10.0.0.1]",
  "[2002:7f00:1::]",
  "[2002:a9fe:a9fe::1]",
  "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
  "[::ffff:0:127.0.0.1]",
  "[fe80::1]",
  "[fd00:ec2::254]",
  "[fc00::1]",
  "[fec0::1]",
  "[ff02::1]",
  "[2001:db8::1]",
  "[3fff::1]",
  "10.0.0.1",
  "10.1",
  "012.0.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "192.168.1",
  "3232235521",
  "100.64.0.1",
  "100.100.100.200",
  "169.254.169.254",
  "2852039166",
  "0xa9fea9fe",
  "0251.0376.0251.0376",
  "169.254.43518",
  "192.0.0.192",
  "192.0.2.1",
  "198.18.0.1",
  "198.51.100.1",
  "203.0.113.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
];

/** What is no URL at all and never gets as far as an address. */
const broken = [
  "[fe80::1%25lo]",
  "[::1%lo]",
  "[::1%25lo]",
  "[::ffff:127.0.0.1%25lo]",
  "127.0.0.1%00.example.com",
  "256.0.0.1",
  "127.0.0.0.1",
  "0x7f.0.0.0.1",
  "[127.0.0.1]",
  "[::ffff:127.1]",
];

const everything = ["0.0.0.0/0", "::/0"];
const hostnames = (hosts: readonly string[]) => [...new Set(hosts.map((host) => new URL(`http://${host}/`).hostname))];

describe("an address written into a URL", () => {
  test("AT-33 without the guard each notation of loopback reaches a server there", async () => {
    const server = await aServer();
    const door = aDoor({ allow: everything, allowHttp: hostnames(loopbackNotations) });
    for (const [index, host] of loopbackNotations.entries()) {
      const answer = await door.request({ purpose: "metadata", url: `http://${host}:${server.port}/${index}` });
      expect([host, answer.status, server.requests.length]).toEqual([host, 200, index + 1]);
    }
  });

  test.each(allPurposes)(
    "AT-33 %s: loopback, private, link-local, metadata and the like are refused in every notation, and nothing is sent",
    async (purpose) => {
      const server = await aServer();
      const hosts = [...loopbackNotations, ...otherLiterals];
      const lookup = scriptedLookup({});
      const door = aDoor({ allowHttp: hostnames(hosts), lookup });
      for (const host of hosts) {
        for (const url of [`http://${host}:${server.port}/`, `https://${host}:${server.port}/`, `https://${host}/`]) {
          const error = await failureOf(door.request({ purpose, url, method: "POST", body: "code=x" }));
          expect([url, error.code, error.data["sent"]]).toEqual([url, "egress.address_refused", false]);
        }
      }
      expect([server.connections, lookup.questions]).toEqual([0, 0]);
    },
  );

  test.each(broken)("AT-33 https://%s/ is no URL that anything here reads", async (host) => {
    const error = await failureOf(
      aDoor({ allow: everything }).request({ purpose: "metadata", url: `https://${host}/` }),
    );
    expect(error.code).toBe("egress.url_refused");
  });
});

/** As a resolver gives them back. */
const insideAddresses = [
  "127.0.0.1",
  "127.255.255.254",
  "0.0.0.0",
  "10.0.0.1",
  "172.16.0.1",
  "192.168.0.1",
  "100.64.0.1",
  "169.254.169.254",
  "192.0.0.192",
  "192.0.2.1",
  "198.18.0.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "168.63.129.16",
  "::1",
  "::",
  "::ffff:127.0.0.1",
  "::ffff:7f00:1",
  "::127.0.0.1",
  "::8.8.8.8",
  "64:ff9b::7f00:1",
  "64:ff9b:1::1",
  "2002:7f00:1::1",
  "2001::1",
  "fe80::1",
  "fe80::1%lo",
  "fd00:ec2::254",
  "ff02::1",
  "4000::1",
];

describe("an address that a name resolves to", () => {
  test("AT-33 without the guard a public name leads inside", async () => {
    const server = await aServer();
    for (const address of ["127.0.0.1", "0.0.0.0", "::ffff:127.0.0.1"]) {
      const door = aDoor({
        allow: everything,
        allowHttp: ["idp.example"],
        lookup: scriptedLookup({ "idp.example": [address] }),
      });
      await door.request({ purpose: "metadata", url: `http://idp.example:${server.port}/` });
    }
    expect(server.connections).toBe(3);
  });

  test.each(allPurposes)("AT-33 %s: a name with an inside address is refused before any packet", async (purpose) => {
    const server = await aServer();
    for (const address of insideAddresses) {
      for (const hostname of ["idp.example", "idp.example."]) {
        const door = aDoor({ allowHttp: ["idp.example"], lookup: scriptedLookup({ [hostname]: [address] }) });
        const error = await failureOf(
          door.request({ purpose, url: `http://${hostname}:${server.port}/`, method: "POST", body: "code=x" }),
        );
        expect([address, error.code, error.data["sent"]]).toEqual([address, "egress.address_refused", false]);
      }
    }
    expect(server.connections).toBe(0);
  });

  test("AT-33 an allowed name is matched whole: names around it are refused", async () => {
    const server = await aServer();
    const names = [
      "idp.internal",
      "evil-idp.internal",
      "x.idp.internal",
      "idp.internal.evil.example",
      "internal",
      "idp.interna",
    ];
    const lookup = scriptedLookup(Object.fromEntries(names.map((name) => [name, ["127.0.0.1"]])));
    const door = aDoor({ allow: ["idp.internal"], allowHttp: names, lookup });
    const outcomes = await Promise.all(
      names.map((name) =>
        door.request({ purpose: "metadata", url: `http://${name}:${server.port}/` }).then(
          () => "reached",
          (error) => error.code,
        ),
      ),
    );
    expect(outcomes).toEqual(["reached", ...names.slice(1).map(() => "egress.address_refused")]);
    expect(server.connections).toBe(1);
  });
});

describe("a name that answers twice", () => {
  // 127.0.0.2 stands for the public address (it is allowed), 127.0.0.1 for the inside.
  const publicAddress = "127.0.0.2";
  const allow = [`${publicAddress}/32`];
  const closing = { connection: "close", "content-type": "application/json" };

  async function twoServers() {
    const outside = await aServer((_request, response) => response.writeHead(200, closing).end("{}"), {
      host: publicAddress,
    });
    const inside = await aServer(undefined, { port: outside.port });
    return { outside, inside, url: `http://idp.example:${outside.port}/` };
  }

  test("AT-35 the address that was judged is the one that is dialled: one question for each connection", async () => {
    const { outside, inside, url } = await twoServers();
    const lookup = scriptedLookup({
      "idp.example": (question) => (question % 2 === 1 ? [publicAddress] : ["127.0.0.1"]),
    });
    const door = aDoor({ allow, allowHttp: ["idp.example"], lookup });
    // A check made before the connection's own lookup would have been question one, and the inside answered to two.
    await door.request({ purpose: "metadata", url });
    expect([lookup.questions, outside.connections, inside.connections]).toEqual([1, 1, 0]);
    const error = await failureOf(door.request({ purpose: "metadata", url }));
    expect([error.code, lookup.questions, outside.connections, inside.connections]).toEqual([
      "egress.address_refused",
      2,
      1,
      0,
    ]);
  });

  test("AT-35 a check made beforehand would have let it through", async () => {
    const { inside, url } = await twoServers();
    const lookup = scriptedLookup({ "idp.example": (question) => (question === 1 ? [publicAddress] : ["127.0.0.1"]) });
    const seenBeforehand = await lookup("idp.example");
    expect(seenBeforehand.map(({ address }) => address)).toEqual([publicAddress]);
    await aDoor({ allow: everything, allowHttp: ["idp.example"], lookup }).request({ purpose: "metadata", url });
    expect(inside.connections).toBe(1);
  });

  test.each([
    ["first", ["127.0.0.1", publicAddress]],
    ["last", [publicAddress, "127.0.0.1"]],
    ["in the middle, in IPv6", [publicAddress, "::1", publicAddress]],
    ["last, mapped", [publicAddress, "::ffff:127.0.0.1"]],
  ])("AT-35 one inside address among public ones (%s) refuses the name", async (_where, addresses) => {
    const { outside, inside, url } = await twoServers();
    const door = aDoor({ allow, allowHttp: ["idp.example"], lookup: scriptedLookup({ "idp.example": addresses }) });
    const error = await failureOf(door.request({ purpose: "token", method: "POST", body: "code=x", url }));
    expect([error.code, error.data["sent"], outside.connections, inside.connections]).toEqual([
      "egress.address_refused",
      false,
      0,
      0,
    ]);
  });
});
