/** Who may use a tool server (TS-19). Pure; asked at the start, at the callback and at every use. */
import type { ToolServer } from "../tool-server.js";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly role: string;
  readonly disabled: boolean;
  readonly groups: readonly string[];
}

export function mayUse(person: Person, { access }: Pick<ToolServer, "access">): boolean {
  // Who is not let in here uses nothing here, whatever a list says.
  if (person.disabled || person.role === "pending") return false;
  // An address that nobody vouched for can be anybody's word.
  const byAddress = person.emailVerified && access.users.some((one) => one.toLowerCase() === person.email);
  if (byAddress || access.users.includes(person.id)) return true;
  const inRole = access.roles.length === 0 || access.roles.includes(person.role);
  return inRole && (access.groups.length === 0 || person.groups.some((group) => access.groups.includes(group)));
}
