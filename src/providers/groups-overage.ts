/**
 * Entra's groups when there are more than fit into a token (SI-17): that there are, where the list is, and how a page of
 * it reads. Pure; asking is oauth/groups-overage.
 *
 * The claim itself points to where the list is (`_claim_sources`), often to the Azure AD Graph that is gone. It is not
 * followed: the access token goes to the Microsoft Graph of the cloud that the operator signs people in at, and nowhere else.
 * Asked is for transitive memberships, since the claim holds nested groups too; `getMemberObjects`, which the pointer
 * names, has no pages and ends at 11,000.
 *
 * @see https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference#groups-overage-claim
 * @see https://learn.microsoft.com/en-us/graph/api/user-list-transitivememberof
 * @see https://learn.microsoft.com/en-us/graph/paging
 * @see https://learn.microsoft.com/en-us/graph/deployments
 */
import { isJsonObject, type JsonObject, type JsonValue, member, stringMember } from "../kernel/json.js";
import type { GroupsOverage } from "./provider.js";

export const microsoftGroupsOverage: GroupsOverage = { claim: "groups", isOver, url, page };

/** `_claim_names.groups` in a token of the code flow, `hasgroups` in one of the implicit flow. */
function isOver(claims: JsonObject): boolean {
  const elsewhere = member(claims, "_claim_names");
  if (isJsonObject(elsewhere) && member(elsewhere, "groups") !== undefined) return true;
  const hasGroups = member(claims, "hasgroups");
  return hasGroups === true || hasGroups === "true";
}

/** Graph by sign-in host (deployments). US Government L5 (DoD) shares its sign-in host with L4 and is not told apart. */
const graphs: Readonly<Record<string, string>> = {
  "https://login.microsoftonline.com": "https://graph.microsoft.com",
  "https://login.microsoftonline.us": "https://graph.microsoft.us",
  "https://login.partner.microsoftonline.cn": "https://microsoftgraph.chinacloudapi.cn",
  "https://login.chinacloudapi.cn": "https://microsoftgraph.chinacloudapi.cn",
};

function url(signInOrigin: string): string | undefined {
  const graph = Object.hasOwn(graphs, signInOrigin) ? graphs[signInOrigin] : undefined;
  return graph && `${graph}/v1.0/me/transitiveMemberOf?$select=id&$top=999`;
}

/**
 * Directory roles and administrative units stand in the same list, told apart by `@odata.type`, and are passed over. An
 * entry that does not say what it is, or has no id, makes the page none at all.
 */
function page(document: JsonValue): ReturnType<GroupsOverage["page"]> {
  const value = isJsonObject(document) ? member(document, "value") : undefined;
  if (!isJsonObject(document) || !Array.isArray(value)) return undefined;
  const entries = value.map((entry) => ({
    type: isJsonObject(entry) ? stringMember(entry, "@odata.type") : undefined,
    id: isJsonObject(entry) ? stringMember(entry, "id") : undefined,
  }));
  const next = member(document, "@odata.nextLink") ?? null;
  if (next !== null && typeof next !== "string") return undefined;
  if (!entries.every(({ type, id }) => type && id)) return undefined;
  const groups = entries.flatMap(({ type, id }) => (type === "#microsoft.graph.group" && id ? [id] : []));
  return { groups, next };
}
