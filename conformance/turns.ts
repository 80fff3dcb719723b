/**
 * The suite starts all its scenarios at once. Two dozen processes that share two cores are all slow together, and each of
 * them then meets limits that are not the scenario's: the MCP client gives a request sixty seconds. So they take turns, as
 * many at a time as there are cores; whoever waits has asked nobody anything yet.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** @param folder shared by all clients of one run @returns gives the turn back */
export async function takeTurn(folder: string): Promise<() => void> {
  mkdirSync(folder, { recursive: true });
  for (;;) {
    for (let place = 0; place < availableParallelism(); place++) {
      const file = join(folder, String(place));
      if (!claim(file)) continue;
      return () => rmSync(file, { force: true });
    }
    await sleep(50 + Math.random() * 100);
  }
}

function claim(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    // Left behind by a client that the suite has killed.
    if (!isAlive(file)) rmSync(file, { force: true });
    return false;
  }
}

function isAlive(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    // Between its making and its being written it is empty: somebody is at it.
    if (pid === 0) return true;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
