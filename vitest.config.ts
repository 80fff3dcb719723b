import { defineConfig } from "vitest/config";
import { postgresUrl } from "./test/services.js";
import { worldDatabase } from "./test/stores/world-postgres.js";

// Journeys and attacks run once more on Postgres, where there is one; what they prove must hold on both.
const onBothDatabases = [
  "test/attacks/**/*.test.ts",
  "test/journeys/**/*.test.ts",
  "test/services/**/*.test.ts",
  "test/tool-servers/provider-tokens.test.ts",
  "test/tool-servers/registration-ends.test.ts",
  "test/tool-servers/without-person*.test.ts",
  "test/vault/ended-meanwhile.test.ts",
  "test/vault/fresh.test.ts",
];
const postgres = await postgresUrl();
if (postgres === undefined) console.log("skipped: journeys and attacks on Postgres [no postgres]");

export default defineConfig({
  test: {
    // Real servers and real browsers on a busy machine: a limit for what hangs, not a measure of speed.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    reporters: ["default", "./scripts/spec-reporter.ts"],
    projects: [
      // Nothing stays behind of them, so they share two processes: most of their time went into loading the same modules.
      { extends: true, test: { name: "units", include: ["src/**/*.test.ts", "src/**/*.test.tsx"], isolate: false } },
      { extends: true, test: { name: "all", include: ["test/**/*.test.ts"] } },
      ...(postgres === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: "postgres",
                include: onBothDatabases,
                exclude: [
                  // They run on every database by themselves.
                  "test/journeys/many-processes.test.ts",
                  "test/journeys/logout-on-nodes.test.ts",
                  // They ask no database.
                  "test/attacks/egress-*.test.ts",
                  "test/attacks/open-redirect.test.ts",
                  // How pages look, and a demo that brings its own database: neither asks which one is behind it.
                  "test/journeys/pages.test.ts",
                  "test/journeys/pages-elsewhere.test.ts",
                  "test/journeys/demo.test.ts",
                ],
                globalSetup: "./test/stores/world-postgres.ts",
                env: { LATCHKEY_TEST_WORLD_DATABASE: worldDatabase(postgres) },
              },
            },
          ]),
    ],
  },
});
