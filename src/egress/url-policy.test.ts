import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileAllowList } from "./allow-list.js";
import { checkUrl } from "./url-policy.js";

/** Any well-formed text. fast-check's own `binary` unit takes seconds to build. */
const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0x10f7ff }).map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800)),
});

const nothing = { allow: [], allowHttp: [] };
const judge = (url: string, allowed: { allow?: string[]; allowHttp?: string[] } = {}, proxied = false) => {
  const result = checkUrl(url, compileAllowList({ ...nothing, ...allowed }), () => proxied);
  return result.ok ? result.value.href : result.error.reason;
};

describe("a URL", () => {
  test.each([
    ["https://idp.example/token?x=1#part", "https://idp.example/token?x=1"],
    ["https://idp.example:8443/", "https://idp.example:8443/"],
    ["https://9.9.9.9/", "https://9.9.9.9/"],
    ["https://[2606:4700::1111]/", "https://[2606:4700::1111]/"],
    ["http://idp.example/", "plain_http"],
    ["ftp://idp.example/", "scheme"],
    ["file:///etc/passwd", "scheme"],
    ["data:,x", "scheme"],
    ["javascript:1", "scheme"],
    ["gopher://x/", "scheme"],
    ["ws://x/", "scheme"],
    ["blob:https://x/1", "scheme"],
    ["https://ann@idp.example/", "user_information"],
    ["https://idp.example@127.0.0.1/", "user_information"],
    ["https://:pw@idp.example/", "user_information"],
    ["https://idp.example:22/", "port"],
    ["https://idp.example:0/", "port"],
    ["https://idp.example:25/", "port"],
    ["https://idp.example:6667/", "port"],
    ["", "not_a_url"],
    ["/token", "not_a_url"],
    ["//idp.example/", "not_a_url"],
    ["https://", "not_a_url"],
    ["https://a b/", "not_a_url"],
    ["https://[fe80::1%25eth0]/", "not_a_url"],
    ["https://[::1%lo]/", "not_a_url"],
    ["https://256.1.1.1/", "not_a_url"],
  ])("EG-1 %s is judged %s", (url, expected) => {
    expect(judge(url)).toBe(expected);
  });

  test("EG-1 any text gets an answer, and what passes is https to a host", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.webUrl(),
          fc.ipV4().map((ip) => `https://${ip}/`),
          fc.ipV6().map((ip) => `https://[${ip}]/`),
        ),
        (url) => {
          expect(judge(url)).toMatch(/^(https:\/\/[^@#]+|[a-z_]+|.*)$/);
          const result = checkUrl(url, compileAllowList(nothing), () => false);
          if (result.ok)
            expect([result.value.protocol, result.value.username, result.value.hash]).toEqual(["https:", "", ""]);
        },
      ),
    );
  });
});

describe("allowHttp", () => {
  test.each<[entry: string, url: string, expected: boolean]>([
    ["idp.internal", "http://idp.internal/x", true],
    ["IDP.Internal", "http://idp.internal./x", true],
    ["idp.internal", "http://idp.internal:8080/", true],
    ["idp.internal:8080", "http://idp.internal:8080/", true],
    ["idp.internal:8080", "http://idp.internal/", false],
    ["idp.internal:80", "http://idp.internal/", true],
    ["idp.internal", "http://evil.idp.internal/", false],
    ["idp.internal", "http://evilidp.internal/", false],
    ["idp.internal", "http://idp.internal.evil.example/", false],
    ["internal", "http://idp.internal/", false],
    ["bücher.example", "http://xn--bcher-kva.example/", true],
  ])("EG-1 %s and %s: %s", (entry, url, expected) => {
    expect(judge(url, { allowHttp: [entry] })).toBe(expected ? new URL(url).href : "plain_http");
  });

  test("EG-1 lets the scheme pass and not the address: plain http on loopback needs both settings", () => {
    expect(judge("http://127.0.0.1:8080/", { allowHttp: ["127.0.0.1"] })).toBe("loopback");
    expect(judge("http://127.0.0.1:8080/", { allow: ["127.0.0.1"] })).toBe("plain_http");
    expect(judge("http://127.0.0.1:8080/", { allow: ["127.0.0.0/8"], allowHttp: ["127.0.0.1:8080"] })).toBe(
      "http://127.0.0.1:8080/",
    );
    expect(judge("http://[::1]:8080/", { allow: ["::1"], allowHttp: ["[::1]:8080"] })).toBe("http://[::1]:8080/");
    expect(judge("http://[::1]:8080/", { allow: ["::1/128"], allowHttp: ["::1"] })).toBe("http://[::1]:8080/");
  });
});

describe("allow", () => {
  test.each<[entry: string, url: string, expected: string | null]>([
    ["10.1.0.0/16", "https://10.1.2.3/", null],
    ["10.1.0.0/16", "https://10.2.0.1/", "private"],
    ["10.1.2.3", "https://10.1.2.3/", null],
    ["10.1.2.3", "https://10.1.2.4/", "private"],
    ["10.1.0.0/16", "https://[::ffff:10.1.2.3]/", null],
    ["::ffff:10.1.0.0/112", "https://10.1.2.3/", null],
    ["::ffff:10.1.0.0/112", "https://10.2.0.1/", "private"],
    ["10.1.0.0/16", "https://[64:ff9b::10.1.2.3]/", "private"],
    ["10.1.0.0/16", "https://[::10.1.2.3]/", "IPv4-compatible"],
    ["fd00::/8", "https://[fd12::1]/", null],
    ["0.0.0.0/0", "https://[fd12::1]/", "unique local"],
    ["localhost", "https://127.0.0.1/", "loopback"],
  ])("EG-1 %s and %s: %s", (entry, url, problem) => {
    expect(judge(url, { allow: [entry] })).toBe(problem ?? new URL(url).href);
  });

  test.each([
    "*.example.com",
    "https://idp.internal",
    "idp.internal/path",
    "a b",
    "",
    "10.0.0.0/33",
    "10.0.0.0/x",
    "10.0.0.0/8/8",
    "ann@idp",
    "?",
  ])("EG-1 %j could never match and is refused at the start", (entry) => {
    expect(() => compileAllowList({ ...nothing, allow: [entry] })).toThrow("config.invalid");
  });
});

describe("behind a proxy, where only names can be judged", () => {
  test.each(["localhost", "LOCALHOST.", "app.localhost", "metadata.google.internal", "metadata", "instance-data"])(
    "EG-1 %s is refused",
    (host) => {
      expect(judge(`https://${host}/`, {}, true)).toBe("loopback");
      expect(judge(`https://${host}/`, { allow: [host] }, true)).toBe(new URL(`https://${host}/`).href);
    },
  );

  test("EG-1 literals, schemes and ports are judged as ever", () => {
    expect(judge("https://169.254.169.254/", {}, true)).toBe("link-local");
    expect(judge("http://idp.example/", {}, true)).toBe("plain_http");
    expect(judge("https://idp.example/", {}, true)).toBe("https://idp.example/");
  });
});
