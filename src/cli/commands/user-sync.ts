/** `latchkey user sync`: what the providers say of people now, for those who never sign out (AC-19). */
import type { Command } from "commander";
import type { SyncedGrant } from "../../create-sync.js";
import { type CommonOptions, commandLog, commandWithConfig, load, running, type Session } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { counted, palette, printJson, table } from "../output.js";
import { progressLine } from "../progress-line.js";

interface SyncOptions extends CommonOptions {
  readonly provider?: string;
  readonly dryRun?: boolean;
}

export function syncCommand(session: Session): Command {
  const { terminal } = session;
  return commandWithConfig(
    "sync",
    "refresh everybody's tokens, ask userinfo, and let roles and groups follow from what the providers say now",
    ["latchkey user sync", "latchkey user sync --provider corp --dry-run", "latchkey user sync --json | jq .counts"],
  )
    .option("--provider <id>", "only this provider's people")
    .option("--dry-run", "say what would change; tokens are refreshed, nothing else is written")
    .addHelpText(
      "after",
      "\nExit status: 0 all were asked, 1 some could not be, 2 wrong usage, 3 configuration, 4 database.",
    )
    .action(
      running(session, async (options: SyncOptions) => {
        const loaded = await load(session, options);
        const { syncUsers } = await import("../../create-sync.js");
        const progress = progressLine(terminal);
        const dryRun = options.dryRun === true;
        const input = {
          provider: options.provider,
          dryRun,
          onProgress: ({ done, of }: { done: number; of: number }) =>
            progress.show(of === 0 ? 1 : done / of, `${done} of ${counted(of, "grant")}`),
        };
        const synced = await syncUsers(loaded.config, input, { log: await commandLog(loaded) }).finally(progress.end);
        if (options.json) printJson(terminal, { dryRun, counts: countsOf(synced), items: synced });
        else print(session, synced, dryRun);
        return synced.some(({ kind }) => kind === "failed") ? exitCodes.problem : exitCodes.fine;
      }),
    );
}

type Outcome = "changed" | "unchanged" | "refused" | "ended" | "passed_over" | "failed";

function outcomeOf(one: SyncedGrant): Outcome {
  if (one.kind !== "applied") return one.kind;
  const { created, joined, left } = one.groups;
  return one.role !== null || created.length + joined.length + left.length > 0 ? "changed" : "unchanged";
}

function countsOf(synced: readonly SyncedGrant[]): Readonly<Record<Outcome | "grants", number>> {
  const counts = { grants: synced.length, changed: 0, unchanged: 0, refused: 0, ended: 0, passed_over: 0, failed: 0 };
  for (const one of synced) counts[outcomeOf(one)]++;
  return counts;
}

function print({ terminal }: Session, synced: readonly SyncedGrant[], dryRun: boolean): void {
  const { bold, dim, yellow } = palette(terminal);
  const told = synced.filter((one) => !["unchanged", "passed_over"].includes(outcomeOf(one)));
  if (told.length > 0)
    terminal.out(table([["PERSON", "PROVIDER", ""], ...told.map((one) => [one.user.email, one.provider, words(one)])]));
  const { grants, changed, unchanged, refused, ended, passed_over, failed } = countsOf(synced);
  const would = dryRun ? "would be " : "";
  const sum = [
    `${changed} ${would}changed`,
    `${refused} ${would}refused`,
    `${unchanged} unchanged`,
    ...(ended > 0 ? [`${ended} to be connected again`] : []),
    ...(passed_over > 0 ? [`${passed_over} passed over`] : []),
    ...(failed > 0 ? [`${failed} could not be asked`] : []),
  ];
  terminal.out(`${bold(counted(grants, "grant"))}: ${sum.join(", ")}.\n`);
  for (const [reason, count] of reasons(synced)) terminal.err(dim(`${count} passed over: ${reason}\n`));
  if (failed > 0) terminal.err(yellow("Run it again later for those that could not be asked.\n"));
}

function words(one: SyncedGrant): string {
  switch (one.kind) {
    case "applied": {
      const role = one.role === null ? [] : [`role ${one.role.from} → ${one.role.to}, by ${one.role.rule}`];
      const { created, joined, left } = one.groups;
      const named = (what: string, names: readonly string[]) => (names.length > 0 ? [`${what} ${some(names)}`] : []);
      return [...role, ...named("joined", [...created, ...joined]), ...named("left", left)].join("; ");
    }
    case "refused":
      return `refused: ${one.code}${one.signedOut ? ", signed out everywhere" : ""}`;
    case "ended":
      return `has to be connected again${one.reason === null ? "" : `: ${one.reason}`}`;
    case "failed":
      return `could not be asked: ${one.code}`;
    case "passed_over":
      return one.reason;
    default:
      return one satisfies never;
  }
}

const mostNames = 5;
const some = (names: readonly string[]): string =>
  names.slice(0, mostNames).join(", ") + (names.length > mostNames ? ` and ${names.length - mostNames} more` : "");

const reasonWords = {
  provider_disabled: "the provider is switched off, or another one now",
  no_rule: "neither roles nor groups come from claims here, and every domain may sign in",
  unreadable: "the claims hold no subject or no address",
  identity_unknown: "the sign-in method has been removed",
  identity_of_another: "the claims are another person's",
  user_disabled: "the person is disabled",
  overtaken: "newer claims have been applied already",
  expired: "the token has expired, and there is no refresh token (offline_access)",
  no_id_token: "nothing says who it is",
} as const satisfies Readonly<Record<Extract<SyncedGrant, { kind: "passed_over" }>["reason"], string>>;

function reasons(synced: readonly SyncedGrant[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const one of synced)
    if (one.kind === "passed_over") found.set(reasonWords[one.reason], (found.get(reasonWords[one.reason]) ?? 0) + 1);
  return found;
}
