/**
 * The admin pages of tool servers (TS-18): the list, the form, what was found, a test, and the question before one is
 * removed. Loaded when somebody asks for one. A look and a test are POSTs, since requests go out for them.
 */
import { isLatchkeyError } from "../../kernel/errors.js";
import type { Authenticated } from "../../sessions/session.js";
import type { AdminFeatures } from "../admin-features.js";
import type { LookedAt } from "../admin-tool-servers.js";
import { page, seeOther } from "../answers.js";
import type { Ctx, Web } from "../env.js";
import { frameOf } from "../languages.js";
import { logFailure } from "../middleware/failures.js";
import { prefersJson } from "../negotiation.js";
import type { AdminNotes } from "../pages/admin-frame.js";
import { AdminToolServerForm, type FormView } from "../pages/admin-tool-server-form.js";
import {
  AdminToolServerPreview,
  AdminToolServerRemoval,
  AdminToolServerTested,
} from "../pages/admin-tool-server-pages.js";
import { AdminToolServersPage } from "../pages/admin-tool-servers-page.js";
import { queryOf, readForm, single } from "../parameters.js";
import { forAdmins, notesFrom } from "./for-admins.js";

export const showToolServers = forAdmins(async (web, c, _admin, { toolServers }) => {
  const servers = await toolServers.list();
  const notes = notesFrom(queryOf(c.req.url));
  return page(web, c, 200, <AdminToolServersPage frame={frameOf(web, c)} notes={notes} servers={servers} />);
});

const empty = { url: "", id: "", name: "", scopes: "", groups: "", clientId: "", clientSecret: "" };

/** Roles that access can be given to: who is pending may use no tool server, whatever it says (TS-19). */
const choosable = ({ roles }: AdminFeatures) => roles.filter((role) => role !== "pending");

export const showToolServerForm = forAdmins(async (web, c, _admin, features) => {
  const roles = choosable(features).filter((role) => role === "user" || role === "admin");
  return form(web, c, features, { typed: { ...empty, roles } }, notesFrom(queryOf(c.req.url)));
});

function form(
  web: Web,
  c: Ctx,
  features: AdminFeatures,
  of: Pick<FormView, "typed"> & Partial<FormView>,
  notes: AdminNotes = {},
): Promise<Response> {
  const roles = choosable(features);
  const view: FormView = { hasSecret: false, draft: null, wrong: [], failure: null, ...of, roles };
  return page(web, c, 200, <AdminToolServerForm frame={frameOf(web, c)} notes={notes} view={view} />);
}

export const lookAtToolServer = forAdmins(async (web, c, admin, features) => {
  const sent = await readForm(c.req.raw);
  const text = (name: keyof typeof empty) => single(sent, name) ?? "";
  const typed = {
    url: text("url"),
    id: text("id"),
    name: text("name"),
    scopes: text("scopes"),
    roles: sent.getAll("roles"),
    groups: text("groups").replaceAll("\r\n", "\n"),
    clientId: text("clientId"),
    clientSecret: text("clientSecret"),
  };
  const looked = await features.toolServers.look(admin, typed, single(sent, "draft"));
  const { report, failure, draft } = looked;
  if (failure !== null) return refused(web, c, features, looked, failure);
  if (report === null) return form(web, c, features, looked);
  const name = looked.typed.name.trim() || report.id;
  return page(web, c, 200, <AdminToolServerPreview frame={frameOf(web, c)} view={{ report, name, draft }} />);
});

/** The form again, with what was typed, and why it is not to be added so. */
function refused(
  web: Web,
  c: Ctx,
  features: AdminFeatures,
  view: Pick<FormView, "typed" | "hasSecret" | "draft">,
  failure: NonNullable<LookedAt["failure"]>,
): Promise<Response> {
  if (prefersJson(c.req.raw.headers)) throw failure;
  logFailure(web, c, failure);
  const told = { code: failure.code, requestId: c.env.facts.requestId };
  return form(web, c, features, { ...view, failure }, { failure: told });
}

/** From what was found back to the form. */
export const changeToolServer = forAdmins(async (web, c, admin, features) => {
  const draft = single(await readForm(c.req.raw), "draft") ?? "";
  const opened = features.toolServers.reopen(admin, draft);
  return opened ? form(web, c, features, { ...opened, draft }) : expired(web, c);
});

export const addToolServer = forAdmins(async (web, c, admin, features) => {
  const draft = single(await readForm(c.req.raw), "draft") ?? "";
  try {
    await features.toolServers.add(admin, draft, c.env.facts);
  } catch (thrown) {
    if (!isLatchkeyError(thrown, "connect.preview_expired", "connect.server_exists")) throw thrown;
    const opened = features.toolServers.reopen(admin, draft);
    if (opened) return refused(web, c, features, { ...opened, draft }, thrown);
    if (prefersJson(c.req.raw.headers)) throw thrown;
    logFailure(web, c, thrown);
    return expired(web, c);
  }
  return seeOther(web, c, `${web.site.base}/admin/tool-servers?done=server-added`);
});

/** Nothing is known of what was typed: it was sealed for somebody else, or for a session that is over. */
function expired(web: Web, c: Ctx): Response {
  const why = new URLSearchParams({ error: "connect.preview_expired", request: c.env.facts.requestId });
  return seeOther(web, c, `${web.site.base}/admin/tool-servers/add?${why}`);
}

const idOf = (c: Ctx): string => c.req.param("id") ?? "";

export const testToolServer = forAdmins(async (web, c, _admin, { toolServers }) => {
  const id = idOf(c);
  const tested = await toolServers.test(id);
  const { failure } = tested;
  if (failure !== null && prefersJson(c.req.raw.headers)) throw failure;
  if (failure !== null) logFailure(web, c, failure);
  const notes = failure === null ? {} : { failure: { code: failure.code, requestId: c.env.facts.requestId } };
  const view = { ...tested, id };
  return page(web, c, 200, <AdminToolServerTested frame={frameOf(web, c)} notes={notes} view={view} />);
});

export const askBeforeRemoval = forAdmins(async (web, c, _admin, { toolServers }) => {
  const view = { ...(await toolServers.removal(idOf(c))), id: idOf(c) };
  return page(web, c, 200, <AdminToolServerRemoval frame={frameOf(web, c)} view={view} />);
});

export const removeToolServer = forAdmins(async (web, c, admin: Authenticated, { toolServers }) => {
  await toolServers.remove(admin, idOf(c), c.env.facts);
  return seeOther(web, c, `${web.site.base}/admin/tool-servers?done=server-removed`);
});
