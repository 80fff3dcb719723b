/** `latchkey doctor`: what would stop a sign-in, and what to do about it (SU-12). */
import type { Command } from "commander";
import { type CommonOptions, commandWithConfig, load, quietLog, running, type Session } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { printFindings, printSummary } from "../findings.js";
import { networkFileSystem } from "../network-file-system.js";
import { printJson } from "../output.js";

export const doctorCommand = (session: Session): Command =>
  commandWithConfig("doctor", "check this installation from its configuration to its providers; no server need run", [
    "latchkey doctor",
    "latchkey doctor --config /etc/latchkey/latchkey.yaml --json | jq '.[] | select(.status != \"ok\")'",
  ]).action(
    running(session, async (options: CommonOptions) => {
      const { terminal } = session;
      const { diagnose } = await import("../../diagnostics.js");
      const { stopsSignIn } = await import("../../doctor/finding.js");
      const findings = await diagnose(() => load(session, options), networkFileSystem, { log: quietLog });
      if (options.json) printJson(terminal, findings);
      else {
        printFindings(terminal, findings);
        printSummary(terminal, findings);
      }
      return stopsSignIn(findings) ? exitCodes.problem : exitCodes.fine;
    }),
  );
