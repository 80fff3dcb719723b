/** `vault.accessToken` of a fresh grant, in process, SQLite in a file: calls a second of five rounds, and the p99 of one call. */
import { aSignedInLatchkey } from "./signed-in.js";
import { measured } from "./vault-rounds.js";

const { latchkey, cookie } = await aSignedInLatchkey();
const signedIn = await latchkey.sessions.authenticate(new Request("http://127.0.0.1:3000/", { headers: { cookie } }));
if (!signedIn) throw new Error("nobody is signed in");
const request = { user: signedIn.user.id, session: signedIn.session.id, connection: "provider:corp" };
const { accessToken } = await latchkey.vault.accessToken(request);
if (!accessToken.startsWith("access-")) throw new Error("no token");
process.stdout.write(JSON.stringify(await measured(100_000, () => latchkey.vault.accessToken(request))));
process.exit(0);
