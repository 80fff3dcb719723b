/** `latchkey config check | print | schema` */
import { Command } from "commander";
import { type CommonOptions, command, commandWithConfig, load, running, type Session } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { counted, palette, printJson, table } from "../output.js";

export function configCommand(session: Session): Command {
  const { terminal } = session;

  const check = commandWithConfig("check", "say everything that is wrong with the configuration", [
    "latchkey config check",
    "latchkey config check --config /etc/latchkey/latchkey.yaml --json",
  ]).action(
    running(session, async (options: CommonOptions) => {
      const { config, document, warnings } = await load(session, options);
      const found = {
        ok: true,
        file: document.file,
        baseUrl: config.baseUrl,
        providers: config.providers.map(({ id }) => id),
        warnings,
      };
      if (options.json) printJson(terminal, found);
      else
        terminal.out(
          `The configuration is valid: ${document.file ?? "the environment alone"}, ${counted(found.providers.length, "provider")}.\n`,
        );
      return exitCodes.fine;
    }),
  );

  const print = commandWithConfig("print", "print every value in force and where it came from; secrets are masked", [
    "latchkey config print",
    "latchkey config print --json | jq '.values[] | select(.source != \"default\")'",
  ]).action(
    running(session, async (options: CommonOptions) => {
      // Printed before it is checked: what a wrong value is and where it came from is what one wants to know then.
      const { readConfig } = await import("../../config/load.js");
      const { effectiveValues } = await import("../../config/print.js");
      const document = await readConfig({ file: options.config, cwd: terminal.cwd, env: terminal.env });
      const values = effectiveValues(document);
      if (options.json) printJson(terminal, { file: document.file, values });
      else {
        const { dim } = palette(terminal);
        terminal.out(
          table(
            values.map(({ path, value, source, from }) => [
              path,
              JSON.stringify(value),
              source === "default" ? "default" : `${source}: ${from}`,
            ]),
          ),
        );
        terminal.err(dim(`${values.length} values\n`));
      }
      await load(session, options);
      return exitCodes.fine;
    }),
  );

  const schema = command("schema", "print the JSON Schema of the configuration, for editors", [
    "latchkey config schema > latchkey.schema.json",
  ]).action(
    running(session, async () => {
      const { configJsonSchema } = await import("../../config/json-schema.js");
      printJson(terminal, configJsonSchema());
      return exitCodes.fine;
    }),
  );

  return new Command("config")
    .description("check, print and describe the configuration")
    .addCommand(check)
    .addCommand(print)
    .addCommand(schema);
}
