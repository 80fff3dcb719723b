/** A tool server says that the token is good and not allowed to do this: a question to the person, where there is one to ask. */
import { LatchkeyError } from "../kernel/errors.js";
import type { UserId } from "../kernel/ids.js";
import { ConsentRequired } from "../vault/consent-required.js";
import type { Challenge } from "./found.js";
import { keepChallenge } from "./keep-challenge.js";
import { needsPerson } from "./policy/without-person.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServerUse } from "./token-holder.js";
import type { ToolServer } from "./tool-server.js";

/**
 * What whoever called is told. Null where nobody is asked: there what a token is good for is the operator's to say (`scopes`),
 * and the answer goes to whoever called, as it came.
 */
export async function wantsMore(
  ports: ConnectPorts,
  who: ToolServerUse,
  server: ToolServer,
  challenge: Challenge,
): Promise<LatchkeyError | null> {
  if (needsPerson(server)) return consentFor(ports, who, server, challenge);
  const fields = { toolServer: server.id, scopes: challenge.scopes };
  ports.log.warn(fields, "a tool server wants scopes that its connection without a person does not ask for");
  return null;
}

/** A question to the person, or the end of asking (TS-14). */
async function consentFor(
  ports: ConnectPorts,
  { user, connection }: ToolServerUse,
  server: ToolServer,
  challenge: Challenge,
): Promise<LatchkeyError> {
  if (await keepChallenge(ports, user as UserId, server, challenge)) {
    return new ConsentRequired({ connection, connectUrl: server.connectUrl, scopes: challenge.scopes ?? [] });
  }
  return new LatchkeyError("connect.consent_exhausted", { data: { connection, scopes: challenge.scopes } });
}
