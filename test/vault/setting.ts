/** A world in which somebody has signed in and holds a grant with a refresh token. */
import { afterEach } from "vitest";
import { createKeyring } from "../../src/crypto/keyring.js";
import type { Keyring } from "../../src/crypto/port.js";
import { systemRandom } from "../../src/crypto/random.js";
import { secret } from "../../src/kernel/secret.js";
import { seconds } from "../../src/kernel/time.js";
import type { GrantRecord } from "../../src/store/records.js";
import type { Page } from "../../src/testing/browser.js";
import { createManualClock, type ManualClock } from "../../src/testing/manual-clock.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { createSharedWorld, type SharedWorld } from "../support/shared-file.js";

const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

export const offline = ["openid", "email", "profile", "offline_access"];
export const connection = "provider:fake";

export interface VaultWorld extends SharedWorld {
  readonly clock: ManualClock;
  /** Ann, who has signed in. */
  readonly user: string;
  readonly sessionId: string;
  /** Ann's grants as the database has them. */
  grants(): Promise<readonly GrantRecord[]>;
  /** Refresh requests that reached the provider. */
  refreshes(): number;
  /** Somebody signs in again, in another browser. */
  signsIn(person?: string): Promise<{ user: string; session: string; page: Page }>;
  /** What Ann asks with. */
  readonly mine: { readonly user: string; readonly session: string; readonly connection: string };
}

/** Who is admin cannot be disabled, so somebody else signs in before Ann. */
export async function aVaultWorld(options: WorldOptions = {}): Promise<VaultWorld> {
  const clock = createManualClock();
  const world = await createSharedWorld({
    ...options,
    clock,
    config: { roles: { default: "user" }, ...options.config },
    providerConfig: { scopes: offline, ...options.providerConfig },
  });
  open.push(() => world.close());
  const signsIn = async (person = "ann-1") => {
    const browser = world.browser();
    const page = await world.signIn(browser, person);
    const { body } = await world.session(browser);
    return { user: body.user?.id ?? "", session: body.session?.id ?? "", page };
  };
  await signsIn("cleo-3");
  const { user, session } = await signsIn();
  await clock.advance(seconds(1));
  return {
    ...world,
    clock,
    user,
    sessionId: session,
    signsIn,
    mine: { user, session, connection },
    grants: () => world.store.grants.ofUser(user as never),
    refreshes: () =>
      world.provider.requestsTo("token").filter(({ form }) => form.get("grant_type") === "refresh_token").length,
  };
}

/** The code that a promise failed with; undefined when it did not fail. */
export const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (thrown: { code?: string }) => thrown.code ?? String(thrown),
  );

/** Opens what a world has sealed. */
export const keyringOf = (world: Pick<VaultWorld, "config">): Keyring =>
  createKeyring({ secrets: world.config.secrets.map((text) => secret(String(text))), random: systemRandom });
