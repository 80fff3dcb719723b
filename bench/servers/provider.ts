/** The fake provider in a process of its own, with as many people as are asked for. */
import { startFakeProvider } from "../../dist/testing/index.js";
import { given, tell } from "./ready.js";

/** What it takes to be a client of it. */
export interface ProviderTold {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const { people } = given<{ people: number }>();
const provider = await startFakeProvider({
  people: Array.from({ length: people }, (_, index) => ({ sub: `person-${index}`, email: `person-${index}@example.com`, name: `Person ${index}` })),
});
// It remembers every request for tests to look at, which nobody does here.
setInterval(() => provider.requests.splice(0), 1_000);
tell({ issuer: provider.issuer, clientId: provider.client.clientId, clientSecret: provider.client.clientSecret } as ProviderTold);
