/** What `latchkey init` writes: the document that is checked, and the same as YAML with words around it. Pure. */
import { isLoopbackHost } from "../config/loopback.js";

/** Where the client secret is, or what was typed, which goes into a file of its own. */
export type SecretSource =
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "typed"; readonly value: string };

/** The endpoints of a provider that nothing can be discovered of. */
export const customEndpoints = ["authorization", "token", "userinfo"] as const;
export type CustomEndpoints = Readonly<Partial<Record<(typeof customEndpoints)[number], string>>>;

export interface InitAnswers {
  readonly baseUrl: string;
  readonly baseUrlGiven: boolean;
  readonly preset: string;
  readonly presetGiven: boolean;
  readonly issuer: string | undefined;
  readonly tenant: string | undefined;
  readonly endpoints: CustomEndpoints;
  readonly id: string;
  readonly clientId: string | undefined;
  readonly clientSecret: SecretSource | undefined;
  /** apple, whose secret is signed with a key. */
  readonly teamId: string | undefined;
  readonly keyId: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly database: string;
  readonly admin: string | undefined;
  /** Undefined: not said. */
  readonly signUp: boolean | undefined;
}

/** The configuration as an object, the secrets in place: what the schema is asked about. */
export function initDocument(answers: InitAnswers, secret: string) {
  const { port, trustedProxies } = serverOf(answers.baseUrl);
  return {
    baseUrl: answers.baseUrl,
    secrets: [secret],
    database: answers.database,
    server: { port, trustedProxies },
    egress: egressOf([answers.issuer, ...Object.values(answers.endpoints)]),
    providers: [
      {
        id: answers.id,
        preset: answers.preset,
        ...(answers.issuer === undefined ? {} : { issuer: answers.issuer }),
        ...(answers.tenant === undefined ? {} : { tenant: answers.tenant }),
        ...(Object.keys(answers.endpoints).length === 0 ? {} : { endpoints: answers.endpoints }),
        ...(answers.clientId === undefined ? {} : { clientId: answers.clientId }),
        ...(answers.clientSecret === undefined ? {} : { clientSecret: "in its place" }),
        ...(answers.teamId === undefined ? {} : { teamId: answers.teamId }),
        ...(answers.keyId === undefined ? {} : { keyId: answers.keyId }),
        ...(answers.clientKeyFile === undefined ? {} : { clientKey: "in its place" }),
      },
    ],
    signIn: { signUp: answers.signUp ?? false, bootstrapAdmins: answers.admin === undefined ? [] : [answers.admin] },
  };
}

/** The file. Values are JSON texts, which YAML reads as they are; `${` in one would be a reference and is doubled. */
export function initYaml(
  answers: InitAnswers,
  references: { readonly secret: string; readonly clientSecret: string | undefined },
): string {
  const document = initDocument(answers, references.secret);
  const quoted = (value: string) => JSON.stringify(value.replaceAll("${", () => "$${"));
  const { server, egress, signIn } = document;
  const lines = [
    "# Latchkey. Every key: docs/reference/config.md. What is wrong: latchkey doctor",
    "",
    "# Our public origin. The redirect URI, the cookie and every link are made from it.",
    `baseUrl: ${quoted(answers.baseUrl)}`,
    "",
    "# Newest first. To change it, put the new one in front and keep the old one until nothing is sealed with it.",
    `secrets: [${JSON.stringify(references.secret)}]`,
    "",
    `database: ${quoted(answers.database)}`,
    "",
    "server:",
    `  port: ${server.port}`,
    ...(server.trustedProxies.length > 0
      ? [
          "  # The proxy with TLS in front. Only its X-Forwarded-For counts.",
          `  trustedProxies: ${JSON.stringify(server.trustedProxies)}`,
        ]
      : []),
    ...(egress.allow.length > 0
      ? [
          "",
          "# Requests go to public addresses over https alone; this provider is neither.",
          "egress:",
          `  allow: ${JSON.stringify(egress.allow)}`,
          `  allowHttp: ${JSON.stringify(egress.allowHttp)}`,
        ]
      : []),
    "",
    "providers:",
    "  # The id is in the redirect URI: change it here, and the provider must be told.",
    `  - id: ${quoted(answers.id)}`,
    `    preset: ${quoted(answers.preset)}`,
    ...(answers.issuer === undefined ? [] : [`    issuer: ${quoted(answers.issuer)}`]),
    ...(answers.tenant === undefined ? [] : [`    tenant: ${quoted(answers.tenant)}`]),
    ...(Object.keys(answers.endpoints).length === 0 ? [] : ["    endpoints:"]),
    ...Object.entries(answers.endpoints).map(([name, url]) => `      ${name}: ${quoted(url)}`),
    `    clientId: ${quoted(answers.clientId ?? "")}`,
    ...(references.clientSecret === undefined ? [] : [`    clientSecret: ${JSON.stringify(references.clientSecret)}`]),
    ...(answers.teamId === undefined ? [] : [`    teamId: ${quoted(answers.teamId)}`]),
    ...(answers.keyId === undefined ? [] : [`    keyId: ${quoted(answers.keyId)}`]),
    ...(answers.clientKeyFile === undefined
      ? []
      : [`    clientKey: ${JSON.stringify(`\${file:${answers.clientKeyFile}}`)}`]),
    "",
    "signIn:",
    "  # Whether a person nobody knows gets an account. It waits for approval: roles.default is pending.",
    `  signUp: ${signIn.signUp}`,
    ...(signIn.bootstrapAdmins.length > 0
      ? [
          "  # Become admin when they sign in with a verified address.",
          `  bootstrapAdmins: [${signIn.bootstrapAdmins.map(quoted).join(", ")}]`,
        ]
      : []),
    "",
  ];
  return lines.join("\n");
}

/** On loopback people reach `serve` itself; elsewhere a proxy with TLS on this machine does. */
function serverOf(baseUrl: string): { readonly port: number; readonly trustedProxies: readonly string[] } {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url?.protocol === "http:" && isLoopbackHost(url.hostname))
    return { port: Number(url.port || 80), trustedProxies: [] };
  return { port: 3000, trustedProxies: ["127.0.0.1", "::1"] };
}

/** A provider on this machine, in development: both rules of egress have to let it through. */
function egressOf(urls: readonly (string | undefined)[]): {
  readonly allow: readonly string[];
  readonly allowHttp: readonly string[];
} {
  const here = urls.flatMap((text) => {
    const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
    return url !== undefined && isLoopbackHost(url.hostname) ? [url] : [];
  });
  const hosts = (of: readonly URL[]) => [...new Set(of.map((url) => url.hostname.replace(/^\[|\]$/g, "")))];
  return { allow: hosts(here), allowHttp: hosts(here.filter((url) => url.protocol === "http:")) };
}
