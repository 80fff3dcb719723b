/**
 * What an operator sees of the keys that seal and the keys that sign, and does about them: the count per key, and the
 * rotation of both (VA-4, LO-11).
 */
import type { SigningAlgorithm } from "../crypto/signing-key.js";
import type { Store } from "../store/contract.js";
import { countKeys, type KeyStatus } from "./count-keys.js";
import { type RotateOptions, type RotatePorts, type Rotation, rotateKeys } from "./rotate-keys.js";
import { listSigningKeys, rotateSigningKeys, type SigningKeyView, type SigningRotation } from "./signing-keys.js";

export interface KeyAdministration {
  /** Opens every sealed row, and keeps none of what it holds. */
  status(): Promise<KeyStatus>;
  /** Seals every row anew with the newest secret, while servers run. */
  rotate(options: RotateOptions): Promise<Rotation>;
  /** The keys that sign assertions, oldest first. */
  signing(): Promise<readonly SigningKeyView[]>;
  /** A new one takes over, without a moment in which somebody does not know the key that signs. */
  rotateSigning(): Promise<SigningRotation | null>;
}

/** @param signing.alg what `assertions.alg` says */
export const administerKeys = (
  ports: RotatePorts & { readonly store: Pick<Store, "sealed" | "signingKeys" | "transaction"> },
  signing: { readonly alg: SigningAlgorithm },
): KeyAdministration => ({
  status: () => countKeys(ports),
  rotate: (options) => rotateKeys(ports, options),
  signing: () => listSigningKeys(ports, signing.alg),
  rotateSigning: () => rotateSigningKeys(ports, signing.alg),
});
