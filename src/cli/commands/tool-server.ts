/** `latchkey tool-server add | list | test | remove`: MCP servers that people connect their own accounts of (TS-18). */
import { Command } from "commander";
import type { ListedToolServer } from "../../administration.js";
import type { ToolServerExamination } from "../../examine-tool-server.js";
import { toRfc3339 } from "../../kernel/time.js";
import { administering } from "../administering.js";
import { type CommonOptions, commandWithConfig, load, quietLog, running, type Session } from "../command.js";
import { exitCodeOf, exitCodes, UsageError } from "../exit-codes.js";
import { type AddOptions, readNewToolServer } from "../new-tool-server.js";
import { counted, palette, printable, printFailure, printJson, table } from "../output.js";
import type { Terminal } from "../terminal.js";
import { printReport } from "../tool-server-text.js";
import { unrevokedLines } from "../unrevoked-text.js";

const several = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

interface Confirming extends CommonOptions {
  readonly yes?: boolean;
}

export function toolServerCommand(session: Session): Command {
  const { terminal } = session;

  const add = commandWithConfig("add", "look at a tool server, show what will be used, and add it", [
    "latchkey tool-server add https://mcp.linear.app/mcp",
    "latchkey tool-server add https://mcp.example.com/mcp --id wiki --name Wiki --scope read --group staff",
    "latchkey tool-server add https://mcp.example.com/mcp --client-id abc --client-secret-file ./secret --yes",
    "latchkey tool-server add https://mcp.example.com/mcp --dry-run --json",
  ])
    .argument("<url>", "where the MCP server is: the URL that a client is given")
    .option("--id <id>", "1 to 32 of a-z, 0-9 and -; without it made of the host")
    .option("--name <name>", "name that people see")
    .option("--scope <scope>", "a scope to ask for; several times; without it what the server asks for", several)
    .option("--role <role>", "a role that may use it; several times; without it user and admin", several)
    .option("--group <group>", "a group that may use it; several times", several)
    .option("--client-id <id>", "a client that was created at its authorization server")
    .option("--client-secret-file <file>", "the secret of that client")
    .option("--authorization-server <issuer>", "one of several that the server names")
    .option("--set <key=value>", "any other key of toolServers, such as dpop=always; several times", several)
    .option("--dry-run", "show what would be used and add nothing")
    .option("-y, --yes", "do not ask; needed where nobody can answer")
    .action(
      running(session, async (url: string, options: AddOptions & Confirming & { readonly dryRun?: boolean }) => {
        if (!options.dryRun && !options.yes && !terminal.canAsk)
          throw new UsageError("nobody can be asked here whether to add it: use --yes, or --dry-run to look");
        const { config } = await load(session, options);
        const { input, server } = await readNewToolServer(url, options, config, terminal.cwd);
        const { examineToolServer } = await import("../../examine-tool-server.js");
        const examined = await examineToolServer(config, { server, how: "look" }, { log: quietLog });
        if (!options.json) print(terminal, examined);
        if (examined.failure) {
          const code = failed(session, examined, options);
          if (!options.json) terminal.err("Nothing was added.\n");
          return code;
        }
        if (options.dryRun) {
          if (options.json) printJson(terminal, { added: false, ...reportJson(examined) });
          return exitCodes.fine;
        }
        if (!options.yes && !(await terminal.confirm(`Add it as ${server.id}?`))) {
          terminal.err("Nothing was added.\n");
          return exitCodes.problem;
        }
        await administering(session, options, ({ toolServers }) =>
          toolServers.add(server.id, input, examined.report?.issuer),
        );
        if (options.json) printJson(terminal, { added: true, ...reportJson(examined) });
        else terminal.out(`${printable(server.id)} was added. Running servers offer it from now on.\n`);
        return exitCodes.fine;
      }),
    );

  const list = commandWithConfig("list", "list the tool servers, of the file and added", [
    "latchkey tool-server list",
    "latchkey tool-server list --json",
  ]).action(
    running(session, (options: CommonOptions) =>
      administering(session, options, async ({ toolServers }) => {
        const items = (await toolServers.list()).map(listedJson);
        if (options.json) {
          printJson(terminal, { items, next: null });
          return undefined;
        }
        const rows = items.map(({ id, source, name, url, enabled, registration }) => [
          id,
          source,
          enabled ? "" : "off",
          registration ?? "",
          url ?? "",
          name,
        ]);
        terminal.out(table([["ID", "FROM", "STATE", "REGISTRATION", "URL", "NAME"], ...rows]));
        if (rows.length === 0) terminal.err(palette(terminal).dim("None. latchkey tool-server add URL adds one.\n"));
        return undefined;
      }),
    ),
  );

  const test = commandWithConfig(
    "test",
    "ask a tool server and its authorization server what connecting would need, registering there if that is the way",
    ["latchkey tool-server test linear", "latchkey tool-server test linear --json"],
  )
    .argument("<id>")
    .action(
      running(session, async (id: string, options: CommonOptions) => {
        const { config } = await load(session, options);
        const server = await administering(session, options, ({ toolServers }) => toolServers.get(id));
        const { examineToolServer } = await import("../../examine-tool-server.js");
        const examined = await examineToolServer(config, { server, how: "try" }, { log: quietLog });
        if (!options.json) print(terminal, examined);
        if (examined.failure) return failed(session, examined, options);
        if (options.json) printJson(terminal, reportJson(examined));
        else if (examined.report?.uses?.registration === "operator")
          terminal.out("Nobody can connect it yet: it needs a client id.\n");
        else if (examined.authorize) terminal.out(`${authorizeWords(examined.authorize)}\n`);
        return works(examined) ? exitCodes.fine : exitCodes.problem;
      }),
    );

  const remove = commandWithConfig(
    "remove",
    "remove a tool server that was added, or what is left of one, and what people connected there",
    ["latchkey tool-server remove linear", "latchkey tool-server remove linear --yes"],
  )
    .argument("<id>")
    .option("-y, --yes", "do not ask; needed where nobody can answer")
    .action(
      running(session, (id: string, options: Confirming) =>
        administering(session, options, async ({ peopleOfToolServer, removeToolServer }) => {
          const { people, revocable } = await peopleOfToolServer(id);
          if (!options.yes && !terminal.canAsk)
            throw new UsageError("tool-server remove cannot be undone; nobody can be asked here, so it needs --yes");
          const connected = `what ${counted(people, "person").replace(/persons$/, "people")} connected there`;
          const unrevoked = revocable || people === 0 ? "" : `, which ${notRevoked}`;
          if (!options.yes && !(await terminal.confirm(`Remove ${printable(id)}, and ${connected}${unrevoked}?`))) {
            terminal.err("Nothing was removed.\n");
            return exitCodes.problem;
          }
          const removed = await removeToolServer(id);
          const { ended, revoked, revocable: mayRevoke, already } = removed;
          if (options.json) printJson(terminal, { removed: id, already, ended, revoked, revocable: mayRevoke });
          else if (already && ended === 0)
            terminal.out(`${printable(id)} was removed before; nothing was left of it.\n`);
          else {
            const all = ended > 0 && revoked === ended ? " and will be revoked" : "";
            terminal.out(`${printable(id)} was removed; ${counted(ended, "connection")} ended${all}.\n`);
            if (!mayRevoke && ended > 0) terminal.err(`${ended === 1 ? "Its" : "Their"} tokens ${notRevoked}.\n`);
            else for (const line of unrevokedLines(removed, foreign)) terminal.err(`${line}\n`);
          }
          return exitCodes.fine;
        }),
      ),
    );

  const group = new Command("tool-server").description("look after MCP servers that people connect");
  for (const one of [add, list, test, remove]) group.addCommand(one);
  return group;
}

const foreign = "its authorization server, or our client there, is another now";
const notRevoked = "cannot be revoked: where, and as which client, is not known any more";

const listedJson = ({ createdAt, ...server }: ListedToolServer) => ({
  ...server,
  createdAt: createdAt === null ? null : toRfc3339(createdAt),
});

const reportJson = ({ report, authorize }: ToolServerExamination) => ({ report, authorize });

function print(terminal: Terminal, { report }: ToolServerExamination): void {
  if (report) printReport(terminal, report);
}

const works = ({ report, authorize }: ToolServerExamination): boolean =>
  report?.status === "open" || (report?.uses?.registration !== "operator" && authorize?.kind !== "refused");

const authorizeWords = ({ kind, by }: NonNullable<ToolServerExamination["authorize"]>): string =>
  ({
    accepted: `Its authorization endpoint takes our request: ${by}.`,
    refused: `Its authorization endpoint refuses our request: ${by}.`,
    unclear: `Its authorization endpoint answers; whether it would go on it tells only a person: ${by}.`,
  })[kind];

/** What the server itself said about it is for the operator to see, whole. */
function failed(session: Session, { failure }: ToolServerExamination, options: CommonOptions): number {
  const { terminal } = session;
  printFailure(terminal, failure, options.json === true);
  if (failure === null) return exitCodes.problem;
  if (!options.json) {
    const told = (name: string, value: unknown) => name === "reason" && typeof value === "string";
    const rows = Object.entries(failure.data).filter(
      ([name, value]) => value !== undefined && value !== null && !told(name, value),
    );
    const facts = rows.map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
    if (facts.length > 0) terminal.err(table(facts).replace(/^(?=.)/gm, "  "));
  }
  return failure.code === "connect.server_unreachable" ? exitCodes.unreachable : exitCodeOf(failure);
}
