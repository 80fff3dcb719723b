/** Whose token goes where, as a table (TS-21). */
import { expect, test } from "vitest";
import type { FoundToolServer } from "../found.js";
import { needsPerson, providerTokenWay, unattendedWay } from "./without-person.js";

const idp = "https://idp.example";
const resource = (...authorizationServers: string[]) =>
  ({ authorizationServers }) as unknown as FoundToolServer["resource"];
const by = (issuer: string) => ({ issuer }) as FoundToolServer["authorizationServer"];

test.each<[what: string, found: Partial<FoundToolServer>, passToken: boolean, exchanges: boolean, way: string]>([
  ["nothing is published", { resource: null, authorizationServerFrom: null }, false, false, "exchange"],
  ["nothing is published", { resource: null, authorizationServerFrom: null }, true, false, "pass"],
  [
    "only guessed paths",
    { resource: null, authorizationServerFrom: "fallback", authorizationServer: by("https://t") },
    true,
    true,
    "pass",
  ],
  [
    "only guessed paths",
    { resource: null, authorizationServerFrom: "fallback", authorizationServer: by(idp) },
    false,
    false,
    "exchange",
  ],
  ["the provider is named", { resource: resource(idp) }, false, false, "pass"],
  ["the provider is named beside another", { resource: resource("https://other", idp) }, false, false, "exchange"],
  ["the provider is named beside another", { resource: resource(idp, "https://other") }, true, false, "exchange"],
  ["the provider is named, and exchanges", { resource: resource(idp) }, false, true, "exchange"],
  ["the provider is named, and exchanges", { resource: resource(idp) }, true, true, "pass"],
  ["another is named", { resource: resource("https://other") }, true, false, "exchange"],
  ["a spelling of it is named", { resource: resource(`${idp}/`) }, true, false, "exchange"],
  [
    "nobody is named, and it is its own",
    { resource: resource(), authorizationServerFrom: "metadata", authorizationServer: by("https://t") },
    true,
    false,
    "exchange",
  ],
  [
    "it publishes the provider's",
    { resource: null, authorizationServerFrom: "metadata", authorizationServer: by(idp) },
    false,
    false,
    "pass",
  ],
  [
    "resource metadata alone, which names nobody",
    { resource: resource(), authorizationServerFrom: null },
    true,
    false,
    "exchange",
  ],
])("TS-21 where %s: %o, passToken %s, exchanges %s: %s", (_, found, passToken, exchanges, way) => {
  const all = { resource: null, authorizationServer: null, authorizationServerFrom: null, ...found } as const;
  expect(providerTokenWay({ found: all, issuers: [idp], passToken, exchanges })).toBe(way);
});

test("TS-15 who is asked: a person, the vault by itself, or nobody", () => {
  const all = [
    "auto",
    "static",
    "cimd",
    "dynamic",
    "client-credentials",
    "enterprise",
    "workload",
    "key",
    "provider",
  ] as const;
  expect(all.filter((registration) => needsPerson({ registration }))).toEqual(["auto", "static", "cimd", "dynamic"]);
  expect(all.filter((registration) => unattendedWay({ registration }) !== null)).toEqual([
    "client-credentials",
    "enterprise",
    "workload",
    "provider",
  ]);
});
