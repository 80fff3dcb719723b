/**
 * A tool server examined for an operator, on the command line or on the admin page: the same discovery and the same choice
 * of a client as when somebody connects, asked anew, with nothing kept of what was found (TS-18). The command line brings
 * no store and no egress and is given its own; a running server brings those that it has.
 */

import { processEnvironment } from "./config/environment.js";
import { readNamed } from "./config/named-file.js";
import type { Config, ToolServerConfig } from "./config/schema.js";
import { pkceChallenge } from "./crypto/digest.js";
import { createKeyring } from "./crypto/keyring.js";
import { randomToken, systemRandom } from "./crypto/random.js";
import { type AuthorizeVerdict, judgeAuthorizeAnswer } from "./doctor/authorize-check.js";
import { createEgress } from "./egress/egress.js";
import { isLatchkeyError, LatchkeyError } from "./kernel/errors.js";
import { newId } from "./kernel/ids.js";
import type { Log } from "./kernel/log.js";
import { systemClock } from "./kernel/time.js";
import { authorizationUrl } from "./oauth/authorization-request.js";
import type { AuthorizationServer } from "./oauth/types.js";
import type { Ports } from "./options.js";
import type { ClientRegistration } from "./providers/provider.js";
import { openStore } from "./store/open.js";
import { createClients } from "./tool-servers/clients.js";
import { discoverToolServer } from "./tool-servers/discover.js";
import { describeToolServer, type ToolServerReport } from "./tool-servers/policy/describe.js";
import { needsPerson } from "./tool-servers/policy/without-person.js";
import type { RegistrationPorts } from "./tool-servers/registration-ports.js";
import { createToolServers } from "./tool-servers/registry.js";
import { discoverySettings } from "./tool-servers/settings.js";
import type { ToolServer } from "./tool-servers/tool-server.js";

export type { ToolServerReport } from "./tool-servers/policy/describe.js";

export interface ToolServerExamination {
  /** Null where it could not be found out; `failure` says why. */
  readonly report: ToolServerReport | null;
  /** What stood in the way of finding it, or of registering. */
  readonly failure: LatchkeyError | null;
  /** What the authorization endpoint makes of a request of ours; null where it was not asked. */
  readonly authorize: AuthorizeVerdict | null;
}

export interface ExamineToolServer {
  readonly server: ToolServerConfig;
  /** `look` makes no one known and keeps nothing. `try` registers where that is needed, and asks the authorization endpoint. */
  readonly how: "look" | "try";
}

/**
 * With a store and an egress of its own, closed afterwards.
 *
 * @throws LatchkeyError `store.*`
 */
export async function examineToolServer(
  config: Config,
  asked: ExamineToolServer,
  {
    log,
    clock = systemClock,
    random = systemRandom,
    lookup,
  }: Pick<Ports, "clock" | "random" | "lookup"> & { log: Log },
): Promise<ToolServerExamination> {
  const ca = await readNamed("egress.ca", config.egress.ca);
  const environment = { proxyEnvironment: processEnvironment(), clock, log, ...(lookup ? { lookup } : {}) };
  const egress = createEgress({ ...config.egress, ca, ...environment });
  const store = await openStore(config.database, { clock: systemClock, random, log });
  try {
    const keyring = createKeyring({ secrets: config.secrets, random });
    return await examineWith({ store, egress, keyring, clock, random, log }, config, asked);
  } finally {
    await store.close();
    await egress.close();
  }
}

/**
 * With the ports of whoever asks.
 *
 * @throws LatchkeyError `store.*`
 */
export async function examineWith(
  given: Pick<RegistrationPorts, "store" | "egress" | "keyring" | "clock" | "random" | "log">,
  config: Config,
  { server: record, how }: ExamineToolServer,
): Promise<ToolServerExamination> {
  const { egress, clock } = given;
  const servers = createToolServers({ ...config, toolServers: [record] });
  // What is not in the file can be removed while it is looked at, and must not be registered then.
  const added = !config.toolServers.some(({ id }) => id === record.id);
  const server: ToolServer = { ...(servers.byId(record.id) as ToolServer), added };
  const our = { base: config.baseUrl + config.basePath, name: config.branding.name };
  // A name of its own among those that hold leases: it waits for a registration that this process is making elsewhere.
  const node = newId(systemClock.now(), given.random);
  const ports = { ...given, servers, our, node, waitingClock: systemClock };
  const clients = createClients(ports);
  const registrations = {
    known: () => clients.knownIssuers(server),
    canRegister: (as: AuthorizationServer) => clients.canRegister(server, as),
  };
  let report: ToolServerReport | null = null;
  try {
    const found = await discoverToolServer({ egress, clock, registrations }, discoverySettings(server));
    const { authorizationServer: as } = found;
    const documentRefused = as !== null && (await clients.documentRefused(as.issuer));
    report = describeToolServer(server, found, documentRefused);
    // A connection that no person makes has no authorization endpoint, and some of them no client either.
    if (how === "look" || !as || !needsPerson(server) || report.uses?.registration === "operator")
      return { report, failure: null, authorize: null };
    const client = await clients.forServer(server, as);
    return { report, failure: null, authorize: await preflight(ports, { as, client, report }) };
  } catch (thrown) {
    if (!isLatchkeyError(thrown) || thrown.code.startsWith("store.")) throw thrown;
    return { report, failure: thrown, authorize: null };
  }
}

/**
 * Asks the authorization endpoint as a browser would, without a cookie, and throws the values away. Only ever for an
 * operator who asked for it: what a page says proves little, and nothing follows from it (TS-11).
 */
async function preflight(
  ports: Parameters<typeof authorizationUrl>[0],
  { as, client, report }: { as: AuthorizationServer; client: ClientRegistration; report: ToolServerReport },
): Promise<AuthorizeVerdict | null> {
  const { redirectUri, scopes, resource } = report.uses ?? { redirectUri: "", scopes: [], resource: null };
  const parameters = {
    client_id: client.clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    ...(scopes.length === 0 ? {} : { scope: scopes.join(" ") }),
    state: randomToken(ports.random),
    code_challenge: pkceChallenge(randomToken(ports.random)),
    code_challenge_method: "S256",
    ...(resource === null ? {} : { resource }),
  };
  const provider = { id: `tool:${report.id}`, par: "auto", client, timeout: null } as const;
  const url = await authorizationUrl(ports, { as, provider, parameters, now: ports.clock.now() });
  const headers = { accept: "text/html,application/xhtml+xml" };
  const answer = await ports.egress.request({ purpose: "check", url, headers }).catch((thrown) => {
    if (isLatchkeyError(thrown)) return thrown;
    throw thrown;
  });
  // Only browsers go there: that we cannot says nothing about whether they can.
  if (answer instanceof LatchkeyError)
    return { kind: "unclear", by: `it could not be reached from here (${answer.code})` };
  const seen = {
    status: answer.status,
    location: answer.headers.get("location"),
    body: new TextDecoder().decode(answer.body),
  };
  return judgeAuthorizeAnswer(seen, redirectUri, url.href);
}
