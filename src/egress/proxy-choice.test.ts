import { describe, expect, test } from "vitest";
import { compileProxyChoice } from "./proxy-choice.js";

const choose = (url: string, options: { proxy?: string | null; noProxy?: string[]; env?: Record<string, string> }) =>
  compileProxyChoice({
    proxy: options.proxy ?? null,
    noProxy: options.noProxy ?? [],
    proxyEnvironment: options.env ?? {},
  })(new URL(url));

const proxy = "http://proxy.internal:3128";

describe("a proxy", () => {
  test("EG-1 is used only when the operator set it, whatever the environment says", () => {
    expect(
      choose("https://idp.example/", { env: { HTTPS_PROXY: proxy, https_proxy: proxy, ALL_PROXY: proxy } }),
    ).toBeNull();
    expect(choose("https://idp.example/", { proxy, env: { HTTPS_PROXY: "http://other:1" } })).toBe(proxy);
  });

  test("EG-1 `env` reads the variables of the scheme, lower case first", () => {
    const env = { HTTPS_PROXY: "http://upper:1", https_proxy: "http://lower:1", http_proxy: "plain.internal:3128" };
    expect(choose("https://idp.example/", { proxy: "env", env })).toBe("http://lower:1");
    expect(choose("http://idp.example/", { proxy: "env", env })).toBe("http://plain.internal:3128");
    expect(choose("https://idp.example/", { proxy: "env", env: {} })).toBeNull();
    expect(choose("http://idp.example/", { proxy: "env", env: { HTTP_PROXY: proxy } })).toBeNull();
    expect(choose("https://idp.example/", { proxy: "env", env: { HTTPS_PROXY: "" } })).toBeNull();
  });

  test.each(["socks5://proxy:1080", "ftp://proxy/", "http://"])(
    "EG-1 %s is refused at the start, and a password in it is not told",
    (url) => {
      expect(() => choose("https://idp.example/", { proxy: url })).toThrow("config.invalid");
    },
  );
});

describe("noProxy", () => {
  test.each<[entry: string, url: string, bypassed: boolean]>([
    ["idp.internal", "https://idp.internal/", true],
    ["idp.internal", "https://IDP.internal./", true],
    ["idp.internal", "https://a.idp.internal/", true],
    [".idp.internal", "https://a.idp.internal/", true],
    ["*.idp.internal", "https://a.idp.internal/", true],
    ["idp.internal", "https://notidp.internal/", false],
    ["idp.internal:8443", "https://idp.internal:8443/", true],
    ["idp.internal:8443", "https://idp.internal/", false],
    ["idp.internal:443", "https://idp.internal/", true],
    ["10.0.0.0/8", "https://10.1.2.3/", true],
    ["10.0.0.0/8", "https://11.1.2.3/", false],
    ["10.0.0.0/8", "https://idp.internal/", false],
    ["::1", "https://[::1]/", true],
    ["*", "https://anything.example/", true],
  ])("EG-1 %s and %s: %s", (entry, url, bypassed) => {
    expect(choose(url, { proxy, noProxy: [entry] })).toBe(bypassed ? null : proxy);
    expect(choose(url, { proxy: "env", env: { HTTPS_PROXY: proxy, NO_PROXY: `other.example, ${entry}` } })).toBe(
      bypassed ? null : proxy,
    );
  });
});
