/** The command line as a whole: the list of commands, and what commander's own failures mean. */
import { Command, CommanderError } from "commander";
import type { Session } from "./command.js";
import { auditCommand } from "./commands/audit.js";
import { claimsCommand } from "./commands/claims.js";
import { configCommand } from "./commands/config.js";
import { doctorCommand } from "./commands/doctor.js";
import { grantCommand } from "./commands/grant.js";
import { initCommand } from "./commands/init.js";
import { keysCommand } from "./commands/keys.js";
import { migrateCommand } from "./commands/migrate.js";
import { providerCommand } from "./commands/provider.js";
import { serveCommand } from "./commands/serve.js";
import { serviceCommand } from "./commands/service.js";
import { toolServerCommand } from "./commands/tool-server.js";
import { userCommand } from "./commands/user.js";
import { versionCommand } from "./commands/version.js";
import { webhookCommand } from "./commands/webhook.js";
import { exitCodes } from "./exit-codes.js";
import type { Terminal } from "./terminal.js";

const closing = `
Examples:
  $ latchkey init
  $ latchkey doctor
  $ latchkey serve --config latchkey.yaml
  $ latchkey user role ann@example.com admin

Exit status: 0 fine, 1 a problem was found, 2 wrong usage, 3 configuration, 4 cannot reach.`;

export function buildProgram(session: Session): Command {
  const program = new Command("latchkey")
    .description("Sign-in, accounts and sign-out for self-hosted apps.")
    .option("-V, --version", "the same as the command version")
    .addHelpText("after", closing);
  const commands = [
    initCommand,
    serveCommand,
    doctorCommand,
    migrateCommand,
    configCommand,
    providerCommand,
    claimsCommand,
    userCommand,
    grantCommand,
    serviceCommand,
    toolServerCommand,
    auditCommand,
    webhookCommand,
    keysCommand,
    versionCommand,
  ];
  for (const one of commands) program.addCommand(one(session));
  const { terminal } = session;
  forEach(program, (command) => {
    command.showHelpAfterError(`See: ${fullName(command)} --help`);
    command.exitOverride().configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHasColors: () => terminal.color,
      getErrHasColors: () => terminal.color && terminal.errIsTerminal,
    });
  });
  return program;
}

function forEach(command: Command, act: (command: Command) => void): void {
  act(command);
  for (const child of command.commands) forEach(child, act);
}

const fullName = (command: Command): string =>
  command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;

/** Runs one command line (without the program's name) and answers the exit status. Never throws. */
export async function runProgram(terminal: Terminal, parameters: readonly string[]): Promise<number> {
  const session: Session = { terminal, exitCode: exitCodes.fine };
  const program = buildProgram(session);
  try {
    await program.parseAsync(versionAsCommand(parameters), { from: "user" });
    return session.exitCode;
  } catch (thrown) {
    // Help and version that were asked for are fine; help shown since no command was named is not.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.fine : exitCodes.usage;
    terminal.err(`${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}\n`);
    return exitCodes.problem;
  }
}

/** `--version` is what people try first. It is read from a file, and commander wants to know it before. */
const versionAsCommand = ([first, ...others]: readonly string[]): string[] => {
  if (first === undefined) return [];
  return [first === "--version" || first === "-V" ? "version" : first, ...others];
};
