import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aWorld, browser } from "../../../test/support/hand-made-features.js";
import { parseAddress, trustedProxies, visitorAddress } from "./request-facts.js";

const proxies = trustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8:1::/48"]);

test.each<[why: string, peer: string | null, forwarded: string | null, expected: string | null]>([
  ["no peer is known: nobody is trusted", null, "203.0.113.9", null],
  ["a visitor who connects directly", "203.0.113.9", null, "203.0.113.9"],
  ["a visitor who sends the header himself", "203.0.113.9", "198.51.100.1", "203.0.113.9"],
  ["a trusted proxy says who it is", "10.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["an IPv4-mapped peer is its IPv4 address", "::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
  ["two trusted proxies", "10.0.0.1", "203.0.113.9, 192.0.2.1", "203.0.113.9"],
  ["what the visitor wrote before the proxy's own word", "10.0.0.1", "1.1.1.1, 10.9.9.9, 203.0.113.9", "203.0.113.9"],
  ["an IPv6 proxy and an IPv6 visitor", "2001:db8:1::5", "2001:db8:ffff::7", "2001:db8:ffff::7"],
  ["brackets and ports", "10.0.0.1", "[2001:db8:ffff::7]:443", "2001:db8:ffff::7"],
  ["a port behind IPv4", "10.0.0.1", "203.0.113.9:51234", "203.0.113.9"],
  ["only proxies in the list: the leftmost", "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
  ["an entry that is no address ends the walk", "10.0.0.1", "203.0.113.9, unknown", "10.0.0.1"],
  ["octal and short forms are no addresses", "10.0.0.1", "0177.0.0.1, 127.1", "10.0.0.1"],
])("SU-3 the visitor's address: %s", (_why, peer, forwarded, expected) => {
  expect(visitorAddress(peer, forwarded, proxies)).toBe(expected);
});

test.each([
  ["::ffff:0:0/96", ["10.0.0.1", "203.0.113.9"], ["::1"]],
  ["::ffff:10.0.0.0/104", ["10.0.0.1", "10.255.0.1", "::ffff:10.0.0.1"], ["11.0.0.1", "::ffff:11.0.0.1"]],
  ["::ffff:a00:1", ["10.0.0.1"], ["10.0.0.2"]],
])(
  "SU-3 AT-51 the IPv4-mapped range %s trusts the IPv4 addresses that it says, and no other",
  (range, trusted, others) => {
    const isTrusted = trustedProxies([range]);
    for (const address of trusted) expect([address, isTrusted(address)]).toEqual([address, true]);
    for (const address of others) expect([address, isTrusted(address)]).toEqual([address, false]);
  },
);

test("AT-51 whatever an untrusted peer forwards, its own address is what counts", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.ipV4()).map((list) => list.join(",")),
      ),
      (forwarded) => {
        expect(visitorAddress("203.0.113.9", forwarded, proxies)).toBe("203.0.113.9");
      },
    ),
  );
});

test("AT-50 no text makes the address parser throw", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.stringMatching(/^[\d.:[\]%a-f]{0,40}$/)), (text) => {
      const parsed = parseAddress(text);
      if (parsed) expect(parseAddress(parsed.toString())?.toString()).toBe(parsed.toString());
    }),
  );
});

test("SU-3 a trusted proxy that is no address stops the start instead of trusting nobody", () => {
  for (const entry of [
    "proxy.internal",
    "10.0.0.0/33",
    "10.0.0.0/",
    "::/129",
    "",
    "::ffff:10.0.0.0/8",
    "::ffff:10.0.0.0/0",
  ]) {
    expect(() => trustedProxies([entry])).toThrow("config.invalid");
  }
});

describe("the request id", () => {
  const world = () => aWorld({ config: { server: { trustedProxies: ["10.0.0.1"] } } });
  const idOf = async (peer: string | undefined, sent: string) => {
    const init = { headers: { "x-request-id": sent }, ...(peer === undefined ? {} : { peer }) };
    return (await world().send("GET", "/auth/healthz", init)).headers.get("x-request-id");
  };

  test("SU-3 is taken from a trusted proxy, and from nobody else", async () => {
    expect(await idOf("10.0.0.1", "edge-12345678")).toBe("edge-12345678");
    expect(await idOf("203.0.113.9", "edge-12345678")).toBe("request-0001");
    expect(await idOf(undefined, "edge-12345678")).toBe("request-0001");
  });

  test("SU-3 is made anew when it is not fit to be shown", async () => {
    for (const unfit of ["short", "x".repeat(65), "<script>alert(1)</script>", "with space 1"]) {
      expect(await idOf("10.0.0.1", unfit)).toBe("request-0001");
    }
  });
});

test("AT-5 no header changes a link, a redirect or a form: baseUrl alone does", async () => {
  const world = aWorld({ config: { server: { trustedProxies: ["10.0.0.1"] } } });
  const forged = {
    ...browser,
    host: "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "444",
    "x-original-url": "//evil.example/",
    forwarded: "host=evil.example;proto=https",
  };
  for (const peer of ["203.0.113.9", "10.0.0.1"]) {
    for (const path of [
      "/auth",
      "/auth/sign-in",
      "/auth/account",
      "/auth/api/providers",
      "/auth/openapi.json",
      "/auth/providers/nobody/start",
    ]) {
      const response = await world.app.fetch(new Request(`http://evil.example:444${path}`, { headers: forged }), {
        address: peer,
      });
      const all = `${JSON.stringify([...response.headers])}${await response.text()}`;
      expect(all).not.toContain("evil.example");
      const location = response.headers.get("location");
      if (location !== null) expect(location).toMatch(/^http:\/\/localhost:3000\/auth\//);
    }
  }
});
