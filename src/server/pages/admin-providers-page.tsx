/** What each sign-in provider has to know of us: the addresses that are registered there (SU-8, SI-5, LO-5, LO-7, LO-10). */
import type { FC } from "hono/jsx";
import { AdminPage } from "./admin-frame.js";
import { Copyable } from "./copyable.js";
import type { Frame } from "./layout.js";
import { Fact } from "./tool-server-report.js";

export interface ProviderAddresses {
  readonly id: string;
  readonly name: string;
  readonly issuer: string;
  readonly enabled: boolean;
  readonly redirectUri: string;
  /** Null for one that signs nobody in with OpenID Connect, and so nobody out. */
  readonly logout: {
    readonly postLogoutRedirectUri: string;
    readonly backchannelLogoutUri: string;
    readonly frontchannelLogoutUri: string;
  } | null;
}

export const AdminProvidersPage: FC<{ frame: Frame; providers: readonly ProviderAddresses[] }> = ({
  frame,
  providers,
}) => {
  const words = frame.messages.toolServers;
  return (
    <AdminPage frame={frame} place="providers" title={words.providers} notes={{}}>
      <section class="card">
        <h1>{words.providers}</h1>
        <p class="lead">{words.providersLead}</p>
      </section>
      {providers.map((provider) => (
        <section class="card" aria-labelledby={`provider-${provider.id}`}>
          <h2 id={`provider-${provider.id}`} class="name">
            <bdi>{provider.name}</bdi>
            {!provider.enabled && <span class="badge warn">{words.off}</span>}
          </h2>
          <p class="small">
            <bdi>{provider.issuer}</bdi>
          </p>
          <dl class="pairs">
            <Fact name={words.redirectUri}>
              <Copyable text={provider.redirectUri} />
            </Fact>
            {provider.logout !== null && (
              <Fact name={words.postLogout}>
                <Copyable text={provider.logout.postLogoutRedirectUri} />
              </Fact>
            )}
          </dl>
          {provider.logout !== null && (
            <>
              <p class="small">{words.logoutNote}</p>
              <dl class="pairs">
                <Fact name={words.backChannel}>
                  <Copyable text={provider.logout.backchannelLogoutUri} />
                </Fact>
                <Fact name={words.frontChannel}>
                  <Copyable text={provider.logout.frontchannelLogoutUri} />
                </Fact>
              </dl>
            </>
          )}
        </section>
      ))}
    </AdminPage>
  );
};
