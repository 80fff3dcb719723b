/** `latchkey migrate [--status]` */
import type { Command } from "commander";
import {
  type CommonOptions,
  commandLog,
  commandWithConfig,
  isNotMigrated,
  load,
  running,
  type Session,
} from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { printJson } from "../output.js";

export const migrateCommand = (session: Session): Command =>
  commandWithConfig("migrate", "bring the database up to date; serve does the same when it starts", [
    "latchkey migrate",
    "latchkey migrate --status --json",
  ])
    .option("--status", "change nothing; exit 1 when the database has to be migrated")
    .action(
      running(session, async (options: CommonOptions & { status?: boolean }) => {
        const { terminal } = session;
        const loaded = await load(session, options);
        const { databaseVersion, migrateDatabase } = await import("../../administration.js");
        const ports = { log: await commandLog(loaded) };
        if (!options.status) {
          const moved = await migrateDatabase(loaded.config, ports);
          if (options.json) printJson(terminal, moved);
          else if (moved.from === moved.to) terminal.out(`The database is up to date (version ${moved.to}).\n`);
          else terminal.out(`The database was migrated from version ${moved.from} to ${moved.to}.\n`);
          return exitCodes.fine;
        }
        try {
          const version = await databaseVersion(loaded.config, ports);
          if (options.json) printJson(terminal, { status: "current", ...version });
          else terminal.out(`The database is up to date (version ${version.database}).\n`);
          return exitCodes.fine;
        } catch (thrown) {
          if (!isNotMigrated(thrown)) throw thrown;
          if (options.json) printJson(terminal, { status: "behind" });
          else terminal.out("The database has to be migrated: run latchkey migrate.\n");
          return exitCodes.problem;
        }
      }),
    );
