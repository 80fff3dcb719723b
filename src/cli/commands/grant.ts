/** `latchkey grant list | revoke`: what people hold at providers and tool servers, without a token of it (VA-5). */
import { Command } from "commander";
import type { GrantMetadata } from "../../administration.js";
import { type Instant, toRfc3339 } from "../../kernel/time.js";
import { administering } from "../administering.js";
import { type CommonOptions, commandWithConfig, running, type Session } from "../command.js";
import { exitCodes, UsageError } from "../exit-codes.js";
import { counted, palette, printJson, table } from "../output.js";
import { unrevokedLines } from "../unrevoked-text.js";

const time = (at: Instant | null): string | null => (at === null ? null : toRfc3339(at));

const grantJson = (grant: GrantMetadata) => ({
  id: grant.id,
  connection: grant.connection,
  status: grant.status,
  reason: grant.statusReason,
  issuer: grant.issuer,
  clientId: grant.clientId,
  account: grant.accountLabel,
  session: grant.sessionId,
  scopes: grant.scopes,
  createdAt: time(grant.createdAt),
  expiresAt: time(grant.expiresAt),
  lastRefreshAt: time(grant.lastRefreshAt),
  lastFailure: grant.lastFailureCode,
  nextAttemptAt: time(grant.nextAttemptAt),
});

const foreign = "the configuration names another issuer or client, or none";

export function grantCommand(session: Session): Command {
  const { terminal } = session;

  const list = commandWithConfig("list", "list what a person holds, without tokens", [
    "latchkey grant list ann@example.com",
    "latchkey grant list ann@example.com --json",
  ])
    .argument("<email-or-id>")
    .action(
      running(session, (who: string, options: CommonOptions) =>
        administering(session, options, async (administration) => {
          const { user } = await administration.userDetails(who);
          const items = (await administration.grants.list(user.id)).map(grantJson);
          if (options.json) {
            printJson(terminal, { items, next: null });
            return undefined;
          }
          const rows = items.map((grant) => [
            grant.connection,
            grant.status + (grant.reason === null ? "" : ` (${grant.reason})`),
            grant.account ?? "",
            grant.expiresAt ?? "unknown",
            grant.lastRefreshAt ?? "never",
            grant.scopes.join(" "),
          ]);
          terminal.out(table([["CONNECTION", "STATUS", "ACCOUNT", "TOKEN ENDS", "REFRESHED", "SCOPES"], ...rows]));
          if (rows.length === 0) terminal.err(palette(terminal).dim("None.\n"));
          return undefined;
        }),
      ),
    );

  const revoke = commandWithConfig("revoke", "end what a person holds; the running server revokes it at its issuer", [
    "latchkey grant revoke ann@example.com provider:corp",
    "latchkey grant revoke ann@example.com --all",
  ])
    .argument("<email-or-id>")
    .argument("[connection]", "as grant list shows it")
    .option("--all", "of every connection")
    .action(
      running(
        session,
        (who: string, connection: string | undefined, options: CommonOptions & { readonly all?: boolean }) => {
          if ((connection === undefined) !== (options.all === true))
            throw new UsageError("grant revoke needs one of the two: a connection, or --all");
          return administering(session, options, async (administration) => {
            const { user } = await administration.userDetails(who);
            const done = await administration.grants.revoke(user.id, connection ?? null);
            const { ended, revoked } = done;
            if (options.json) printJson(terminal, { user: user.id, ended, revoked });
            else {
              terminal.out(`${user.email}: ${counted(ended, "grant")} ended.\n`);
              for (const line of unrevokedLines(done, foreign)) terminal.err(`${line}\n`);
            }
            return revoked < ended ? exitCodes.problem : exitCodes.fine;
          });
        },
      ),
    );

  return new Command("grant")
    .description("see and end what people hold at providers and tool servers")
    .addCommand(list)
    .addCommand(revoke);
}
