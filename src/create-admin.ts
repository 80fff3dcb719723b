/** Puts the operators' steps behind the admin pages. Loaded when somebody opens the first of them (QU-14). */
import type { Operator } from "./accounts/administer.js";
import { administerUsers } from "./administer-users.js";
import type { Config } from "./config/schema.js";
import { createAdminToolServers } from "./create-admin-tool-servers.js";
import { explainWith, wouldSignIn } from "./explain-claims.js";
import { LatchkeyError } from "./kernel/errors.js";
import { administerWebhooks } from "./outbox/administer-webhooks.js";
import type { AdminFeatures } from "./server/admin-features.js";
import type { AdminRequest } from "./server/admin-request.js";
import type { Authenticated } from "./sessions/session.js";
import type { SignInPorts } from "./sign-in/ports.js";

/** People who wait are counted up to here; nobody needs to know whether it is 200 or 900. */
const mostCounted = 200;

export function createAdmin(config: Config, signIn: SignInPorts, onQueued: () => void): AdminFeatures {
  const { store, providers } = signIn;
  const users = administerUsers(signIn, config);
  const webhooks = administerWebhooks(signIn);
  const by = ({ user }: Authenticated, { requestId, address }: AdminRequest): Operator => ({
    actor: { kind: "user", id: user.id },
    requestId,
    address,
  });

  return {
    roles: config.roles.order,
    async attention() {
      const waiting = await store.users.list({ limit: mostCounted }, { role: "pending" });
      return {
        waiting: waiting.items.length,
        waitingMore: waiting.next !== null,
        dead: await store.outbox.countDead(),
      };
    },
    users: (page, filter) => users.list(page, filter),
    user: (id) => users.details(id),
    setRole: (admin, id, role, request) => users.setRole(id, role, by(admin, request)),
    async setDisabled(admin, id, disabled, request) {
      const user = await users.setDisabled(id, disabled, by(admin, request));
      onQueued();
      return user;
    },
    async signOutUser(admin, id, request) {
      const { ended } = await users.signOut(id, by(admin, request));
      onQueued();
      return ended;
    },
    async endSessionOfUser(admin, id, session, request) {
      await users.endSession(id, session, by(admin, request));
      onQueued();
    },
    async explain({ provider: id, claims, user }) {
      const provider = providers.byId(id);
      if (!provider) throw new LatchkeyError("signin.provider_unknown");
      const told = await explainWith({ reads: store, provider, config }, { claims, user });
      return { told, signsIn: wouldSignIn(told) };
    },
    messages: (page) => webhooks.list(page),
    async retry(id) {
      if (!(await webhooks.retry(id))) return false;
      onQueued();
      return true;
    },
    async retryAll() {
      const revived = await webhooks.retryAll();
      onQueued();
      return revived;
    },
    toolServers: createAdminToolServers({ config, signIn, by, onQueued }),
  };
}
