/** What registering at authorization servers needs from outside. */
import type { Keyring } from "../crypto/port.js";
import type { Egress } from "../egress/port.js";
import type { Log } from "../kernel/log.js";
import type { RandomSource } from "../kernel/random.js";
import type { Clock } from "../kernel/time.js";
import type { Store } from "../store/contract.js";
import type { OurClient } from "./client-metadata.js";
import type { ToolServers } from "./tool-server.js";

export interface RegistrationPorts {
  readonly store: Store;
  readonly egress: Egress;
  readonly keyring: Keyring;
  readonly clock: Clock;
  /** For waits on other processes, which take real time whatever time a test plays. */
  readonly waitingClock: Clock;
  readonly random: RandomSource;
  readonly log: Log;
  readonly servers: ToolServers;
  readonly our: OurClient;
  /** This process's name among those that hold leases. */
  readonly node: string;
}
