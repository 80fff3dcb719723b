/** What a tool server asked for when it was used: kept for that person, the newest wins (TS-1, TS-14). */
import type { UserId } from "../kernel/ids.js";
import type { Challenge } from "./found.js";
import { isStepUp, scopeSet } from "./policy/scopes.js";
import { mayAskAgain } from "./policy/step-up.js";
import type { ConnectPorts } from "./ports.js";
import type { ToolServer } from "./tool-server.js";

/** @returns whether the person may be sent to consent for it: false where they were sent often enough (TS-14) */
export async function keepChallenge(
  ports: Pick<ConnectPorts, "store" | "clock" | "find">,
  userId: UserId,
  server: ToolServer,
  challenge: Challenge,
): Promise<boolean> {
  const now = ports.clock.now();
  const before = await ports.store.challenges.of(userId, server.connection);
  // A client that tries a hundred times writes it once.
  if (JSON.stringify(before?.challenge ?? null) !== JSON.stringify(challenge)) {
    await ports.store.transaction(async (tx) => {
      const known = await tx.challenges.of(userId, server.connection);
      const requests = known?.requests ?? [];
      await tx.challenges.save({ userId, connection: server.connection, challenge, requests, updatedAt: now });
    });
  }
  if (!isStepUp(challenge)) return true;
  const scopes = challenge.scopes ?? (await ports.find(server)).resource?.scopesSupported ?? [];
  return mayAskAgain(before?.requests ?? [], scopeSet(scopes), now);
}
