/** The admin pages and their forms (SU-8, SI-19). Loaded when somebody asks for one. */
import { isLatchkeyError } from "../../kernel/errors.js";
import { isJsonObject, parseJson } from "../../kernel/json.js";
import { logoutUrisOf, postLogoutRedirectUriOf } from "../../providers/redirect-uri.js";
import type { Authenticated } from "../../sessions/session.js";
import type { AdminFeatures } from "../admin-features.js";
import { page, seeOther } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { frameOf } from "../languages.js";
import { logFailure } from "../middleware/failures.js";
import { prefersJson } from "../negotiation.js";
import { AdminClaimsPage, type ClaimsView } from "../pages/admin-claims-page.js";
import type { AdminNotes } from "../pages/admin-frame.js";
import { AdminProvidersPage } from "../pages/admin-providers-page.js";
import { AdminUserPage } from "../pages/admin-user-page.js";
import { AdminUsersPage } from "../pages/admin-users-page.js";
import { AdminWebhooksPage } from "../pages/admin-webhooks-page.js";
import type { DoneCode } from "../pages/messages.js";
import { queryOf, readForm, single } from "../parameters.js";
import { forAdmins, notesFrom } from "./for-admins.js";

const pageSize = 50;

export const enter = forAdmins(async (web, c) => seeOther(web, c, `${web.site.base}/admin/users`));

export const showUsers = forAdmins(async (web, c, _admin, features) => {
  const query = queryOf(c.req.url);
  const [search, role] = [single(query, "search")?.slice(0, 200) ?? "", single(query, "role") ?? ""];
  const filter = { ...(search === "" ? {} : { search }), ...(features.roles.includes(role) ? { role } : {}) };
  const { items, next } = await features.users({ limit: pageSize, cursor: single(query, "cursor") }, filter);
  const notes = { ...notesFrom(query), attention: await features.attention() };
  const more =
    next === null ? null : `${web.site.basePath}/admin/users?${new URLSearchParams({ search, role, cursor: next })}`;
  const view = { users: items, roles: features.roles, search, role, more };
  return page(web, c, 200, <AdminUsersPage frame={frameOf(web, c)} notes={notes} view={view} />);
});

export const showUser = forAdmins(async (web, c, _admin, features) => {
  const details = await features.user(c.req.param("id") ?? "");
  const providerName = (id: string) => web.features.providers.byId(id)?.displayName ?? id;
  const view = { details, roles: features.roles, providerName };
  return page(web, c, 200, <AdminUserPage frame={frameOf(web, c)} notes={notesFrom(queryOf(c.req.url))} view={view} />);
});

/** A form on somebody's page: done, or the reason, on the same page. */
const change = (
  done: DoneCode,
  act: (features: AdminFeatures, admin: Authenticated, id: string, web: Web, c: Ctx) => Promise<unknown>,
) =>
  forAdmins(async (web, c, admin, features) => {
    const id = c.req.param("id") ?? "";
    const { user } = await features.user(id);
    const back = `${web.site.base}/admin/users/${user.id}`;
    try {
      await act(features, admin, user.id, web, c);
    } catch (thrown) {
      if (!isLatchkeyError(thrown) || !/^(?:account|session)\./.test(thrown.code) || prefersJson(c.req.raw.headers))
        throw thrown;
      logFailure(web, c, thrown);
      const why = new URLSearchParams({ error: thrown.code, request: c.env.facts.requestId });
      return seeOther(web, c, `${back}?${why}`);
    }
    return seeOther(web, c, `${back}?done=${done}`);
  });

export const setRole = change("role-set", async (features, admin, id, _web, c) => {
  const role = single(await readForm(c.req.raw), "role") ?? "";
  await features.setRole(admin, id, role, c.env.facts);
});
export const disableUser = change("user-disabled", (features, admin, id, _web, c) =>
  features.setDisabled(admin, id, true, c.env.facts),
);
export const enableUser = change("user-enabled", (features, admin, id, _web, c) =>
  features.setDisabled(admin, id, false, c.env.facts),
);
export const signOutUser = change("user-signed-out", (features, admin, id, _web, c) =>
  features.signOutUser(admin, id, c.env.facts),
);

export const endSessionOfUser = change("session-ended", (features, admin, id, _web, c) =>
  features.endSessionOfUser(admin, id, c.req.param("session") ?? "", c.env.facts),
);

export const showProviders = forAdmins(async (web, c) => {
  const { config, providers } = web.features;
  const addresses = providers.all().map((provider) => ({
    id: provider.id,
    name: provider.displayName,
    issuer: provider.issuer,
    enabled: provider.enabled,
    redirectUri: provider.redirectUri,
    // Nobody signs out by a provider that gives no ID token.
    logout:
      provider.kind === "oauth2"
        ? null
        : { postLogoutRedirectUri: postLogoutRedirectUriOf(config), ...logoutUrisOf(config, provider) },
  }));
  return page(web, c, 200, <AdminProvidersPage frame={frameOf(web, c)} providers={addresses} />);
});

export const showClaims = forAdmins(async (web, c) => claimsPage(web, c, {}));

/** A POST, so that claims stand in no URL; it changes nothing. */
export const explainClaims = forAdmins(async (web, c, _admin, features) => {
  const form = await readForm(c.req.raw);
  const [provider = "", claims = "", user = ""] = ["provider", "claims", "user"].map((name) => single(form, name));
  const asked = { provider, claims, user };
  const parsed = parseJson(claims);
  if (!isJsonObject(parsed)) return claimsPage(web, c, { asked, unreadable: true });
  try {
    const explained = await features.explain({ provider, claims: parsed, user: user.trim() === "" ? undefined : user });
    return await claimsPage(web, c, { asked, ...explained });
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "signin.provider_unknown", "account.not_found", "signin.userinfo_invalid"))
      throw thrown;
    return claimsPage(web, c, { asked }, { failure: { code: thrown.code, requestId: c.env.facts.requestId } });
  }
});

function claimsPage(web: Web, c: Ctx, of: Partial<ClaimsView>, notes: AdminNotes = {}): Promise<Response> {
  const providers = web.features.providers.all().map(({ id, displayName }) => ({ id, displayName }));
  const asked = of.asked ?? { provider: providers[0]?.id ?? "", claims: "", user: "" };
  const view: ClaimsView = { told: undefined, signsIn: false, unreadable: false, ...of, providers, asked };
  return page(web, c, 200, <AdminClaimsPage frame={frameOf(web, c)} notes={notes} view={view} />);
}

export const showWebhooks = forAdmins(async (web, c, _admin, features) => {
  const query = queryOf(c.req.url);
  const { items, next } = await features.messages({ limit: pageSize, cursor: single(query, "cursor") });
  const more = next === null ? null : `${web.site.basePath}/admin/webhooks?${new URLSearchParams({ cursor: next })}`;
  const view = { queued: items, more };
  return page(web, c, 200, <AdminWebhooksPage frame={frameOf(web, c)} notes={notesFrom(query)} view={view} />);
});

export const retryMessage = forAdmins(async (web, c, _admin, features) => {
  const done = (await features.retry(c.req.param("id") ?? "")) ? "?done=message-retried" : "";
  return seeOther(web, c, `${web.site.base}/admin/webhooks${done}`);
});
export const retryAllMessages = forAdmins(async (web, c, _admin, features) => {
  await features.retryAll();
  return seeOther(web, c, `${web.site.base}/admin/webhooks?done=messages-retried`);
});
