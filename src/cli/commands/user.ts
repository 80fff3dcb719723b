/** `latchkey user list | show | add | role | disable | enable | delete | sign-out | sync` */
import { Command } from "commander";
import type { Administration } from "../../administration.js";
import { administering, cursorProblem, pageSize } from "../administering.js";
import { type CommonOptions, commandWithConfig, running, type Session } from "../command.js";
import { exitCodes, UsageError } from "../exit-codes.js";
import { counted, palette, printable, printJson, table } from "../output.js";
import { detailsJson, userJson } from "../user-json.js";
import { syncCommand } from "./user-sync.js";

interface ListOptions extends CommonOptions {
  readonly search?: string;
  readonly role?: string;
  readonly limit: number;
  readonly cursor?: string;
}

const who = "<email-or-id>";

export function userCommand(session: Session): Command {
  const { terminal } = session;

  const withAdministration = <T>(options: CommonOptions, act: (administration: Administration) => Promise<T>) =>
    administering(session, options, act);
  const answer = (options: CommonOptions, json: unknown, text: string) =>
    options.json ? printJson(terminal, json) : terminal.out(`${printable(text)}\n`);

  const list = commandWithConfig("list", "list the people who have an account", [
    "latchkey user list",
    "latchkey user list --role pending",
    "latchkey user list --search example.com --json",
  ])
    .option("--search <text>", "only where the address or name holds this text")
    .option("--role <role>", "only this role")
    .option("--limit <number>", "at most so many, 1 to 200", pageSize, 50)
    .option("--cursor <cursor>", "continue where the page before ended")
    .action(
      running(session, (options: ListOptions) =>
        withAdministration(options, async (administration) => {
          const { search, role, limit, cursor } = options;
          const page = await administration
            .listUsers(
              { limit, cursor },
              { ...(search === undefined ? {} : { search }), ...(role === undefined ? {} : { role }) },
            )
            .catch(cursorProblem);
          // One that was taken out of roles.order may still be somebody's.
          if (role !== undefined && page.items.length === 0 && !administration.roles.includes(role))
            throw new UsageError(`--role is one of ${administration.roles.join(", ")}`);
          if (options.json) {
            printJson(terminal, { items: page.items.map(userJson), next: page.next });
            return undefined;
          }
          const { dim } = palette(terminal);
          const rows = page.items
            .map(userJson)
            .map((user) => [
              user.email,
              user.role,
              user.disabledAt === null ? "" : "disabled",
              user.lastSignInAt ?? "never",
              user.name,
            ]);
          terminal.out(table([["EMAIL", "ROLE", "STATE", "LAST SIGN-IN", "NAME"], ...rows]));
          if (page.next !== null) terminal.err(dim(`More: --cursor ${page.next}\n`));
          if (rows.length === 0) terminal.err(dim("Nobody.\n"));
          return undefined;
        }),
      ),
    );

  const show = commandWithConfig("show", "show one person: role and why, groups, sign-in methods, sessions", [
    "latchkey user show ann@example.com",
  ])
    .argument(who)
    .action(
      running(session, (person: string, options: CommonOptions) =>
        withAdministration(options, async (administration) => {
          const details = detailsJson(await administration.userDetails(person));
          if (options.json) {
            printJson(terminal, details);
            return undefined;
          }
          const { user, groups, identities, sessions } = details;
          terminal.out(
            table([
              ["id", user.id],
              ["e-mail", `${user.email}${user.emailVerified ? " (verified)" : ""}`],
              ["name", user.name],
              ["role", `${user.role} (${user.roleOrigin})`],
              ["state", user.disabledAt === null ? "enabled" : `disabled since ${user.disabledAt}`],
              ["created", user.createdAt],
              ["last sign-in", user.lastSignInAt ?? "never"],
              ["groups", groups.map(({ name, origin }) => `${name} (${origin})`).join(", ") || "none"],
              ...identities.map((identity) => [
                "identity",
                `${identity.provider}: ${identity.issuer} ${identity.subject}`,
              ]),
              ...sessions.map((live) => [
                "session",
                `${live.provider}, since ${live.createdAt}, last seen ${live.lastSeenAt}${live.address === null ? "" : `, ${live.address}`}`,
              ]),
            ]),
          );
          return undefined;
        }),
      ),
    );

  const add = commandWithConfig(
    "add",
    "make an account beforehand; the first sign-in with this address, verified, takes it",
    [
      "latchkey user add ann@example.com",
      'latchkey user add ann@example.com --name "Ann Lee" --role user',
      "latchkey user add you@example.com --role admin --json",
    ],
  )
    .argument("<email>")
    .option("--name <name>", "the name to show until a sign-in brings one")
    .option("--role <role>", "one of roles.order; without it roles.default")
    .action(
      running(session, (email: string, options: CommonOptions & { name?: string; role?: string }) =>
        withAdministration(options, async (administration) => {
          const user = userJson(await administration.addUser({ email, name: options.name, role: options.role }));
          const next = user.role === "pending" ? "waits for approval" : "may now sign in";
          answer(options, user, `${user.email} has an account with the role ${user.role}, and ${next}.`);
          return undefined;
        }),
      ),
    );

  const role = commandWithConfig("role", "give a person another role; it holds in live sessions at once", [
    "latchkey user role ann@example.com admin",
    "latchkey user role ann@example.com user",
  ])
    .argument(who)
    .argument("<role>")
    .action(
      running(session, (person: string, name: string, options: CommonOptions) =>
        withAdministration(options, async (administration) => {
          const user = userJson(await administration.setRole(person, name));
          answer(options, user, `${user.email} has the role ${user.role}.`);
          return undefined;
        }),
      ),
    );

  const switching = (name: string, disabled: boolean, description: string) =>
    commandWithConfig(name, description, [`latchkey user ${name} ann@example.com`])
      .argument(who)
      .action(
        running(session, (person: string, options: CommonOptions) =>
          withAdministration(options, async (administration) => {
            const user = userJson(await administration.setDisabled(person, disabled));
            answer(options, user, `${user.email} is ${disabled ? "disabled and signed out everywhere" : "enabled"}.`);
            return undefined;
          }),
        ),
      );

  const remove = commandWithConfig(
    "delete",
    "delete a person with sessions, sign-in methods and tokens; the audit trail stays",
    ["latchkey user delete ann@example.com", "latchkey user delete ann@example.com --yes"],
  )
    .argument(who)
    .option("-y, --yes", "do not ask; needed where nobody can answer")
    .action(
      running(session, async (person: string, options: CommonOptions & { yes?: boolean }) => {
        if (!options.yes && !terminal.canAsk)
          throw new UsageError("user delete cannot be undone; nobody can be asked here, so it needs --yes");
        return withAdministration(options, async (administration) => {
          const { user } = await administration.userDetails(person);
          if (!options.yes && !(await terminal.confirm(`Delete ${printable(user.email)} for good?`))) {
            terminal.err("Nothing was deleted.\n");
            return exitCodes.problem;
          }
          const deleted = userJson(await administration.deleteUser(user.id));
          answer(options, { deleted }, `${deleted.email} was deleted.`);
          return exitCodes.fine;
        });
      }),
    );

  const signOut = commandWithConfig("sign-out", "end every session of a person", [
    "latchkey user sign-out ann@example.com",
  ])
    .argument(who)
    .action(
      running(session, (person: string, options: CommonOptions) =>
        withAdministration(options, async (administration) => {
          const { user, ended } = await administration.signOutUser(person);
          answer(options, { user: userJson(user), ended }, `${user.email}: ${counted(ended, "session")} ended.`);
          return undefined;
        }),
      ),
    );

  const group = new Command("user").description("look after the people who have an account");
  const disable = switching("disable", true, "switch a person off: no sign-in, and out of every session at once");
  const enable = switching("enable", false, "let a disabled person sign in again");
  for (const one of [list, show, add, role, disable, enable, remove, signOut, syncCommand(session)])
    group.addCommand(one);
  return group;
}
