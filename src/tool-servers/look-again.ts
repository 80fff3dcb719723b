/** A tool server answers otherwise than what was found of it says: it is looked at past every copy (TS-6). */
import { isLatchkeyError } from "../kernel/errors.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

export async function lookAgain(ports: ConnectPorts, server: ToolServer): Promise<void> {
  await ports.find(server, { refetch: true }).catch((thrown: unknown) => {
    if (!isLatchkeyError(thrown)) throw thrown;
    ports.log.warn(
      { toolServer: server.id, code: thrown.code },
      "a tool server refuses a new token and cannot be looked at",
    );
  });
}
