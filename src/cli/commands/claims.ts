/** `latchkey claims explain` */
import { Command } from "commander";
import { isLatchkeyError, type LatchkeyError } from "../../kernel/errors.js";
import { explanationText } from "../claims-text.js";
import { type CommonOptions, commandLog, commandWithConfig, load, running, type Session } from "../command.js";
import { exitCodes } from "../exit-codes.js";
import { palette, printFailure, printJson } from "../output.js";
import { readClaims } from "../read-claims.js";

interface ExplainOptions extends CommonOptions {
  readonly provider: string;
  readonly file: string;
  readonly user?: string;
}

export function claimsCommand(session: Session): Command {
  const { terminal } = session;
  const explain = commandWithConfig("explain", "what a set of claims would lead to; signs nobody in, writes nothing", [
    "latchkey claims explain --provider corp --file claims.json",
    "latchkey claims explain --provider corp --file claims.json --user ann@example.com",
    "pbpaste | latchkey claims explain --provider corp --file - --json",
  ])
    .requiredOption("--provider <id>", "the provider's id in the configuration")
    .requiredOption(
      "--file <file>",
      "the claims as one JSON object: the payload of an ID token; - reads standard input",
    )
    .option("--user <email>", "decide as if the identity were this person's")
    .addHelpText(
      "after",
      "\nExit status: 0 would sign in, 1 would be refused, 2 wrong usage or claims that cannot be read,\n3 configuration, 4 the database cannot be used.",
    )
    .action(
      running(session, async (options: ExplainOptions) => {
        const loaded = await load(session, options);
        try {
          const claims = await readClaims(terminal, options.file);
          const { explainClaims, wouldSignIn } = await import("../../explain-claims.js");
          const { provider, user } = options;
          const told = await explainClaims(
            loaded.config,
            { provider, claims, user },
            { log: await commandLog(loaded) },
          );
          if (options.json) printJson(terminal, told);
          else terminal.out(explanationText(told, wouldSignIn(told), palette(terminal)));
          return wouldSignIn(told) ? exitCodes.fine : exitCodes.problem;
        } catch (thrown) {
          if (!isLatchkeyError(thrown)) throw thrown;
          printFailure(terminal, thrown, options.json === true);
          return exitOf(thrown);
        }
      }),
    );
  return new Command("claims").description("look at what providers say of people").addCommand(explain);
}

const unanswerable: ReadonlySet<string> = new Set([
  "signin.claims_unreadable",
  "signin.provider_unknown",
  "account.not_found",
]);

/** 1 is kept for "would be refused": what keeps the question from being answered is something else. */
function exitOf(error: LatchkeyError): number {
  if (unanswerable.has(error.code)) return exitCodes.usage;
  return error.code.startsWith("store.") ? exitCodes.unreachable : exitCodes.problem;
}
