/**
 * The house rules as data: which room may import which, and who alone may touch the network, the clock, the keys,
 * the environment and the database. This table is the one place; `ARCHITECTURE.md` explains it, and biome.json
 * says a part of it again so that an editor shows it early.
 *
 * A new room gets a row here, on purpose: an arrow is a decision.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkArchitecture, type Rules, type Sources } from "./architecture/checker.js";

const everything = { values: ["*"] };
const timers = ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval", "clearImmediate"];

const houseRules: Rules = {
  rooms: {
    kernel: { values: [] },
    crypto: { values: ["kernel"] },
    egress: { values: ["kernel"] },
    store: { values: ["kernel"] },
    config: { values: ["kernel"] },
    bus: { values: ["kernel"], types: ["store"] },
    providers: { values: ["kernel"], types: ["config"] },
    oauth: { values: ["kernel", "crypto", "egress"], types: ["store", "providers"] },
    flows: { values: ["kernel", "crypto"] },
    audit: { values: ["kernel"], types: ["store"] },
    accounts: { values: ["kernel", "store", "audit"], types: ["providers"] },
    sessions: { values: ["kernel", "store", "crypto", "audit"], types: ["providers"] },
    // Which server a grant belongs to, and as whom it is refreshed, is handed in: neither providers nor accounts.
    vault: { values: ["kernel", "crypto", "audit", "oauth"], types: ["store", "egress"] },
    // Those that run a protocol step hand it the egress port, of which they know the type alone.
    outbox: { values: ["kernel", "oauth", "store", "crypto", "providers"], types: ["egress"] },
    logout: {
      // A sealed grant holds the ID token and what is to be revoked; a sign-out target is judged as a return path is.
      values: [
        "kernel",
        "oauth",
        "providers",
        "sessions",
        "store",
        "crypto",
        "audit",
        "outbox",
        "vault/sealed-grant.ts",
        "vault/with-revocations.ts",
        "flows/policy/return-to.ts",
      ],
      types: ["egress"],
    },
    "sign-in": {
      // SI-14: the session that this browser had ends in the transaction that writes the new one.
      values: [
        "logout/end-sessions.ts",
        "logout/sign-ins-under-way.ts",
        "logout/withdraw.ts",
        // SI-23: what webhooks are told is written with the user it tells of.
        "outbox/webhook.ts",
        // What linking was given and does not keep is revoked by the same rows as a session's tokens.
        "outbox/revocation.ts",
        // AC-19: claims that could not be applied when they came are applied later.
        "outbox/claims-again.ts",
        "kernel",
        "oauth",
        "providers",
        "flows",
        "accounts",
        "sessions",
        "audit",
        "store",
        "crypto",
        "vault/sealed-grant.ts",
      ],
      types: ["egress", "pictures"],
    },
    // Beside a sign-in, which hands over what its tokens are good for; the claims and the account are decided by then.
    pictures: { values: ["kernel", "crypto"], types: ["egress", "oauth", "providers", "store"] },
    // A tool server's connection is a grant whose provider is discovered; it shares flows and the vault, and never signs
    // anybody in. Of egress it knows the port, and which origins a stranger's server can reach.
    "tool-servers": {
      values: [
        "kernel",
        "crypto",
        "oauth",
        "audit",
        "store",
        "flows",
        "egress/public-origin.ts",
        "outbox/revocation.ts",
        "outbox/unregistration.ts",
        "vault/sealed-grant.ts",
        "vault/consent-required.ts",
        "vault/outgoing.ts",
      ],
      types: ["egress", "config", "providers", "sessions", "vault"],
    },
    // Opens and seals what other rooms keep, by its place alone; what a value holds it never looks at.
    keys: { values: ["kernel", "crypto"], types: ["store"] },
    // Backends: authenticated, and then given what the vault has or a session's end. Who may have what is its own policy.
    services: {
      values: ["kernel", "crypto", "audit", "oauth", "logout/end-sessions.ts"],
      types: ["store", "assertions", "sessions", "vault", "egress", "providers"],
    },
    // Says who is signed in, under a key; whether they still are it asks through a port.
    assertions: { values: ["kernel", "crypto"], types: ["keys", "sessions"] },
    jobs: { values: ["kernel"], types: ["store", "outbox", "sessions"] },
    // Routes and pages reach the steps through features.ts alone; where callbacks lie is the providers' to say (SI-26).
    server: {
      // The words of a report are the same on a page and at a terminal.
      values: ["kernel", "config", "providers/redirect-uri.ts", "tool-servers/policy/report-words.ts"],
      types: [
        "accounts",
        "sessions",
        "providers",
        "tool-servers",
        "services",
        "outbox",
        "store",
        "bus/shared-counts.ts",
        "administer-users.ts",
        "explain-claims.ts",
        "examine-tool-server.ts",
      ],
    },
    // Checks without a sign-in: the protocol steps of one, asked with values that are thrown away.
    doctor: {
      values: ["kernel", "config", "crypto", "egress", "oauth", "providers"],
      types: ["store", "keys", "bus", "tool-servers"],
    },
    cli: {
      values: [
        "kernel",
        "config",
        "store",
        "diagnostics.ts",
        "doctor/finding.ts",
        "crypto/random.ts",
        "providers/redirect-uri.ts",
        "create-latchkey.ts",
        "create-sync.ts",
        "latchkey.ts",
        "administration.ts",
        "explain-claims.ts",
        "examine-tool-server.ts",
        "accounts/policy/origin.ts",
        "tool-servers/policy/report-words.ts",
        "server/serve.ts",
        "server/pino-log.ts",
      ],
      // The words for a decision are written for each of its members.
      types: ["accounts"],
    },
    // Each a thin skin over what createLatchkey gives; a framework is a type at most.
    adapters: { values: ["kernel"], types: ["latchkey.ts", "sessions"] },
    testing: everything,
    // Composition and the public face: wiring, no logic.
    "create-latchkey.ts": everything,
    "latchkey.ts": everything,
    "create-features.ts": everything,
    "create-vault.ts": everything,
    "create-services.ts": everything,
    "create-outbox.ts": everything,
    "create-tool-servers.ts": everything,
    "list-connections.ts": everything,
    "create-sync.ts": everything,
    "create-admin.ts": everything,
    "create-admin-tool-servers.ts": everything,
    "administer-users.ts": everything,
    "create-assertions.ts": everything,
    "administration.ts": everything,
    "revocable-grants.ts": everything,
    "examine-tool-server.ts": everything,
    "diagnostics.ts": everything,
    "look-at-database.ts": everything,
    "explain-claims.ts": everything,
    "options.ts": everything,
    "index.ts": everything,
  },
  modules: [
    { names: ["node:crypto", "crypto"], onlyIn: ["crypto"], instead: "only src/crypto makes and checks secrets" },
    { names: ["undici"], onlyIn: ["egress"], instead: "only src/egress calls out" },
    {
      names: ["kysely", "better-sqlite3", "node:sqlite"],
      onlyIn: ["store"],
      instead: "only src/store speaks to a database",
    },
    { names: ["pg"], onlyIn: ["store", "bus/postgres-transport.ts"], instead: "only src/store speaks to a database" },
    { names: ["ioredis"], onlyIn: ["bus"], instead: "only src/bus speaks to Redis" },
    { names: ["standardwebhooks"], onlyIn: ["crypto"], instead: "only src/crypto makes signatures" },
    { names: ["prom-client"], onlyIn: ["server/prometheus.ts"], instead: "count through the metrics port" },
    {
      names: ["node:http", "node:https", "node:http2"],
      onlyIn: ["egress", "server/serve.ts"],
      instead: "only src/egress calls out and server/serve listens",
    },
    {
      names: ["node:net", "node:tls", "node:dns", "node:dgram"],
      onlyIn: ["egress"],
      instead: "only src/egress opens connections and resolves names",
      // They read text and touch no network.
      allowed: ["isIP", "isIPv4", "isIPv6", "BlockList"],
    },
    { names: ["node:timers"], onlyIn: ["kernel/time.ts"], instead: "take a Clock" },
    {
      names: ["node:process", "process"],
      onlyIn: ["config", "cli"],
      instead: "configuration comes in through src/config",
    },
    {
      names: ["node:child_process", "node:worker_threads", "node:cluster", "node:vm"],
      onlyIn: [],
      instead: "one process, one thread",
    },
  ],
  globals: [
    {
      names: ["fetch", "XMLHttpRequest", "WebSocket", "EventSource"],
      onlyIn: ["egress"],
      instead: "only src/egress calls out",
    },
    {
      names: ["Date", "performance", "AbortSignal.timeout", ...timers],
      onlyIn: ["kernel/time.ts"],
      instead: "take a Clock",
    },
    { names: ["crypto", "Math.random"], onlyIn: ["crypto"], instead: "take a RandomSource, or use src/crypto" },
    { names: ["process.env"], onlyIn: ["config"], instead: "configuration comes in through src/config" },
    { names: ["eval", "Function"], onlyIn: [], instead: "no code from text" },
  ],
  sqlIn: ["store"],
  forbiddenFolders: ["utils", "util", "helpers", "helper", "common", "shared", "lib", "misc"],
  publicEntries: ["index.ts", "testing/index.ts"],
  exempt: ["testing"],
  longestFile: 300,
};

/** Every TypeScript file under these folders of the project. */
function readTree(...folders: string[]): Sources {
  const root = join(import.meta.dirname, "..");
  const sources = new Map<string, string>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
      const path = join(entry.parentPath, entry.name);
      sources.set(path.slice(root.length + 1).replaceAll("\\", "/"), readFileSync(path, "utf8"));
    }
  }
  return sources;
}

test("QU-1 QU-3 the sources keep the import table and the house rules", () => {
  const sources = readTree("src", "test");
  expect(sources.size).toBeGreaterThan(20);
  const found = checkArchitecture(sources, houseRules);
  expect(found.map(({ kind, file, line, message }) => `${file}:${line} [${kind}] ${message}`)).toEqual([]);
}, 120_000);

test("QU-1 every room of the import table leads to the kernel, and the kernel leads nowhere", () => {
  const { kernel, ...others } = houseRules.rooms;
  expect(kernel).toEqual({ values: [] });
  for (const [name, room] of Object.entries(others)) {
    expect(room.values.includes("kernel") || room.values.includes("*"), name).toBe(true);
  }
});

test("QU-1 the import table has no circle of values", () => {
  const visit = (name: string, path: readonly string[]): void => {
    expect(path, [...path, name].join(" → ")).not.toContain(name);
    const room = houseRules.rooms[name];
    if (room?.values.includes("*")) return;
    for (const next of room?.values ?? []) visit(next.split("/")[0] ?? next, [...path, name]);
  };
  for (const name of Object.keys(houseRules.rooms)) visit(name, []);
});
