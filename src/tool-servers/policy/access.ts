/** Who may use a tool server (TS-19). Pure; asked at the start, at the callback and at every use. */
import type { ToolServer } from "../tool-server.js";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly role: string;
  readonly disabled: boolean;
  readonly groups: readonly string[];
}

export function mayUse(person: Person, { access }: Pick<ToolServer, "access">): boolean {
  // Who is not let in here uses nothing here, whatever a list says.
  if (person.disabled || person.role === "pending") return false;
  if (access.users.includes(person.id) || access.users.some((one) => one.toLowerCase() === person.email)) return true;
  const inRole = access.roles.length === 0 || access.roles.includes(person.role);
  return inRole && (access.groups.length === 0 || person.groups.some((group) => access.groups.includes(group)));
}
