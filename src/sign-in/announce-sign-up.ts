/**
 * A sign-up is told to the webhooks (SI-23): rows of the outbox, sealed before the transaction for the user that it is
 * about to write, and written only with exactly that user.
 */
import type { SignInDecision } from "../accounts/policy/decide-sign-in.js";
import type { IncomingIdentity } from "../accounts/policy/identity.js";
import type { UserId } from "../kernel/ids.js";
import type { Instant } from "../kernel/time.js";
import { userCreated, type WebhookEvent, webhookRows } from "../outbox/webhook.js";
import type { Transaction } from "../store/contract.js";
import type { OutboxRecord, UserRecord } from "../store/records.js";
import type { SignInPorts } from "./ports.js";

export interface SealedSignUp {
  readonly event: WebhookEvent;
  readonly rows: readonly OutboxRecord[];
}

/** Undefined where the decision makes no user. */
export function sealSignUp(
  ports: SignInPorts,
  decision: SignInDecision,
  { incoming, id, provider, now }: { incoming: IncomingIdentity; id: UserId; provider: string; now: Instant },
): SealedSignUp | undefined {
  if (decision.kind !== "admit" || decision.account.kind !== "create") return undefined;
  const { email, name = email } = incoming;
  const event = userCreated({ id, email, name, role: decision.account.role.role, createdAt: now }, provider);
  return { event, rows: webhookRows(ports, ports.webhooks.targets, event, now) };
}

/** Writes the rows. False, and nothing written, when they tell of another user than the one that was written. */
export async function queueSignUp(
  tx: Transaction,
  sealed: SealedSignUp | undefined,
  user: UserRecord,
  provider: string,
): Promise<boolean> {
  if (JSON.stringify(sealed?.event) !== JSON.stringify(userCreated(user, provider))) return false;
  for (const row of sealed?.rows ?? []) await tx.outbox.insert(row);
  return true;
}
