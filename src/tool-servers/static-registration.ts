/** The row that says at which authorization server credentials of the operator's belong (TS-10). */
import { newId, type RegistrationId } from "../kernel/ids.js";
import type { RandomSource } from "../kernel/random.js";
import type { Instant } from "../kernel/time.js";
import type { RegistrationRecord } from "../store/records.js";

export const staticRegistration = (
  { random }: { readonly random: RandomSource },
  of: Pick<RegistrationRecord, "connection" | "issuer" | "redirectUri"> & { readonly clientId: string },
  now: Instant,
): RegistrationRecord => ({
  ...of,
  id: newId<RegistrationId>(now, random),
  kind: "static",
  sealed: null,
  secretEndsAt: null,
  lastFailure: null,
  nextAttemptAt: null,
  leaseOwner: null,
  leaseEndsAt: null,
  version: 1,
  createdAt: now,
  updatedAt: now,
});
