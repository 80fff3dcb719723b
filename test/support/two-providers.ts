/** A world with two fake providers: `fake`, which is honest, and `other`, which an attacker may have an account at. */
import type { ConfigInput } from "../../src/config/schema.js";
import { type FakeProvider, type FakeProviderOptions, startFakeProvider } from "../../src/testing/fake-provider.js";
import type { WorldOptions } from "../../src/testing/world.js";
import { createSharedWorld, type SharedWorld } from "./shared-file.js";

type ProviderInput = ConfigInput["providers"][number];

export interface TwoProviders extends SharedWorld {
  readonly other: FakeProvider;
}

export const providerEntry = (
  id: string,
  provider: FakeProvider,
  more: Partial<ProviderInput> = {},
): ProviderInput => ({
  id,
  issuer: provider.issuer,
  clientId: provider.client.clientId,
  clientSecret: provider.client.clientSecret ?? null,
  ...more,
});

export async function createTwoProviders(
  options: WorldOptions & { readonly other?: FakeProviderOptions; readonly otherConfig?: Partial<ProviderInput> } = {},
): Promise<TwoProviders> {
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const honest = await startFakeProvider({ ...clock, ...options.provider });
  const other = await startFakeProvider({ ...clock, ...options.other });
  const providers = [
    providerEntry("fake", honest, options.providerConfig),
    providerEntry("other", other, options.otherConfig),
  ];
  const world = await createSharedWorld({ ...options, config: { ...options.config, providers } });
  return {
    ...world,
    provider: honest,
    other,
    // The world's own `signIn` says that people come from `provider`; where they come from is all that it is used for.
    async close() {
      await world.close();
      await Promise.all([honest.stop(), other.stop()]);
    },
  };
}
