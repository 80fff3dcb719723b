/**
 * `latchkey keys status | rotate | new`: which secret seals what and which key signs, and new ones without a moment of
 * standing still (VA-4, LO-11).
 */
import { Command, InvalidArgumentError } from "commander";
import type { KeyCount, KeyStatus, Rotation, SigningKeyView, SigningRotation } from "../../administration.js";
import { randomToken, systemRandom } from "../../crypto/random.js";
import { toRfc3339 } from "../../kernel/time.js";
import { administering } from "../administering.js";
import { type CommonOptions, command, commandWithConfig, running, type Session } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { counted, palette, printJson, table } from "../output.js";
import { progressLine } from "../progress-line.js";

export const keysCommand = (session: Session): Command =>
  new Command("keys")
    .description("see which secret seals what, and change it while servers run")
    .addCommand(statusCommand(session))
    .addCommand(rotateCommand(session))
    .addCommand(newCommand(session));

const statusCommand = (session: Session): Command =>
  commandWithConfig("status", "count the rows that each secret still holds, and those that none opens", [
    "latchkey keys status",
    "latchkey keys status --json | jq .unopened",
  ]).action(
    running(session, (options: CommonOptions) =>
      administering(session, options, async ({ keys }) => {
        const [status, signing] = [await keys.status(), await keys.signing()];
        if (options.json) printJson(session.terminal, { ...statusJson(status), signing: signing.map(signingJson) });
        else {
          printStatus(session, status);
          printSigning(session, signing);
        }
        return status.unopened.total > 0 ? exitCodes.problem : exitCodes.fine;
      }),
    ),
  );

const signingJson = ({ id, alg, state, signsFrom, retiresAt }: SigningKeyView) => ({
  id,
  alg,
  state,
  signsFrom: toRfc3339(signsFrom),
  retiresAt: retiresAt === null ? null : toRfc3339(retiresAt),
});

const countJson = ({ id, rows, total }: KeyCount) => ({ id, rows, total });

const statusJson = ({ configured, unknown, unopened, looked }: KeyStatus) => ({
  keys: configured.map((key, at) => ({ secret: `secrets.${at}`, seals: at === 0, ...countJson(key) })),
  unknown: unknown.map(countJson),
  unopened,
  rows: looked,
});

function printStatus({ terminal }: Session, { configured, unknown, unopened }: KeyStatus): void {
  const { bold, dim, yellow } = palette(terminal);
  const line = (name: string, { id, rows, total }: KeyCount, note: string) => {
    const { grants, identities, outbox, registrations, signing_keys, tool_servers } = rows;
    const counts = [grants, identities, outbox, registrations, signing_keys, tool_servers, total];
    return [name, id, ...counts.map(String), note];
  };
  const note = (at: number, { total }: KeyCount): string =>
    at === 0 ? "seals" : total === 0 ? "holds nothing" : "latchkey keys rotate seals these anew";
  terminal.out(
    table([
      ["SECRET", "KEY", "GRANTS", "IDENTITIES", "OUTBOX", "REGISTRATIONS", "SIGNING", "TOOL SERVERS", "ROWS", ""],
      ...configured.map((key, at) => line(`secrets.${at}`, key, note(at, key))),
      ...unknown.map((key) => line("not configured", key, "no secret opens these")),
    ]),
  );
  if (unopened.total === 0) return;
  terminal.out(`\n${bold(yellow(`${counted(unopened.total, "row")} that no secret opens`))}. They are kept.\n`);
  terminal.out(table(unopened.rows.map(({ table, id, reason, key }) => [table, id, reason, key ?? ""])));
  if (unopened.total > unopened.rows.length)
    terminal.out(dim(`and ${unopened.total - unopened.rows.length} more of them\n`));
  terminal.err(
    dim(
      "unknown_key: put the secret that sealed it back, at the end of the list. Else: changed, or from another place.\n",
    ),
  );
}

function printSigning({ terminal }: Session, keys: readonly SigningKeyView[]): void {
  if (keys.length === 0) return;
  const when = ({ state, signsFrom, retiresAt }: SigningKeyView): string =>
    [
      state === "waits" ? `signs from ${toRfc3339(signsFrom)}` : state,
      ...(retiresAt === null ? [] : [`leaves the key set at ${toRfc3339(retiresAt)}`]),
    ].join(", ");
  terminal.out("\n");
  terminal.out(table([["SIGNING KEY", "ALG", ""], ...keys.map((key) => [key.id, key.alg, when(key)])]));
}

interface RotateCommandOptions extends CommonOptions {
  readonly batch: number;
}

const rotateCommand = (session: Session): Command =>
  commandWithConfig(
    "rotate",
    "seal every row anew with the newest secret, and have a new key sign; servers go on, and it can be begun again",
    ["latchkey keys rotate", "latchkey keys rotate --batch 100 --json"],
  )
    .option("--batch <number>", "rows that are written at a time, 1 to 1000", batchSize, 500)
    .action(
      running(session, (options: RotateCommandOptions) =>
        administering(session, options, async ({ keys }) => {
          const { terminal } = session;
          const stop = new AbortController();
          terminal.onStopSignal(() => stop.abort());
          const line = progressLine(terminal);
          const progress = (at: { seen: number; total: number; resealed: number; table: string }) =>
            line.show(at.seen / at.total, `${at.table}: ${at.seen} of ${at.total} rows, ${at.resealed} sealed anew`);
          const rotation = await keys
            .rotate({ batch: options.batch, signal: stop.signal, progress })
            .finally(() => line.end());
          // Who stopped it meant all of it; what is left is done when it is begun again.
          const signing = rotation.end === "stopped" ? null : await keys.rotateSigning();
          if (options.json) {
            const signed = signing && { ...signing, ...timesOf(signing) };
            printJson(terminal, { ...rotation, rowsPerSecond: perSecond(rotation), signing: signed });
          } else {
            printRotation(session, rotation);
            if (signing) terminal.out(signingLine(signing));
          }
          return rotation.end === "done" && rotation.unopened === 0 ? exitCodes.fine : exitCodes.problem;
        }),
      ),
    );

function batchSize(text: string): number {
  if (!/^\d{1,4}$/.test(text) || Number(text) < 1 || Number(text) > 1_000)
    throw new InvalidArgumentError("It must be a number from 1 to 1000.");
  return Number(text);
}

const timesOf = ({ signsFrom, retiresAt }: SigningRotation) => ({
  signsFrom: toRfc3339(signsFrom),
  retiresAt: retiresAt === null ? null : toRfc3339(retiresAt),
});

function signingLine(rotation: SigningRotation): string {
  const { signsFrom, retiresAt } = timesOf(rotation);
  if (rotation.made === null) return `A new signing key waits for its time already: ${signsFrom}.\n`;
  const old = retiresAt === null ? "" : ` ${counted(rotation.retiring, "older key")} published until ${retiresAt}.`;
  return `A new signing key is published, and signs from ${signsFrom}.${old}\n`;
}

/** Null where so little was done that the number would mean nothing. */
const perSecond = ({ resealed, milliseconds }: Rotation): number | null =>
  resealed === 0 || milliseconds < 1 ? null : Math.round((resealed * 1_000) / milliseconds);

function printRotation({ terminal }: Session, rotation: Rotation): void {
  const { resealed, overtaken, unopened, end, milliseconds } = rotation;
  const { yellow } = palette(terminal);
  const speed = perSecond(rotation);
  const time = `${(milliseconds / 1_000).toFixed(1)} s${speed === null ? "" : ` (${speed} rows/s)`}`;
  terminal.out(`${counted(resealed, "row")} sealed anew in ${time}.\n`);
  if (overtaken > 0) terminal.out(`${counted(overtaken, "row")} changed meanwhile, and what changed them was kept.\n`);
  if (end === "done") terminal.out("Every row that opens is sealed with the newest secret.\n");
  if (end === "stopped") terminal.out("Stopped. Run it again: it goes on with what is left.\n");
  if (end === "unsettled")
    terminal.out(
      yellow("Rows with an older secret kept coming: put the new one first on every node, then run it again.\n"),
    );
  if (unopened > 0)
    terminal.out(yellow(`${counted(unopened, "row")} that no secret opens; latchkey keys status names them.\n`));
}

const newCommand = (session: Session): Command =>
  command("new", "make a good secret, and say where to put it; needs no configuration", [
    "latchkey keys new",
    "latchkey keys new > latchkey.secret.2",
  ]).action(
    running(session, async (options: CommonOptions) => {
      const secret = randomToken(systemRandom);
      if (options.json) printJson(session.terminal, { secret, next });
      else {
        session.terminal.out(`${secret}\n`);
        session.terminal.err(next.map((step, at) => `  ${at + 1}. ${step}\n`).join(""));
      }
      return exitCodes.fine;
    }),
  );

const next = [
  "Several nodes: put it at the end of `secrets` first, and restart each node, so that all of them open what it seals.",
  "Put it first: secrets: [NEW, OLD]. Restart each node.",
  "latchkey keys rotate",
  "A day later, when latchkey keys status says that OLD holds nothing, take OLD away and restart each node.",
];
