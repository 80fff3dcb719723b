/** The words of the admin pages of tool servers and of providers' addresses, in English. */
import type { ToolServerExamination } from "../../examine-tool-server.js";
import type { ListedToolServer } from "../../tool-servers/administer-tool-servers.js";
import { reportWords } from "../../tool-servers/policy/report-words.js";
import type { ToolServerField } from "../admin-tool-servers.js";

const source: Readonly<Record<ListedToolServer["source"], string>> = {
  file: "set in the file",
  stored: "added here",
  hidden: "hidden by the file",
  unreadable: "cannot be read",
  removing: "removal cut off",
  left: "left over",
};
const wrong: Readonly<Record<ToolServerField, string>> = {
  url: "This has to be a whole URL with https, without a fragment and without a password.",
  id: "1 to 32 of a-z, 0-9 and -. Where none can be made of the host, it has to be said.",
  name: "At most 100 characters.",
  scopes: "Scopes are of printable ASCII, without quotes and backslashes.",
  roles: "Only roles of roles.order can be asked for.",
  groups: "A group's name has at most 256 characters.",
  clientId: "A secret belongs to a client id, which is missing or cannot be one.",
  clientSecret: "This cannot be a secret.",
};
const authorize: Readonly<Record<NonNullable<ToolServerExamination["authorize"]>["kind"], string>> = {
  accepted: "Its authorization endpoint takes our request.",
  refused: "Its authorization endpoint refuses our request.",
  unclear: "Its authorization endpoint answers. Whether it would go on, it tells only a person.",
};

export const toolServersEnglish = {
  title: "Tool servers",
  lead: "Servers that people connect their own accounts of: MCP servers with OAuth. Every node offers one from its next request on.",
  none: "There is none yet. Add the first one by the URL that an MCP client would be given.",
  toAdd: "Add a tool server",
  back: "All tool servers",
  source,
  hiddenNote: "The file has one of this id, which is used instead.",
  unreadableNote: "No secret opens it, or this version does not understand it.",
  removingNote: "It was removed, and is not in the file of this node. Connections of people are still there.",
  leftNote:
    "It is neither in the file of this node nor added here any more. Connections of people, or our registration there, are left.",
  off: "switched off",
  added: "Added",
  test: "Test",
  testNamed: (name: string) => `Test ${name}`,
  remove: "Remove",
  removeNamed: (name: string) => `Remove ${name}`,
  finish: "Finish removing",
  finishNamed: (name: string) => `Finish removing ${name}`,

  addLead: "What the server says of itself is shown first. Nothing is added before you have seen it.",
  url: "URL",
  urlNote: "The one that an MCP client is given, such as https://mcp.example.com/mcp.",
  name: "Name that people see",
  nameNote: "May stay empty: then it is the id.",
  id: "Id",
  idNote: "Its name in URLs and records. May stay empty: then it is made of the host.",
  more: "Scopes, access, a client of your own",
  scopes: "Scopes, with spaces between them",
  scopesNote: "May stay empty: then what the server asks for.",
  access: "Who may use it",
  rolesNote: "People must have one of these. Without a tick no role is asked for.",
  groups: "Groups, one on each line",
  groupsNote: "May stay empty. Else people must be in one of them as well.",
  client: "A client that was made there",
  clientNote: "Only where the server registers nobody by itself.",
  clientId: "Client id",
  clientSecret: "Client secret",
  secretKept:
    "The one that you typed is kept, and shown to nobody. Leave this empty to use it, and the client id to drop it.",
  look: "Look at it",
  otherKeys: "Every other key can be set with latchkey tool-server add --set, or in the file.",
  wrongTitle: "Some of it cannot be used",
  wrongNext: "Each field says what it takes.",
  wrong,
  advice: {
    "connect.server_unreachable": "Nothing was changed. See below where it stopped, and try again later.",
    "connect.metadata_refused":
      "What it publishes cannot be used; see below what is wrong with it. Whoever runs it can mend that. Where a rule of our own refused its address (egress.…), see egress.allowHttp and egress.allow.",
    "connect.pkce_unsupported":
      "Its metadata does not list S256. If it is known to do it all the same, add it with latchkey tool-server add --set allowMissingPkceMetadata=true.",
    "connect.server_exists": "Choose another id, or remove the one that is there first.",
    "connect.preview_expired":
      "Check what the form says, type the client secret again where there is one, and look at it again.",
    "connect.registration_refused": "See below what it answered. A client that you create there by hand may do.",
    "connect.registration_needed":
      "Create a client there with the redirect URI, and add the server with its client id.",
    "connect.issuer_changed":
      "It names another authorization server than the one that the client id belongs to. Credentials are never sent to another one: if the new one is right, remove the server and add it again with a client of the new one.",
    "connect.server_unknown": "It may have been removed in the meantime.",
  },

  preview: (name: string) => `Add ${name}?`,
  previewLead: "This is what was found and what will be used. Nothing has been added yet.",
  add: (id: string) => `Add it as ${id}`,
  change: "Change something",
  needsClientTitle: "Nobody could connect it yet",
  needsClient:
    "It registers nobody by itself. Create a client there with the redirect URI below, then add it with that client's id and secret.",
  opensTitle: "It asks for no token",
  opens: "Everybody can use it, and nobody has to connect it.",

  says: "What the server says",
  saysOf: {
    token: "Asks for a token",
    resource: "Resource",
    issuer: "Authorization server",
    several: "One of several",
    scopes: "Scopes it lists",
    ways: "Ways to register",
    pkce: "PKCE with S256",
  },
  uses: "What will be used",
  usesOf: {
    client: "Client",
    clientId: "Client id",
    redirectUri: "Redirect URI",
    scopes: "Scopes asked for",
    resource: "resource (RFC 8707)",
    dpop: "Bound tokens (DPoP)",
  },
  since: (what: string, why: string) => `${what}, since ${why}`,
  yes: "yes",
  no: "no",
  openToAll: "no, it is open to everybody",
  notSaid: "not said",
  noneOfThem: "none",
  defaultScopes: "none: the server takes its default",
  leftOut: "left out",
  ...reportWords,
  dpop: { none: "no", wanted: "yes", required: "yes, and no others" },

  tested: (name: string) => `Test of ${name}`,
  again: "Test again",
  works: "It can be connected",
  noFault: "Nothing was found that stands in the way",
  worksNot: "It cannot be connected",
  authorize,
  answered: "In detail",

  removal: (name: string) => `Remove ${name}?`,
  removalHidden: "The file has one of this id. That one stays, and so does what people connected there.",
  removalNobody: "Nobody has connected it.",
  removalPeople: (count: string) =>
    `People who have connected it: ${count}. Their connections end at once, and are revoked at the server.`,
  removalUnrevoked: (count: string) =>
    `People who have connected it: ${count}. Their connections end at once, and cannot be revoked: where, and as which client, is not known any more.`,
  keep: "Keep it",

  providers: "Providers",
  providersLead: "What each sign-in provider has to know of this installation, to be registered there as it stands.",
  redirectUri: "Redirect URI",
  postLogout: "Post-logout redirect URI",
  logoutNote: "One of these two, where the provider can sign people out (docs/logout.md):",
  backChannel: "Back-channel logout URI",
  frontChannel: "Front-channel logout URI",
} as const;
