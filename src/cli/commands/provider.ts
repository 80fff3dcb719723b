/** `latchkey provider test | remove` */
import { Command } from "commander";
import type { ProviderRemoved, ProviderTraces } from "../../administration.js";
import type { ProviderTest } from "../../diagnostics.js";
import { administering } from "../administering.js";
import { type CommonOptions, commandWithConfig, load, quietLog, running, type Session } from "../command.js";
import { exitCodes, UsageError } from "../exit-codes.js";
import { printFindings, printSummary } from "../findings.js";
import { counted, palette, printable, printJson, table } from "../output.js";
import type { Terminal } from "../terminal.js";

export function providerCommand(session: Session): Command {
  const { terminal } = session;
  const test = commandWithConfig(
    "test",
    "ask one provider what a sign-in would need of it, without signing anybody in",
    ["latchkey provider test corp", "latchkey provider test corp --json"],
  )
    .argument("<id>", "the provider's id in the configuration")
    .action(
      running(session, async (id: string, options: CommonOptions) => {
        const { config } = await load(session, options);
        const { testProvider } = await import("../../diagnostics.js");
        const { stopsSignIn } = await import("../../doctor/finding.js");
        const tested = await testProvider(config, id, { log: quietLog });
        if (options.json) printJson(terminal, tested);
        else print(terminal, tested);
        return stopsSignIn(tested.checks) ? exitCodes.problem : exitCodes.fine;
      }),
    );

  const remove = commandWithConfig(
    "remove",
    "end all that hangs on a provider: sessions, connections, and what its claims gave",
    ["latchkey provider remove corp", "latchkey provider remove corp --yes --json"],
  )
    .argument("<id>", "the provider's id: switched off in the configuration, or not there any more")
    .option("-y, --yes", "do not ask; needed where nobody can answer")
    .action(
      running(session, (id: string, options: CommonOptions & { readonly yes?: boolean }) =>
        administering(session, options, async ({ providers }) => {
          const { traces, configured } = await providers.look(id);
          if (!options.yes && !terminal.canAsk)
            throw new UsageError("provider remove cannot be undone; nobody can be asked here, so it needs --yes");
          const question = `Remove ${printable(id)}: ${inWords(traces)}${notRevoked(traces, configured)}?`;
          if (!options.yes && !(await terminal.confirm(question))) {
            terminal.err("Nothing was removed.\n");
            return exitCodes.problem;
          }
          const removed = await providers.remove(id);
          if (options.json) printJson(terminal, { removed: id, ...removed });
          else {
            terminal.out(`${printable(id)} was removed: ${inWords(removed)}.\n`);
            for (const line of whatBecomesOf(removed, configured)) terminal.err(`${line}\n`);
          }
          return exitCodes.fine;
        }),
      ),
    );

  const group = new Command("provider").description("look after the providers that people sign in with");
  return group.addCommand(test).addCommand(remove);
}

const inWords = ({ people, sessions, grants, memberships, roles }: ProviderTraces): string =>
  [
    counted(sessions, "session"),
    counted(grants, "connection"),
    counted(memberships, "group membership"),
    `${counted(roles, "role")} of ${people === 1 ? "1 person" : `${people} people`}`,
  ].join(", ");

const isAre = (count: number): string => (count === 1 ? "is" : "are");

/** Of the question: what will be gone here and stay valid there. */
function notRevoked({ grants, foreignGrants }: ProviderTraces, configured: boolean): string {
  if (!configured) return grants === 0 ? "" : ", which cannot be revoked: the configuration does not say as whom";
  if (foreignGrants === 0) return "";
  const foreign = `${counted(foreignGrants, "connection")} ${isAre(foreignGrants)}`;
  return `; ${foreign} of another issuer or client than its entry names: deleted here, not revoked there`;
}

/** What becomes of the tokens: as many as are said to be revoked are. */
function whatBecomesOf({ grants, foreignGrants, revoked }: ProviderRemoved, configured: boolean): string[] {
  if (grants === 0) return [];
  if (!configured) return ["The tokens cannot be revoked: the configuration does not say any more as whom."];
  const lines: string[] = [];
  if (revoked > 0)
    lines.push(
      `The running server revokes the tokens of ${counted(revoked, "connection")}, where the provider has a revocation endpoint; leave the provider's entry in the configuration until then.`,
    );
  const foreign = `${counted(foreignGrants, "connection")} ${foreignGrants === 1 ? "was" : "were"}`;
  if (foreignGrants > 0)
    lines.push(`${foreign} of another issuer or client than its entry names: deleted here, not revoked there.`);
  const unopened = grants - foreignGrants - revoked;
  if (unopened > 0)
    lines.push(`Of ${counted(unopened, "connection")} no secret opens the tokens: deleted here, not revoked there.`);
  return lines;
}

function print(
  terminal: Terminal,
  { provider, issuer, metadata, authorizationRequest, ...tested }: ProviderTest,
): void {
  const { bold } = palette(terminal);
  const section = (title: string, rows: readonly (readonly string[])[]) =>
    terminal.out(`${bold(title)}\n${table(rows).replace(/^(?=.)/gm, "  ")}\n`);
  const { pushed, endpoint, parameters } = authorizationRequest;
  section(`What ${provider} says`, [
    ["issuer", issuer],
    ...(metadata === null
      ? [["metadata", "cannot be used; see below"]]
      : Object.entries(metadata)
          .filter(([name, value]) => told.test(name) && name !== "issuer" && value !== undefined)
          .map(([name, value]) => [name, Array.isArray(value) ? value.join(" ") : String(value)])),
  ]);
  section(`What a sign-in would send${pushed ? ", pushed to the provider first" : ""}`, [
    ["to", endpoint ?? "unknown"],
    ...Object.entries(parameters),
  ]);
  section("What the provider must know", [
    ["redirect URI", tested.redirectUri],
    ["post-logout redirect URI", tested.postLogoutRedirectUri],
    ["back-channel logout URI", tested.backchannelLogoutUri],
    ["front-channel logout URI", tested.frontchannelLogoutUri],
  ]);
  printFindings(terminal, tested.checks);
  printSummary(terminal, tested.checks);
}

/** Of the metadata what Latchkey reads; the rest is in `--json`. */
const told =
  /_endpoint$|^jwks_uri$|^token_endpoint_auth_methods_supported$|^id_token_signing_alg_values_supported$|^code_challenge_methods_supported$|^scopes_supported$|^require_pushed|^authorization_response_iss/;
