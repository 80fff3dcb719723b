/** What an operator sees of the keys that seal, and does about them: the count per key, and the rotation (VA-4). */
import { countKeys, type KeyStatus } from "./count-keys.js";
import { type RotateOptions, type RotatePorts, type Rotation, rotateKeys } from "./rotate-keys.js";

export interface KeyAdministration {
  /** Opens every sealed row, and keeps none of what it holds. */
  status(): Promise<KeyStatus>;
  /** Seals every row anew with the newest secret, while servers run. */
  rotate(options: RotateOptions): Promise<Rotation>;
}

export const administerKeys = (ports: RotatePorts): KeyAdministration => ({
  status: () => countKeys(ports),
  rotate: (options) => rotateKeys(ports, options),
});
