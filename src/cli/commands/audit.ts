/** `latchkey audit tail | export`: what happened, to whom, by whom, newest at the end. */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Administration } from "../../administration.js";
import { before, type Instant, minutes, parseDuration, parseRfc3339, seconds, systemClock } from "../../kernel/time.js";
import type { AuditFilter } from "../../store/contract.js";
import type { AuditEventRecord } from "../../store/records.js";
import { administering, pageSize } from "../administering.js";
import { auditJson, auditLine, csvHeader, csvRow } from "../audit-text.js";
import { type CommonOptions, commandWithConfig, running, type Session } from "../command.js";
import { UsageError } from "../exit-codes.js";
import { palette, printable, printJson } from "../output.js";
import type { Terminal } from "../terminal.js";

interface TailOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly type?: string;
  readonly user?: string;
  readonly limit: number;
}
interface ExportOptions extends CommonOptions {
  readonly since?: Instant;
  readonly until?: Instant;
  readonly type?: string;
  readonly user?: string;
  readonly format?: "jsonl" | "csv";
}

export const auditCommand = (session: Session): Command =>
  new Command("audit")
    .description("read the audit trail")
    .addCommand(tailCommand(session))
    .addCommand(exportCommand(session));

const tailCommand = (session: Session): Command =>
  commandWithConfig("tail", "show the newest events, newest last; with --follow also those to come", [
    "latchkey audit tail",
    "latchkey audit tail --follow --type sign_in.refused",
    "latchkey audit tail --user ann@example.com --limit 100 --json",
  ])
    .option("-f, --follow", "go on until Ctrl+C; with --json one document a line")
    .option("--type <type>", "only events of this type")
    .option("--user <email-or-id>", "only what this person did, or what was done to them")
    .option("--limit <number>", "the newest so many, 1 to 200", pageSize, 20)
    .action(
      running(session, (options: TailOptions) =>
        administering(session, options, async (administration) => {
          const { terminal } = session;
          const filter = await filterOf(administration, options);
          const { items } = await administration.listAudit({ limit: options.limit }, filter);
          const events = items.toReversed();
          if (options.json && !options.follow) {
            printJson(terminal, { items: events.map(auditJson) });
            return undefined;
          }
          const show = (event: AuditEventRecord) =>
            terminal.out(options.json ? jsonLine(event) : `${printable(auditLine(event))}\n`);
          for (const event of events) show(event);
          if (options.follow) await follow(administration, filter, items, { terminal, show });
          else if (events.length === 0) terminal.err(palette(terminal).dim("Nothing yet.\n"));
          return undefined;
        }),
      ),
    );

const exportCommand = (session: Session): Command =>
  commandWithConfig("export", "write events, oldest first, to standard output", [
    "latchkey audit export --since 2026-11-01 --format csv > november.csv",
    "latchkey audit export --since 7d --format jsonl | gzip > week.jsonl.gz",
  ])
    .option("--since <time>", "from then on: 2026-11-01, 2026-11-01T08:00:00Z, or so long ago: 7d, 12h", moment)
    .option("--until <time>", "before then; without it until now", moment)
    .option("--type <type>", "only events of this type")
    .option("--user <email-or-id>", "only what this person did, or what was done to them")
    .addOption(new Option("--format <format>", "one JSON document a line, or a table").choices(["jsonl", "csv"]))
    .action(
      running(session, (options: ExportOptions) => {
        const { since, until } = options;
        if (since !== undefined && until !== undefined && since >= until)
          throw new UsageError("--since must be before --until: 7d is longer ago than 1d");
        if (options.json && options.format === "csv") throw new UsageError("--json and --format csv are two formats");
        return administering(session, options, async (administration) => {
          const filter = { ...(await filterOf(administration, options)), oldestFirst: true };
          // What is appended while we read is for the next export, which can begin at this moment.
          const period = { since: options.since, until: options.until ?? systemClock.now() };
          await writeAll(session.terminal, formOf(options), pages(administration, { ...filter, ...period }));
          return undefined;
        });
      }),
    );

async function filterOf(administration: Administration, { type, user }: { type?: string; user?: string }) {
  if (type !== undefined && !administration.auditTypes.includes(type))
    throw new UsageError(`--type is one of ${administration.auditTypes.join(", ")}`);
  const about = user === undefined ? {} : { about: await administration.userId(user) };
  return { ...(type === undefined ? {} : { type }), ...about };
}

function moment(text: string): Instant {
  const length = parseDuration(text);
  const at = length === undefined ? parseRfc3339(text) : before(systemClock.now(), length);
  if (at === undefined) throw new InvalidArgumentError("It must be a date, a time with its offset, or a duration.");
  return at;
}

const jsonLine = (event: AuditEventRecord): string => `${JSON.stringify(auditJson(event))}\n`;

async function* pages(
  administration: Administration,
  filter: AuditFilter,
): AsyncGenerator<readonly AuditEventRecord[]> {
  let cursor: string | undefined;
  do {
    const { items, next } = await administration.listAudit({ limit: 200, cursor }, filter);
    yield items;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
}

/** How a document begins, what stands between its events, and how it ends. */
interface Form {
  readonly opening: string;
  readonly between: string;
  readonly closing: string;
  of(event: AuditEventRecord): string;
}

function formOf({ json, format = "jsonl" }: ExportOptions): Form {
  if (json)
    return { opening: '{"items":[', between: ",\n", closing: "]}\n", of: (event) => JSON.stringify(auditJson(event)) };
  if (format === "jsonl") return { opening: "", between: "", closing: "", of: jsonLine };
  return { opening: `${csvHeader}\r\n`, between: "", closing: "", of: (event) => `${csvRow(event)}\r\n` };
}

/** A page at a time, and the next one only when the reader has taken it. */
async function writeAll(terminal: Terminal, form: Form, from: AsyncIterable<readonly AuditEventRecord[]>) {
  terminal.out(form.opening);
  let first = true;
  for await (const events of from) {
    if (events.length > 0) terminal.out((first ? "" : form.between) + events.map(form.of).join(form.between));
    first &&= events.length === 0;
    await terminal.drained?.();
  }
  terminal.out(form.closing);
}

const lateCommits = minutes(2);

/**
 * Shows what comes, until a signal. An event's time is taken before its transaction, so one that is committed later may
 * be older than one that was shown: the last two minutes are read again each time, and what was shown is left out.
 */
async function follow(
  administration: Administration,
  filter: AuditFilter,
  seen: readonly AuditEventRecord[],
  { terminal, show }: { terminal: Terminal; show: (event: AuditEventRecord) => void },
): Promise<void> {
  const stopping = new AbortController();
  terminal.onStopSignal(() => stopping.abort());
  let since = before(systemClock.now(), lateCommits);
  const recent = async (): Promise<readonly AuditEventRecord[]> => {
    const found: AuditEventRecord[] = [];
    const asked = { ...filter, since, oldestFirst: true };
    for await (const page of pages(administration, asked)) found.push(...page);
    return found;
  };
  const newest = seen[0];
  // Older than the newest that were asked for: not news.
  const old = newest === undefined ? [] : (await recent()).filter((event) => event.at < newest.at);
  let shown = new Set([...old, ...seen].map((event) => event.id));
  while (!stopping.signal.aborted) {
    const events = await recent();
    for (const event of events) if (!shown.has(event.id)) show(event);
    shown = new Set(events.map((event) => event.id));
    since = before(systemClock.now(), lateCommits);
    await systemClock.sleep(seconds(1), stopping.signal).catch(() => {});
  }
}
