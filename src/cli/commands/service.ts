/** `latchkey service add | list | rotate | remove`: backends that may ask for people's tokens (VA-15). */
import { Command, InvalidArgumentError } from "commander";
import type { ListedService } from "../../administration.js";
import { type Duration, days, type Instant, milliseconds, parseDuration, toRfc3339 } from "../../kernel/time.js";
import { administering } from "../administering.js";
import { type CommonOptions, commandWithConfig, running, type Session } from "../command.js";
import { exitCodes, UsageError } from "../exit-codes.js";
import { palette, printable, printJson, table } from "../output.js";

const time = (at: Instant | null): string | null => (at === null ? null : toRfc3339(at));

const serviceJson = ({ createdAt, updatedAt, formerSecretEndsAt, ...service }: ListedService) => ({
  ...service,
  createdAt: time(createdAt),
  updatedAt: time(updatedAt),
  formerSecretEndsAt: time(formerSecretEndsAt),
});

const several = (value: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), value];

function keepFor(text: string): Duration {
  const length = text === "0" ? milliseconds(0) : parseDuration(text);
  if (length === undefined || length > days(7))
    throw new InvalidArgumentError("It must be a duration of at most 7d, such as 24h.");
  return length;
}

interface AddOptions extends CommonOptions {
  readonly connection?: readonly string[];
  readonly offline?: boolean;
  readonly audience?: string;
}

export function serviceCommand(session: Session): Command {
  const { terminal } = session;

  const add = commandWithConfig("add", "make a service; its secret is shown once", [
    "latchkey service add chat",
    "latchkey service add nightly --connection provider:corp --offline",
  ])
    .argument("<id>", "1 to 32 of a-z, 0-9 and -")
    .option(
      "--connection <name>",
      "a connection whose tokens it may have, such as provider:corp; several times; without it every one",
      several,
    )
    .option("--offline", "it may name a user without their session, for connections that are named")
    .option("--audience <text>", "aud of the assertions meant for it")
    .action(
      running(session, (id: string, options: AddOptions) =>
        administering(session, options, async ({ services }) => {
          const { connection = ["*"], offline = false, audience = null } = options;
          const { service, secret } = await services.add({ id, connections: connection, offline, audience });
          if (options.json) printJson(terminal, { ...service, secret });
          else {
            terminal.out(`${secret}\n`);
            terminal.err(
              `The service ${printable(id)} has this secret. It is kept as a hash and cannot be shown again.\n`,
            );
          }
          return undefined;
        }),
      ),
    );

  const list = commandWithConfig("list", "list the services, of the file and stored", [
    "latchkey service list --json",
  ]).action(
    running(session, (options: CommonOptions) =>
      administering(session, options, async ({ services }) => {
        const items = (await services.list()).map(serviceJson);
        if (options.json) {
          printJson(terminal, { items, next: null });
          return undefined;
        }
        const rows = items.map(({ id, source, connections, offline, audience, formerSecretEndsAt }) => [
          id,
          source,
          connections.join(" "),
          offline ? "offline" : "",
          audience ?? "",
          formerSecretEndsAt === null ? "" : `until ${formerSecretEndsAt}`,
        ]);
        terminal.out(table([["ID", "FROM", "CONNECTIONS", "OFFLINE", "AUDIENCE", "FORMER SECRET"], ...rows]));
        if (rows.length === 0) terminal.err(palette(terminal).dim("None.\n"));
        return undefined;
      }),
    ),
  );

  const rotate = commandWithConfig("rotate", "give a service another secret, shown once", [
    "latchkey service rotate chat",
    "latchkey service rotate chat --keep 24h",
  ])
    .argument("<id>")
    .option("--keep <duration>", "how long the secret before it is taken as well, at most 7d", keepFor, milliseconds(0))
    .action(
      running(session, (id: string, options: CommonOptions & { readonly keep: Duration }) =>
        administering(session, options, async ({ services }) => {
          const { secret, formerSecretEndsAt } = await services.rotate(id, options.keep);
          const until = time(formerSecretEndsAt);
          if (options.json) printJson(terminal, { id, secret, formerSecretEndsAt: until });
          else {
            terminal.out(`${secret}\n`);
            terminal.err(
              until === null
                ? "The secret before it is taken no more.\n"
                : `The secret before it is taken until ${until}.\n`,
            );
          }
          return undefined;
        }),
      ),
    );

  const remove = commandWithConfig("remove", "remove a service; it can ask for nothing from then on", [
    "latchkey service remove chat",
    "latchkey service remove chat --yes",
  ])
    .argument("<id>")
    .option("-y, --yes", "do not ask; needed where nobody can answer")
    .action(
      running(session, async (id: string, options: CommonOptions & { readonly yes?: boolean }) => {
        if (!options.yes && !terminal.canAsk)
          throw new UsageError("service remove cannot be undone; nobody can be asked here, so it needs --yes");
        if (!options.yes && !(await terminal.confirm(`Remove the service ${printable(id)}?`))) {
          terminal.err("Nothing was removed.\n");
          return exitCodes.problem;
        }
        return administering(session, options, async ({ services }) => {
          const { inFile } = await services.remove(id);
          if (options.json) printJson(terminal, { removed: id, inFile });
          else {
            const name = printable(id);
            terminal.out(`The ${inFile ? "stored " : ""}service ${name} was removed.\n`);
            if (inFile)
              terminal.err(
                `The service ${name} of the configuration file goes on, with its own secret: it is taken out of that file.\n`,
              );
          }
          return inFile ? exitCodes.problem : exitCodes.fine;
        });
      }),
    );

  const group = new Command("service").description("look after backends that may ask for people's tokens");
  for (const one of [add, list, rotate, remove]) group.addCommand(one);
  return group;
}
