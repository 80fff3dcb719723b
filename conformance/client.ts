/**
 * What the suite starts. Its sets of requirements hold scenarios about other things than authorization, which are not judged
 * here: their turn is over at once, so that the others have the machine.
 */
import { takeTurn } from "./turns.js";

if (process.env["MCP_CONFORMANCE_SCENARIO"]?.startsWith("auth/")) {
  const folder = process.env["LATCHKEY_CONFORMANCE_TURNS"];
  const giveBack = folder === undefined ? () => {} : await takeTurn(folder);
  try {
    await import("./person.js");
  } finally {
    giveBack();
  }
}
// The suite waits for the process; a transport may still hold a socket open.
process.exit();
