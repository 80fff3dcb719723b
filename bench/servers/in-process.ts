/** `sessions.authenticate` in process, warm: calls a second, printed after each round that the harness asks for. */
import { aSignedInLatchkey } from "./signed-in.js";

const { latchkey, cookie } = await aSignedInLatchkey();
const request = new Request("http://127.0.0.1:3000/", { headers: { cookie } });
const calls = 200_000;
const rounds: number[] = [];
for (let round = 0; round < 6; round++) {
  const start = performance.now();
  for (let i = 0; i < calls; i++) await latchkey.sessions.authenticate(request);
  rounds.push((calls / (performance.now() - start)) * 1_000);
}
// The first warms up.
process.stdout.write(`${JSON.stringify({ perSecond: rounds.slice(1) })}\n`);
process.exit(0);
