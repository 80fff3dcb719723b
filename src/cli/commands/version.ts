/** `latchkey version` */
import type { Command } from "commander";
import { type CommonOptions, command, running, type Session } from "../command.js";
import { printJson } from "../output.js";
import { packageVersion } from "../package-version.js";

export const versionCommand = (session: Session): Command =>
  command("version", "print the version of Latchkey and of Node.js", [
    "latchkey version",
    "latchkey version --json",
  ]).action(
    running(session, async (options: CommonOptions) => {
      const versions = { latchkey: await packageVersion(), node: process.version };
      if (options.json) printJson(session.terminal, versions);
      else session.terminal.out(`latchkey ${versions.latchkey} (Node.js ${versions.node})\n`);
      return undefined;
    }),
  );
