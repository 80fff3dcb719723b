import { describe, expect, test } from "vitest";
import { sha256Base64Url } from "../crypto/digest.js";
import { createKeyring } from "../crypto/keyring.js";
import { randomToken, systemRandom } from "../crypto/random.js";
import { secret } from "../kernel/secret.js";
import { minutes, toInstant } from "../kernel/time.js";
import { encodeFlow, type Flow, type ToolRequest } from "./flow.js";
import { createFlowCookies } from "./flow-cookies.js";

const keyring = createKeyring({ secrets: [secret(randomToken(systemRandom, 48))], random: systemRandom });
const cookies = createFlowCookies({ keyring, secure: true, flowLifetime: minutes(10) });
const start = 1_700_000_000_000;

const aFlow = (state: string, over: Partial<Flow> = {}): Flow => ({
  provider: "corp",
  issuer: "https://idp.example",
  sendsIss: true,
  stateHash: sha256Base64Url(state),
  nonce: randomToken(systemRandom),
  codeVerifier: randomToken(systemRandom),
  returnTo: "/chat",
  startedAt: toInstant(start),
  setup: null,
  link: null,
  ...over,
});

const aRequest: ToolRequest = {
  serverHash: sha256Base64Url("https://mcp.example/mcp"),
  clientId: "us",
  resource: null,
  scopes: ["read"],
};

/** A browser's jar: applies Set-Cookie values and says what it would send. */
function aJar() {
  const jar = new Map<string, string>();
  return {
    jar,
    apply(values: readonly string[]) {
      for (const value of values) {
        const [pair = "", ...attributes] = value.split("; ");
        const [name = "", content = ""] = pair.split(/=(.*)/s);
        if (attributes.includes("Max-Age=0")) jar.delete(name);
        else jar.set(name, content);
      }
    },
    header: () => [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
  };
}

describe("SI-8 flow cookies", () => {
  test("are HttpOnly, Lax, host-only, for the whole origin, and named after the state's hash", () => {
    const [cookie = ""] = cookies.add(undefined, aFlow("s1"), toInstant(start));
    expect(cookie).toMatch(/^__Host-latchkey-flow-[A-Za-z0-9_-]{8}=/);
    expect(cookie.split("; ").slice(1).sort()).toEqual([
      "HttpOnly",
      "Max-Age=1200",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    expect(cookie).toContain(`latchkey-flow-${sha256Base64Url("s1").slice(0, 8)}=`);
  });

  test("have neither prefix nor Secure over http", () => {
    const plain = createFlowCookies({ keyring, secure: false, flowLifetime: minutes(10) });
    const [cookie = ""] = plain.add(undefined, aFlow("s1"), toInstant(start));
    expect(cookie).toMatch(/^latchkey-flow-/);
    expect(cookie).not.toContain("Secure");
  });

  test("say nothing of what is inside", () => {
    const flow = aFlow("s1");
    const text = cookies.add(undefined, flow, toInstant(start)).join();
    for (const part of [flow.nonce, flow.codeVerifier, flow.returnTo, flow.provider, flow.stateHash])
      expect(text).not.toContain(part);
  });

  test("of five tabs are all found; a sixth takes the oldest one's place", () => {
    const browser = aJar();
    for (let tab = 1; tab <= 6; tab++) {
      browser.apply(
        cookies.add(browser.header(), aFlow(`s${tab}`, { startedAt: toInstant(start + tab) }), toInstant(start + tab)),
      );
      expect(browser.jar.size).toBe(Math.min(tab, 5));
    }
    expect(cookies.find(browser.header(), "s1")).toBeUndefined();
    for (let tab = 2; tab <= 6; tab++) expect(cookies.find(browser.header(), `s${tab}`)?.provider).toBe("corp");
  });

  test("AT-21 stay under 5 KB together, however long the return targets are", () => {
    const browser = aJar();
    for (let tab = 1; tab <= 40; tab++) {
      const flow = aFlow(`s${tab}`, { returnTo: `/${"x".repeat(1_023)}`, startedAt: toInstant(start + tab) });
      browser.apply(cookies.add(browser.header(), flow, toInstant(start + tab)));
      expect(browser.header().length).toBeLessThan(5_000);
    }
    expect(cookies.find(browser.header(), "s40")?.returnTo).toHaveLength(1_024);
  });

  test("that ran out or cannot be opened make room", () => {
    const browser = aJar();
    browser.apply(cookies.add("", aFlow("old"), toInstant(start)));
    browser.jar.set("__Host-latchkey-flow-AAAAAAAA", "rubbish");
    browser.apply(
      cookies.add(
        browser.header(),
        aFlow("new", { startedAt: toInstant(start + 600_000) }),
        toInstant(start + 600_000),
      ),
    );
    expect([...browser.jar.keys()]).toEqual([`__Host-latchkey-flow-${sha256Base64Url("new").slice(0, 8)}`]);
  });

  test("AT-22 planted under our name by somebody else are passed over", () => {
    const browser = aJar();
    browser.apply(cookies.add("", aFlow("s1"), toInstant(start)));
    const name = [...browser.jar.keys()][0];
    expect(cookies.find(`${name}=planted; ${browser.header()}`, "s1")?.provider).toBe("corp");
    expect(cookies.find(`${name}=planted`, "s1")).toBeUndefined();
  });

  test("TS-13 of a tool server, as a version made them that did not say which, are passed over", () => {
    const row = sha256Base64Url("s1").slice(0, 8);
    const browser = aJar();
    browser.apply(cookies.add("", aFlow("s1", { tool: aRequest }), toInstant(start)));
    expect(cookies.find(browser.header(), "s1")?.tool).toEqual(aRequest);
    const { o: _, ...older } = JSON.parse(encodeFlow(aFlow("s1", { tool: aRequest }))) as { o: unknown };
    const value = keyring.seal("flow", { table: "flow", row }, JSON.stringify({ ...older, o: ["us", null, "read"] }));
    expect(cookies.find(`__Host-latchkey-flow-${row}=${value}`, "s1")).toBeUndefined();
  });

  test("AT-17 renamed to another state's name do not open", () => {
    const browser = aJar();
    browser.apply(cookies.add("", aFlow("mine"), toInstant(start)));
    const value = [...browser.jar.values()][0];
    const name = `__Host-latchkey-flow-${sha256Base64Url("theirs").slice(0, 8)}`;
    expect(cookies.find(`${name}=${value}`, "theirs")).toBeUndefined();
  });

  test("AT-17 do not open for a state that shares no more than their name's eight characters", () => {
    const browser = aJar();
    const hash = sha256Base64Url("mine");
    const other = hash.slice(0, 8) + [...hash.slice(8)].reverse().join("");
    browser.apply(cookies.add("", aFlow("mine", { stateHash: other }), toInstant(start)));
    expect([...browser.jar.keys()]).toEqual([`__Host-latchkey-flow-${hash.slice(0, 8)}`]);
    expect(cookies.find(browser.header(), "mine")).toBeUndefined();
  });

  test("are cleared by state, and only where the browser holds one", () => {
    const browser = aJar();
    browser.apply(cookies.add("", aFlow("s1"), toInstant(start)));
    expect(cookies.clear(browser.header(), "other")).toEqual([]);
    expect(cookies.clear(browser.header(), null)).toEqual([]);
    browser.apply(cookies.clear(browser.header(), "s1"));
    expect(browser.jar.size).toBe(0);
  });
});
