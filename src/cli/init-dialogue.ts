/**
 * The questions of `latchkey init`: one at a time, each with its default, asked again with the reason when an answer
 * cannot be used. Whatever a flag has answered is not asked.
 */
import { describeProblem } from "../config/describe-problem.js";
import type { ConfigProblem } from "../config/problems.js";
import { UsageError } from "./exit-codes.js";
import { customEndpoints, type InitAnswers, initDocument } from "./init-document.js";
import { palette, printable } from "./output.js";
import type { Terminal } from "./terminal.js";

/** Stands for our own secret while answers are checked. */
const anySecret = "q8Xo1Yd4sPz7Kc0Vb3Nf6Rj9Tm2Wg5Hu8Ea1";
/** Somebody who answers this often in vain, or has gone, is not asked for ever. */
const mostTries = 5;

export async function askAll(terminal: Terminal, given: InitAnswers): Promise<InitAnswers> {
  const { resolveUnknown } = await import("../config/resolve.js");
  const { presets } = await import("../config/later.js");
  const { dim, yellow } = palette({ color: terminal.color && terminal.errIsTerminal });
  const problemsOf = (answers: InitAnswers): readonly ConfigProblem[] => {
    const resolved = resolveUnknown(initDocument(answers, anySecret));
    return resolved.ok ? [] : resolved.error;
  };

  let answers = given;
  /** Asks until nothing is wrong at `path`. */
  async function ask(
    question: string,
    fallback: string | undefined,
    path: string,
    take: (text: string) => InitAnswers,
  ) {
    for (let tries = 0; tries < mostTries; tries++) {
      const shown = fallback === undefined || fallback === "" ? question : `${question} ${dim(`[${fallback}]`)}`;
      const text = (await terminal.ask(`${shown}: `)).trim() || (fallback ?? "");
      const next = take(text);
      const problem = problemsOf(next).find((one) => one.path === path || one.path.startsWith(`${path}.`));
      if (problem === undefined) {
        answers = next;
        return;
      }
      // The question names what is meant; the key's path says nothing to somebody who has not seen the file yet.
      terminal.err(`${yellow(printable(describeProblem({ ...problem, path: "That" })))}\n`);
    }
    throw new UsageError(`no answer for ${path} that can be used`);
  }
  const orNothing = (text: string) => (text === "" ? undefined : text);

  terminal.err("A few questions; Enter takes what is in brackets. Nothing is written before the last one.\n\n");
  if (!given.baseUrlGiven)
    await ask("Address at which people reach Latchkey", given.baseUrl, "baseUrl", (baseUrl) => ({
      ...answers,
      baseUrl,
    }));
  if (!given.presetGiven)
    await ask(`Kind of provider (${presets.join(", ")})`, "oidc", "providers.0.preset", (preset) => ({
      ...answers,
      preset,
      id: given.id === "sso" && preset !== "oidc" ? preset : given.id,
    }));
  if (given.issuer === undefined && problemsOf(answers).some(({ path }) => path === "providers.0.issuer"))
    await ask("The provider's issuer, such as https://idp.example.com", undefined, "providers.0.issuer", (text) => ({
      ...answers,
      issuer: orNothing(text),
    }));
  if (given.tenant === undefined && problemsOf(answers).some(({ path }) => path === "providers.0.tenant"))
    await ask("Tenant", undefined, "providers.0.tenant", (text) => ({ ...answers, tenant: orNothing(text) }));
  for (const name of customEndpoints) {
    const path = `providers.0.endpoints.${name}`;
    if (given.endpoints[name] !== undefined || !problemsOf(answers).some((one) => one.path === path)) continue;
    await ask(`The provider's ${name} endpoint`, undefined, path, (text) => ({
      ...answers,
      endpoints: { ...answers.endpoints, ...(text === "" ? {} : { [name]: text }) },
    }));
  }
  if (given.clientId === undefined)
    await ask("Client id that the provider gave", undefined, "providers.0.clientId", (text) => ({
      ...answers,
      clientId: orNothing(text),
    }));
  const lacks = (key: string) => problemsOf(answers).some(({ path }) => path === `providers.0.${key}`);
  const signed = lacks("clientKey") || given.clientKeyFile !== undefined;
  if (lacks("teamId"))
    await ask("Team ID", undefined, "providers.0.teamId", (text) => ({ ...answers, teamId: orNothing(text) }));
  if (lacks("keyId"))
    await ask("Key ID", undefined, "providers.0.keyId", (text) => ({ ...answers, keyId: orNothing(text) }));
  if (lacks("clientKey"))
    await ask("Key file (.p8)", undefined, "providers.0.clientKey", (text) => ({
      ...answers,
      clientKeyFile: orNothing(text),
    }));
  if (given.clientSecret === undefined && !signed) {
    const needed = lacks("clientSecret");
    const question = needed ? "Client secret (not shown): " : "Client secret (not shown; Enter for none): ";
    for (let tries = 0; tries < (needed ? mostTries : 1) && answers.clientSecret === undefined; tries++) {
      const value = (await terminal.ask(question, { hidden: true })).trim();
      if (value !== "") answers = { ...answers, clientSecret: { kind: "typed", value } };
    }
  }
  if (given.admin === undefined)
    await ask(
      "Your e-mail address, to become admin (Enter: the first person does)",
      "",
      "signIn.bootstrapAdmins",
      (text) => ({
        ...answers,
        admin: orNothing(text),
      }),
    );
  if (given.signUp === undefined)
    answers = {
      ...answers,
      signUp: await terminal.confirm(
        "May everybody whom the provider knows ask for an account? An admin lets each of them in.",
      ),
    };
  return answers;
}
