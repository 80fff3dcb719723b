/**
 * Every word on the pages, in English. The pages hold structure, this file holds language: another language is
 * another file of this shape (`messages.ts`). What a failure says in English is said once, in the error catalog.
 *
 * Not here: numbers and names, which come in as arguments and are escaped by the page.
 */
import { errorCatalog } from "../../kernel/error-catalog.js";
import type { Instant } from "../../kernel/time.js";
import { utcParts } from "../../kernel/time.js";
import { adminEnglish } from "./messages-admin-en.js";
import { toolServersEnglish } from "./messages-tool-servers-en.js";

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
] as const;
const two = (n: number): string => String(n).padStart(2, "0");

export const english = {
  language: "en",
  direction: "ltr",
  /** The title of a page: what it is, then where. */
  title: (page: string, site: string) => `${page} · ${site}`,
  skipToContent: "Skip to content",

  signIn: {
    title: "Sign in",
    lead: (site: string) => `You need to sign in to use ${site}.`,
    choose: (site: string) => `Choose how you want to sign in to ${site}.`,
    with: (provider: string) => `Continue with ${provider}`,
    lastUsed: "Last used",
    unreachable: "Cannot be reached at the moment",
    misconfigured: "Not set up correctly at the moment",
    noProviders: "There is no way to sign in yet",
    noProvidersNext: "Whoever runs this installation has to add a sign-in provider to its configuration.",
    empty: "Nobody has an account here yet",
    emptyNext: "The first person who signs in becomes the administrator of this installation.",
    alreadySignedIn: (name: string) => `You are signed in as ${name}.`,
    toAccount: "Go to your account",
  },

  failure: {
    heading: "That did not work",
    code: "Code",
    request: "Request id",
    tryAgain: "Try again",
    toSignIn: "Go to the sign-in page",
  },

  repeat: {
    title: "One more step",
    lead: "Your browser came back from the sign-in provider without the cookie that goes with this sign-in. Continue from here and it should be sent.",
    button: "Continue",
  },

  leaving: {
    title: (provider: string) => `On to ${provider}`,
    lead: (provider: string, site: string) =>
      `Sign in there with the account that you want to add. After that ${provider} sends you back to ${site}.`,
    go: (provider: string) => `Continue to ${provider}`,
    back: "Back to your account",
  },

  signInAgain: {
    title: "Sign in again first",
    lead: "Adding or removing a sign-in method needs a sign-in from the last ten minutes. It keeps somebody who finds your device unlocked from making a way in for themselves.",
    last: "You last signed in",
    go: (provider: string) => `Sign in again with ${provider}`,
  },

  loggedOut: {
    title: "Signed out by the sign-in provider",
    done: "You are signed out here.",
    nothing: "The request named no session, so nothing has changed here.",
  },
  signedOut: {
    title: "You are signed out",
    lead: "You can close this page. On a computer that others use too, close the browser as well.",
    again: "Sign in again",
    onward: (site: string, host: string) => `You are signed out of ${site}. ${host} comes next.`,
  },

  waiting: {
    title: "Waiting for approval",
    lead: (email: string) =>
      `You are signed in as ${email}, and an administrator has to let you in before you can go on.`,
    next: "Nothing else is needed from you. Look again in a while.",
    again: "Look again",
  },

  account: {
    title: "Your account",
    access: "Your access",
    role: "Role",
    groups: "Groups",
    noGroups: "You are in no group.",
    roleReason: (origin: string): string => {
      switch (origin) {
        case "first-user":
          return "You were the first to sign in here, so you became an administrator.";
        case "bootstrap":
          return "Your address is on the list of administrators in the configuration.";
        case "default":
          return "Everybody who joins gets this role.";
        case "manual":
          return "An administrator gave you this role.";
        case "healed":
          return "You are the only one left here, so you became an administrator.";
        default:
          return `This role comes from ${origin}.`;
      }
    },
    roleClaims: (provider: string) => `${provider} says so, each time you sign in.`,
    groupManual: "added by an administrator",
    groupDefault: "everybody who joins is in it",
    groupClaims: (provider: string) => `from ${provider}`,
    verified: "verified",
    unverified: "not verified",
    methods: "Sign-in methods",
    methodsLead: "The provider accounts that lead to this account.",
    methodNoEmail: "no e-mail address",
    methodUsed: "Last used",
    methodAdded: "Added",
    methodCurrent: "This session",
    methodCurrentNote: "Removing it signs you out here.",
    add: (provider: string) => `Add ${provider}`,
    addFirst: "Add another one first.",
    remove: "Remove",
    removeNamed: (provider: string, email: string | null) =>
      `Remove ${provider}${email === null ? "" : `, ${email}`}, as a way to sign in`,
    onlyMethod: "This is your only way to sign in, so it cannot be removed.",
    lastMethod: "Your last way to sign in cannot be removed.",
    nothingAdded: "Nothing was added to your account. You can try again from here.",
    sessions: "Where you are signed in",
    sessionsLead: "End a session that you do not recognise. That device then has to sign in again.",
    thisDevice: "This device",
    via: (provider: string) => `through ${provider}`,
    fromAddress: "Address",
    unknownAddress: "unknown",
    signedInAt: "Signed in",
    lastSeen: "Last seen",
    end: "End",
    endNamed: (device: string, time: string) => `End the session on ${device}, last seen ${time}`,
    endOthers: "End all other sessions",
    endAll: "Sign out everywhere",
    administration: "Administration",
    signOut: "Sign out",
    signOutAsk: "Sign out here only, or at your sign-in provider as well?",
    signOutLocal: "Sign out here only",
    signOutProvider: "Sign out at the provider too",
  },

  admin: adminEnglish,
  toolServers: toolServersEnglish,
  connections: {
    title: "Connected tool servers",
    lead: "Servers that this app may use with your account there. Disconnecting takes that back, here and there.",
    connect: "Connect",
    connectNamed: (name: string) => `Connect ${name}`,
    reconnect: "Reconnect",
    reconnectNamed: (name: string) => `Reconnect ${name}`,
    disconnect: "Disconnect",
    disconnectNamed: (name: string) => `Disconnect ${name}`,
    since: "Connected",
    scopes: "Allowed:",
    status: {
      not_connected: "not connected",
      connected: "connected",
      needs_consent: "asks for more",
      needs_reconnect: "has to be renewed",
      unreachable: "not reachable",
      open: "open",
    },
    meaning: {
      not_connected: "You have not connected it.",
      connected: "It can be used.",
      needs_consent: "What you wanted to do there needs a further permission. Connect it again to give it.",
      needs_reconnect: "The connection is over. Connect it again.",
      unreachable: "The server does not answer at the moment.",
      open: "It can be used by everybody and needs no connection.",
    },
  },

  connect: {
    title: (name: string) => `Connect ${name}?`,
    lead: (name: string, app: string) =>
      `Another website sent you here. If you go on, you will be asked at ${name} whether ${app} may use your account there.`,
    go: (name: string) => `Connect ${name}`,
  },

  /** What a form has just done, by its flash code. */
  done: {
    "role-set": "The role has been changed. It holds in open sessions already.",
    "user-disabled": "The person is switched off, and their sessions have ended.",
    "user-enabled": "The person is switched on again, and can sign in.",
    "user-signed-out": "Every session of this person has ended.",
    "message-retried": "The message is being delivered again.",
    "messages-retried": "The messages are being delivered again.",
    "server-added": "The tool server was added. People see it on their account page from now on.",
    "server-removed": "The tool server was removed, and with it the connections that people had to it.",
    "session-ended": "The session has ended.",
    "others-ended": "All other sessions have ended.",
    "method-added": "The sign-in method was added. You can sign in with it from now on.",
    "method-removed": "The sign-in method was removed, and its sessions have ended.",
    connected: "The tool server is connected.",
    disconnected: "The tool server is disconnected. Its permission is being taken back there, too.",
    "signed-in-again": "You have signed in again. For ten minutes you can add and remove sign-in methods.",
  },

  failures: errorCatalog,

  device: {
    unknown: "Unknown device",
    browserOnSystem: (browser: string, system: string) => `${browser} on ${system}`,
  },

  /** An instant in words. UTC is said, since the server does not know where the reader is. */
  time: (at: Instant): string => {
    const { year, month, day, hour, minute } = utcParts(at);
    return `${day} ${months[month - 1] ?? ""} ${year}, ${two(hour)}:${two(minute)} UTC`;
  },
} as const;
