/** Puts the steps of `latchkey tool-server` behind the admin page (TS-18), with the store and the egress of this process. */
import type { Operator } from "./accounts/administer.js";
import type { Config } from "./config/schema.js";
import { idOfUrl, readToolServer, resolveToolServer } from "./config/tool-server-record.js";
import { examineWith } from "./examine-tool-server.js";
import { LatchkeyError } from "./kernel/errors.js";
import type { JsonObject, JsonValue } from "./kernel/json.js";
import { revocationOf, revocationRow } from "./outbox/revocation.js";
import type { AdminRequest } from "./server/admin-request.js";
import type { AdminToolServers, LookedAt, ToolServerField } from "./server/admin-tool-servers.js";
import type { Authenticated } from "./sessions/session.js";
import type { SignInPorts } from "./sign-in/ports.js";
import { administerToolServers, isThere } from "./tool-servers/administer-tool-servers.js";
import { openDraft, sealDraft, type TypedToolServer } from "./tool-servers/draft.js";
import { peopleOfRemoved, removeToolServer } from "./tool-servers/remove-tool-server.js";
import { administerGrants } from "./vault/administer-grants.js";

interface AdminToolServerPorts {
  readonly config: Config;
  readonly signIn: SignInPorts;
  readonly by: (admin: Authenticated, request: AdminRequest) => Operator;
  readonly onQueued: () => void;
}

export function createAdminToolServers({ config, signIn, by, onQueued }: AdminToolServerPorts): AdminToolServers {
  /** The steps, done by somebody. */
  const steps = (who: () => Operator) => ({
    toolServers: administerToolServers({
      ...signIn,
      base: config.baseUrl + config.basePath,
      configured: config.toolServers,
      read: readToolServer(config),
      by: who,
    }),
    grants: administerGrants({
      ...signIn,
      by: who,
      revocation: (grant, tokens, now) => revocationRow(signIn, revocationOf(grant, tokens), now),
    }),
  });
  const reading = steps(() => {
    throw new LatchkeyError("server.unexpected");
  });
  const { list, get } = reading.toolServers;
  const authorOf = ({ user, session }: Authenticated) => ({ user: user.id, session: session.id });

  return {
    list,

    async look(admin, given, sealed) {
      const before = sealed === undefined ? undefined : openDraft(signIn, authorOf(admin), sealed);
      // A secret is of a client: it stays as long as one is named.
      const ofClient = given.clientSecret === "" && given.clientId.trim() !== "";
      const typed = ofClient ? { ...given, clientSecret: before?.typed.clientSecret ?? "" } : given;
      // Whoever left the field empty for the one they typed must not add the server without it, unawares.
      const isLost = ofClient && sealed !== undefined && (before === undefined || before.forgotten);
      const lost = isLost ? new LatchkeyError("connect.preview_expired") : null;
      const of = (shown: boolean, issuer: string | null = null): Pick<LookedAt, "typed" | "hasSecret" | "draft"> => ({
        ...withoutSecret(typed),
        draft: sealDraft(signIn, authorOf(admin), { typed, shown, issuer }),
      });
      const read = readTyped(typed, config);
      if ("wrong" in read) return { ...of(false), wrong: read.wrong, failure: lost, report: null };
      if (lost) return { ...of(false), wrong: [], failure: lost, report: null };
      const { server } = read;
      if ((await list()).some((one) => one.id === server.id && isThere(one))) {
        const failure = new LatchkeyError("connect.server_exists", { data: { toolServer: server.id } });
        return { ...of(false), wrong: [], failure, report: null };
      }
      const { report, failure } = await examineWith(signIn, config, { server, how: "look" });
      return { ...of(failure === null, report?.issuer), wrong: [], failure, report };
    },

    reopen(admin, sealed) {
      const draft = openDraft(signIn, authorOf(admin), sealed);
      return draft && withoutSecret(draft.typed);
    },

    async add(admin, sealed, request) {
      const draft = openDraft(signIn, authorOf(admin), sealed);
      const read = draft?.shown ? readTyped(draft.typed, config) : undefined;
      if (read === undefined || "wrong" in read) throw new LatchkeyError("connect.preview_expired");
      await steps(() => by(admin, request)).toolServers.add(read.server.id, read.input, draft?.issuer);
    },

    async test(id) {
      const server = await get(id);
      return { ...(await examineWith(signIn, config, { server, how: "try" })), name: server.name ?? id };
    },

    async removal(id) {
      // One that was removed is in the list while something is left of it: that is finished by removing it once more.
      const row = (await list()).find((one) => one.id === id && one.source !== "file");
      if (!row) throw new LatchkeyError("connect.server_unknown", { data: { toolServer: id } });
      return { name: row.name, hidden: row.source === "hidden", ...(await peopleOfRemoved(reading, id)) };
    },

    async remove(admin, id, request) {
      await removeToolServer(
        steps(() => by(admin, request)),
        id,
      );
      onQueued();
    },
  };
}

const withoutSecret = (typed: TypedToolServer): Pick<LookedAt, "typed" | "hasSecret"> => ({
  typed: { ...typed, clientSecret: "" },
  hasSecret: typed.clientSecret !== "",
});

/** As it would stand in the file, checked as what stands there; else the fields that cannot be used. */
function readTyped(typed: TypedToolServer, config: Config) {
  const text = (value: string) => (value.trim() === "" ? undefined : value.trim());
  const words = (value: string, between: RegExp) => {
    const found = value.split(between).flatMap((one) => text(one) ?? []);
    return found.length === 0 ? undefined : found;
  };
  const url = typed.url.trim();
  const groups = words(typed.groups, /\n/);
  const named: Record<string, JsonValue | undefined> = {
    id: text(typed.id) ?? idOfUrl(url),
    url,
    name: text(typed.name),
    scopes: words(typed.scopes, /\s/),
    clientId: text(typed.clientId),
    clientSecret: text(typed.clientSecret),
    access: { roles: [...typed.roles], ...(groups === undefined ? {} : { groups }) },
  };
  const input = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)) as JsonObject;
  const resolved = resolveToolServer(input, config);
  if (resolved.ok) return { input, server: resolved.value };
  const wrong = new Set(resolved.error.map(({ path }) => fieldOf(path)));
  // No id can be made of a URL that is none; to be told of the one is enough.
  if (wrong.has("url") && typed.id.trim() === "") wrong.delete("id");
  return { wrong: [...wrong] };
}

function fieldOf(path: string): ToolServerField {
  const [first = "", second] = path.split(".");
  if (first === "access") return second === "groups" ? "groups" : "roles";
  return first as ToolServerField;
}
