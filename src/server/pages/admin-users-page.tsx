/** The people who have an account, found by name, address or role (SU-8). */
import type { FC } from "hono/jsx";
import type { UserRecord } from "../../store/records.js";
import { type AdminNotes, AdminPage } from "./admin-frame.js";
import type { Frame } from "./layout.js";
import { Time } from "./time.js";

export interface UsersView {
  readonly users: readonly UserRecord[];
  readonly roles: readonly string[];
  readonly search: string;
  readonly role: string;
  /** Where the list goes on; null at its end. */
  readonly more: string | null;
}

export const AdminUsersPage: FC<{ frame: Frame; notes: AdminNotes; view: UsersView }> = ({ frame, notes, view }) => {
  const { admin } = frame.messages;
  const path = `${frame.site.basePath}/admin/users`;
  return (
    <AdminPage frame={frame} place="users" title={admin.people} notes={notes}>
      <section class="card">
        <h1>{admin.people}</h1>
        <form class="fields" method="get" action={path}>
          <div>
            <label for="search">{admin.search}</label>
            <input id="search" name="search" type="search" value={view.search} maxlength={200} />
          </div>
          <div>
            <label for="role">{admin.role}</label>
            <select id="role" name="role">
              <option value="">{admin.anyRole}</option>
              {view.roles.map((role) => (
                <option value={role} selected={role === view.role}>
                  {role}
                </option>
              ))}
            </select>
          </div>
          <button class="button" type="submit">
            {admin.find}
          </button>
        </form>
        {view.users.length === 0 ? (
          <p class="after">{admin.nobody}</p>
        ) : (
          <ul class="rows">
            {view.users.map((user) => (
              <li key={user.id}>
                <UserRow frame={frame} user={user} href={`${path}/${user.id}`} />
              </li>
            ))}
          </ul>
        )}
        {view.more !== null && (
          <div class="actions">
            <a class="button" href={view.more}>
              {admin.more}
            </a>
          </div>
        )}
      </section>
    </AdminPage>
  );
};

const UserRow: FC<{ frame: Frame; user: UserRecord; href: string }> = ({ frame, user, href }) => {
  const { admin } = frame.messages;
  return (
    <div>
      <p class="name">
        <a href={href}>
          <bdi>{user.name}</bdi>
        </a>
        <span class={user.role === "pending" ? "badge warn" : "badge"}>{user.role}</span>
        {user.disabledAt !== null && <span class="badge warn">{admin.disabled}</span>}
        {user.claimedAt === null && <span class="badge">{admin.unclaimed}</span>}
      </p>
      <p class="details">
        <bdi>{user.email}</bdi>
        <span>
          {user.lastSignInAt === null ? (
            admin.neverSignedIn
          ) : (
            <>
              {admin.lastSignIn} <Time at={user.lastSignInAt} messages={frame.messages} />
            </>
          )}
        </span>
      </p>
    </div>
  );
};
