/**
 * What the suite starts. Its sets of requirements hold scenarios about other things than authorization, which are not judged
 * here: their turn is over at once, so that the others have the machine.
 */
if (process.env["MCP_CONFORMANCE_SCENARIO"]?.startsWith("auth/")) await import("./person.js");
// The suite waits for the process; a transport may still hold a socket open.
process.exit();
