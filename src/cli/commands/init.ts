/**
 * `latchkey init`: a configuration, a good secret, the URIs for the provider, and a start that works (SU-11). It asks
 * on a terminal and takes flags anywhere; it makes no request, and never writes over what is there.
 */
import { readFile } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { describeProblem } from "../../config/describe-problem.js";
import { presets } from "../../config/later.js";
import { randomToken, systemRandom } from "../../crypto/random.js";
import { type CommonOptions, command, running, type Session } from "../command.js";
import { exitCodes, UsageError } from "../exit-codes.js";
import { askAll } from "../init-dialogue.js";
import { type InitAnswers, initDocument, initYaml, type SecretSource } from "../init-document.js";
import { palette, printJson } from "../output.js";
import { mustTakeFiles, writeTogether } from "../write-together.js";

export interface InitOptions extends CommonOptions {
  readonly baseUrl?: string;
  readonly provider?: string;
  readonly issuer?: string;
  readonly tenant?: string;
  readonly authorizationEndpoint?: string;
  readonly tokenEndpoint?: string;
  readonly userinfoEndpoint?: string;
  readonly id?: string;
  readonly clientId?: string;
  readonly clientSecretEnv?: string;
  readonly clientSecretFile?: string;
  readonly teamId?: string;
  readonly keyId?: string;
  readonly clientKeyFile?: string;
  readonly database?: string;
  readonly admin?: string;
  readonly signUp?: boolean;
  readonly out: string;
  readonly force?: boolean;
  readonly yes?: boolean;
}

export const initCommand = (session: Session): Command =>
  command("init", "write a configuration and a secret; asks what it is not told", [
    "latchkey init",
    "latchkey init --provider https://idp.example.com --client-id latchkey --client-secret-env CORP_SECRET --yes",
    "latchkey init --provider github --base-url https://app.example.com --admin you@example.com",
  ])
    .option("--base-url <url>", "our public origin (default: http://localhost:3000)")
    .option(
      "--provider <preset-or-issuer>",
      `the issuer of any OpenID Connect provider, or a preset: ${presets.join(", ")}`,
    )
    .option("--issuer <url>", "the provider's issuer, where --provider is a preset that needs one")
    .option("--tenant <id>", "the tenant, where the preset needs one")
    .option(
      "--authorization-endpoint <url>",
      "where people sign in, for the preset oauth2: nothing can be discovered there",
    )
    .option("--token-endpoint <url>", "its token endpoint, likewise")
    .option("--userinfo-endpoint <url>", "its userinfo endpoint, likewise")
    .option("--id <name>", "the provider's id in URLs and records (default: the preset, or sso)")
    .option("--client-id <id>", "the client id that the provider gave")
    .option("--client-secret-env <name>", "the variable that holds the client secret")
    .addOption(
      new Option("--client-secret-file <file>", "the file that holds the client secret").conflicts("clientSecretEnv"),
    )
    .option("--team-id <id>", "apple: the Team ID")
    .option("--key-id <id>", "apple: the Key ID of the key")
    .option("--client-key-file <file>", "apple: the key file (.p8)")
    .option("--database <url>", "where rows are kept (default: sqlite:./latchkey.db)")
    .option("--admin <email>", "who becomes admin (default: the first person to sign in)")
    .option("--sign-up", "let everybody whom the provider knows ask for an account, which waits for approval")
    .option("--out <file>", "the file to write", "latchkey.yaml")
    .option("--force", "write over an existing configuration; an existing secret is kept")
    .option("-y, --yes", "do not ask; take the defaults")
    .action(running(session, (options: InitOptions) => run(session, options)));

async function run(session: Session, options: InitOptions): Promise<number> {
  const { terminal } = session;
  const out = isAbsolute(options.out) ? options.out : join(terminal.cwd, options.out);
  if (!/\.ya?ml$/i.test(out)) throw new UsageError("--out must end in .yaml or .yml");
  if (!options.force || (await textOf(out)) === undefined) await mustTakeFiles(out);
  if (!options.force && (await textOf(out)) !== undefined)
    throw new UsageError(`${options.out} is there already; --force writes over it`);

  const inHere = relative(terminal.cwd, dirname(out)) === "";
  // Written so that the pair can be moved together where it lies in the working directory, and found from anywhere else.
  const beside = (name: string) => (inHere ? `./${name}` : join(dirname(out), name));
  const fromFlags = answersOf(options, `sqlite:${beside("latchkey.db")}`);
  const asking = terminal.canAsk && !options.yes;
  const given = asking ? await askAll(terminal, fromFlags) : fromFlags;
  const answers = inHere ? given : withWholePaths(given, terminal.cwd);

  const secretFile = join(dirname(out), "latchkey.secret");
  // One that is there stays: what the database holds was sealed with it.
  const kept = await textOf(secretFile);
  const secret = kept?.trim() ?? randomToken(systemRandom);
  const { resolveUnknown } = await import("../../config/resolve.js");
  const resolved = resolveUnknown(initDocument(answers, secret));
  if (!resolved.ok) {
    const missing = resolved.error.map((one) => `  ${flagOf(one.path)}${describeProblem(one)}`).join("\n");
    throw new UsageError(`this does not make a configuration:\n${missing}`);
  }
  const { logoutUrisOf, postLogoutRedirectUriOf, redirectUriOf } = await import("../../providers/redirect-uri.js");
  const [provider] = resolved.value.providers;
  if (provider === undefined) throw new UsageError("there is no provider");
  const { baseUrl, basePath } = resolved.value;

  const typed = answers.clientSecret?.kind === "typed" ? answers.clientSecret.value : undefined;
  const clientSecretName = `latchkey.${answers.id}.secret`;
  const reference = clientSecretReference(answers.clientSecret, beside(clientSecretName));
  const yaml = initYaml(answers, { secret: `\${file:${beside("latchkey.secret")}}`, clientSecret: reference });
  const hidden = { mode: 0o600 };
  await writeTogether([
    ...(kept === undefined ? [{ path: secretFile, text: `${secret}\n`, over: false, ...hidden }] : []),
    { path: out, text: yaml, over: options.force === true },
    ...(typed === undefined
      ? []
      : [{ path: join(dirname(out), clientSecretName), text: `${typed}\n`, over: true, ...hidden }]),
  ]);

  const variable = answers.clientSecret?.kind === "env" ? answers.clientSecret.name : undefined;
  const config = inHere && basename(out) === "latchkey.yaml" ? "" : ` --config ${options.out}`;
  const made = {
    file: out,
    secretFile,
    redirectUri: redirectUriOf(resolved.value, provider),
    postLogoutRedirectUri: postLogoutRedirectUriOf(resolved.value),
    ...logoutUrisOf(resolved.value, provider),
    signInUrl: `${baseUrl}${basePath}/sign-in`,
    next: [
      ...(variable !== undefined && terminal.env[variable] === undefined ? [`export ${variable}=…`] : []),
      `latchkey doctor${config}`,
      `latchkey serve${config}`,
    ],
  };
  if (options.json) {
    printJson(terminal, made);
    return exitCodes.fine;
  }
  const { bold, dim } = palette(terminal);
  terminal.out(
    `\nWritten: ${made.file}\n         ${made.secretFile} ${dim("(keep a copy: what is sealed opens with nothing else)")}\n`,
  );
  terminal.out(`\nRegister at the provider:\n  redirect URI              ${bold(made.redirectUri)}\n`);
  terminal.out(`  post-logout redirect URI  ${bold(made.postLogoutRedirectUri)}\n`);
  terminal.out(`\nAnd, where the provider can sign people out (docs/logout.md), one of:\n`);
  terminal.out(`  back-channel logout URI   ${bold(made.backchannelLogoutUri)}\n`);
  terminal.out(`  front-channel logout URI  ${bold(made.frontchannelLogoutUri)}\n`);
  terminal.out(
    `\nThen:\n${made.next.map((line) => `  ${bold(line)}\n`).join("")}\nPeople sign in at ${made.signInUrl}\n`,
  );
  return exitCodes.fine;
}

function answersOf(options: InitOptions, database: string): InitAnswers {
  const { provider, clientSecretEnv, clientSecretFile } = options;
  const isIssuer = provider !== undefined && /^https?:\/\//i.test(provider);
  const preset = isIssuer || provider === undefined ? "oidc" : provider;
  return {
    baseUrl: options.baseUrl ?? "http://localhost:3000",
    baseUrlGiven: options.baseUrl !== undefined,
    preset,
    presetGiven: provider !== undefined,
    issuer: options.issuer ?? (isIssuer ? provider : undefined),
    tenant: options.tenant,
    endpoints: {
      ...(options.authorizationEndpoint === undefined ? {} : { authorization: options.authorizationEndpoint }),
      ...(options.tokenEndpoint === undefined ? {} : { token: options.tokenEndpoint }),
      ...(options.userinfoEndpoint === undefined ? {} : { userinfo: options.userinfoEndpoint }),
    },
    id: options.id ?? (preset === "oidc" ? "sso" : preset),
    clientId: options.clientId,
    clientSecret:
      clientSecretEnv !== undefined
        ? { kind: "env", name: clientSecretEnv }
        : clientSecretFile !== undefined
          ? { kind: "file", path: clientSecretFile }
          : undefined,
    teamId: options.teamId,
    keyId: options.keyId,
    clientKeyFile: options.clientKeyFile,
    database: options.database ?? database,
    admin: options.admin,
    signUp: options.signUp,
  };
}

/** Files that were named from here, for a configuration that lies elsewhere. */
function withWholePaths(answers: InitAnswers, cwd: string): InitAnswers {
  const { clientSecret, clientKeyFile } = answers;
  return {
    ...answers,
    clientSecret:
      clientSecret?.kind === "file" ? { kind: "file", path: resolve(cwd, clientSecret.path) } : clientSecret,
    clientKeyFile: clientKeyFile === undefined ? undefined : resolve(cwd, clientKeyFile),
  };
}

function clientSecretReference(source: SecretSource | undefined, typedFile: string): string | undefined {
  switch (source?.kind) {
    case "env":
      return `\${${source.name}}`;
    case "file":
      return `\${file:${source.path}}`;
    case "typed":
      return `\${file:${typedFile}}`;
    default:
      return undefined;
  }
}

const flags: Readonly<Record<string, string>> = {
  baseUrl: "--base-url",
  database: "--database",
  "providers.0.preset": "--provider",
  "providers.0.issuer": "--provider or --issuer",
  "providers.0.tenant": "--tenant",
  "providers.0.endpoints.authorization": "--authorization-endpoint",
  "providers.0.endpoints.token": "--token-endpoint",
  "providers.0.endpoints.userinfo": "--userinfo-endpoint",
  "providers.0.id": "--id",
  "providers.0.clientId": "--client-id",
  "providers.0.clientSecret": "--client-secret-env or --client-secret-file",
  "providers.0.teamId": "--team-id",
  "providers.0.keyId": "--key-id",
  "providers.0.clientKey": "--client-key-file",
  "signIn.bootstrapAdmins.0": "--admin",
};
const flagOf = (path: string): string => (flags[path] === undefined ? "" : `${flags[path]}: `);

/** The text of a file; undefined where there is none. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && (thrown.code === "ENOENT" || thrown.code === "ENOTDIR"))
      return undefined;
    throw new UsageError(`${path} is there and cannot be read`);
  }
}
