/** `latchkey webhook list | retry`: what waits for webhooks, what was given up, and another try for it (SI-23). */
import { Command } from "commander";
import type { QueuedMessage } from "../../administration.js";
import { LatchkeyError } from "../../kernel/errors.js";
import { type Instant, toRfc3339 } from "../../kernel/time.js";
import { administering, cursorProblem, pageSize } from "../administering.js";
import { type CommonOptions, commandWithConfig, running, type Session } from "../command.js";
import { exitCodes, UsageError } from "../exit-codes.js";
import { counted, palette, printJson, table } from "../output.js";

interface ListOptions extends CommonOptions {
  readonly dead?: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

const time = (at: Instant | null): string | null => (at === null ? null : toRfc3339(at));

const messageJson = ({ createdAt, nextAttemptAt, deadSince, ...message }: QueuedMessage) => ({
  ...message,
  createdAt: toRfc3339(createdAt),
  nextAttemptAt: time(nextAttemptAt),
  deadSince: time(deadSince),
});

export function webhookCommand(session: Session): Command {
  const { terminal } = session;

  const list = commandWithConfig("list", "list the messages that wait for a webhook or were given up", [
    "latchkey webhook list",
    "latchkey webhook list --dead --json",
  ])
    .option("--dead", "only those that were given up")
    .option("--limit <number>", "at most so many, 1 to 200", pageSize, 50)
    .option("--cursor <cursor>", "continue where the page before ended")
    .action(
      running(session, (options: ListOptions) =>
        administering(session, options, async ({ webhooks }) => {
          const { limit, cursor, dead } = options;
          const page = await webhooks.list({ limit, cursor }, dead).catch(cursorProblem);
          const items = page.items.map(messageJson);
          if (options.json) {
            printJson(terminal, { items, next: page.next });
            return undefined;
          }
          const { dim } = palette(terminal);
          const rows = items.map((item) => [
            item.id,
            item.webhook ?? "(cannot be opened)",
            item.type ?? "",
            item.state,
            String(item.attempts),
            item.nextAttemptAt ?? `dead since ${item.deadSince}`,
            item.lastFailure ?? "",
          ]);
          terminal.out(table([["ID", "WEBHOOK", "EVENT", "STATE", "TRIED", "NEXT", "LAST FAILURE"], ...rows]));
          if (page.next !== null) terminal.err(dim(`More: --cursor ${page.next}\n`));
          if (rows.length === 0) terminal.err(dim("None.\n"));
          return undefined;
        }),
      ),
    );

  const retry = commandWithConfig("retry", "have a message that was given up tried again by the running server", [
    "latchkey webhook retry 019b76da-a800-7000-8000-000000000006",
    "latchkey webhook retry --all",
  ])
    .argument("[id]", "as webhook list --dead shows it")
    .option("--all", "every message that was given up")
    .action(
      running(session, (id: string | undefined, options: CommonOptions & { all?: boolean }) => {
        if ((id === undefined) !== (options.all === true))
          throw new UsageError("webhook retry needs one of the two: an id, or --all");
        return administering(session, options, async ({ webhooks }) => {
          const retried = id === undefined ? await webhooks.retryAll() : Number(await webhooks.retry(id));
          if (id !== undefined && retried === 0)
            throw new LatchkeyError("webhook.message_unknown", { data: { id: id.slice(0, 64) } });
          if (options.json) printJson(terminal, { retried });
          else terminal.out(`${counted(retried, "message")} will be tried again.\n`);
          return exitCodes.fine;
        });
      }),
    );

  return new Command("webhook").description("see and retry messages to webhooks").addCommand(list).addCommand(retry);
}
