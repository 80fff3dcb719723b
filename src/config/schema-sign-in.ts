/** The keys about signing in, and how long a session lasts. */
import { z } from "zod";
import { days, minutes, seconds } from "../kernel/time.js";
import {
  allowing,
  authorizeParameters,
  duration,
  flag,
  isOwnPath,
  oneOf,
  origin,
  ownPath,
  rate,
  text,
  urlProblem,
} from "./values.js";

const claimName = () => text(200);
const separator = () => allowing(z.string().max(8), "text of at most 8 characters, or an empty one");

/** Claim names, shared by `signIn.claims` and, each optional, a provider's `claims`. */
export const claimNames = {
  subject: claimName().describe(
    "Claim that says who it is. A change of it makes every known person a stranger. `github` and `discord` take `sub` and `id` alone, `feishu` `user_id` and `open_id`, and none of them the global name.",
  ),
  email: claimName().describe("Claim with the e-mail address."),
  name: claimName().describe("Claim with the name to show."),
  picture: claimName().nullable().describe("Claim with the URL of a picture; null for none."),
  roles: claimName().describe("Claim with the roles: a list, a text that is split, or a number."),
  groups: claimName().describe("Claim with the groups: a list, a text that is split, or a number."),
  rolesSeparator: separator().describe("What separates roles where the claim is a text; empty: it is one role."),
  groupsSeparator: separator().describe("What separates groups where the claim is a text; empty: it is one group."),
};

const domain = () =>
  allowing(
    z
      .string()
      .toLowerCase()
      .refine(
        (value) => value === "*" || /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/.test(value),
        "is no domain",
      ),
    "*, a domain such as example.com, or *.example.com for the names below it",
  );

const emailAddress = () =>
  allowing(
    z
      .string()
      .normalize("NFKC")
      .trim()
      .toLowerCase()
      .refine((value) => /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(value), "is no e-mail address"),
    "an e-mail address",
  );

export const signInSchema = z
  .strictObject({
    signUp: flag()
      .default(false)
      .describe("Whether a person nobody knows gets an account. A provider can say otherwise."),
    autoStart: flag()
      .default(false)
      .describe(
        "Start the only provider straight away instead of showing one button. `?choose` shows it all the same.",
      ),
    allowedDomains: z
      .array(domain())
      .min(1)
      .default(["*"])
      .describe("E-mail domains that may sign in, checked each time. Other than `*`, only verified addresses count."),
    linking: oneOf("deny", "verified-email")
      .default("deny")
      .describe(
        "What happens when a new identity brings the address of an existing user: refuse it, or link it when the address is verified on both sides.",
      ),
    emailFallback: flag()
      .default(false)
      .describe("Give people without an e-mail address a made-up one that is never linked and never receives mail."),
    bootstrapAdmins: z
      .array(emailAddress())
      .default([])
      .describe(
        "Addresses that are admitted and made admin, only when verified. While empty, the first person to sign in becomes admin.",
      ),
    update: z
      .strictObject({
        name: flag().default(false).describe("Take over the provider's name at every sign-in."),
        email: flag().default(false).describe("Take over the provider's e-mail address at every sign-in."),
        picture: flag().default(false).describe("Take over the provider's picture at every sign-in."),
      })
      .prefault({})
      .describe("What a later sign-in may overwrite."),
    signOut: z
      .strictObject({
        returnTo: allowing(
          z
            .string()
            .refine(
              (value) => isOwnPath(value) || urlProblem(value, false) === undefined,
              "is neither a path nor a URL",
            ),
          "null, a path, or a URL on one of allowedReturnTo",
        )
          .nullable()
          .default(null)
          .describe("Where a sign-out ends when the request names no place; null is a page that says so."),
        allowedReturnTo: z
          .array(origin())
          .default([])
          .describe("Other origins that a sign-out may lead to, compared exactly."),
      })
      .prefault({})
      .describe("Where people go after signing out."),
    defaultReturnTo: ownPath().default("/").describe("Where a sign-in leads when no fitting `return_to` was given."),
    clockTolerance: duration({ max: minutes(5) })
      .prefault("60s")
      .describe("How far a provider's clock may differ from ours."),
    flowLifetime: duration({ min: minutes(1), max: minutes(60) })
      .prefault("10m")
      .describe("How long a sign-in may take, from our button to the provider's answer."),
    authorizeParams: authorizeParameters()
      .prefault({})
      .describe("Extra parameters of every authorization request, for example `prompt` or `login_hint`."),
    claims: z
      .strictObject({
        subject: claimNames.subject.default("sub"),
        email: claimNames.email.default("email"),
        name: claimNames.name.default("name"),
        picture: claimNames.picture.default("picture"),
        roles: claimNames.roles.default("roles"),
        groups: claimNames.groups.default("groups"),
        rolesSeparator: claimNames.rolesSeparator.default(","),
        groupsSeparator: claimNames.groupsSeparator.default(";"),
      })
      .prefault({})
      .describe("Which claims say what. A name is tried as it stands, then as a dotted path."),
  })
  .prefault({})
  .describe("Who may sign in, and what a sign-in does.");

export const sessionsSchema = z
  .strictObject({
    lifetime: duration({ min: minutes(1), max: days(400) })
      .prefault("30d")
      .describe("Longest life of a session, used or not. Browsers keep no cookie longer than 400 days."),
    idle: duration({ min: seconds(10), max: days(400) })
      .prefault("7d")
      .describe("A session ends when it was not used for this long."),
    maxPerUserAndProvider: allowing(z.int().min(1).max(1_000), "a whole number from 1 to 1000")
      .default(10)
      .describe(
        "Most sessions of one person at one provider. A sign-in beyond it ends the one that was used longest ago.",
      ),
    cookieName: allowing(
      z.string().regex(/^(?!__)(?!latchkey-)[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/),
      "1 to 64 characters that a cookie name may have, not beginning with __ or latchkey-",
    )
      .default("latchkey")
      .describe("Name of the session cookie. On https it gets the prefix `__Host-`."),
    cookieDomain: allowing(
      z
        .string()
        .toLowerCase()
        .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/),
      "null, or a domain such as example.com without a leading dot",
    )
      .nullable()
      .default(null)
      .describe(
        "Share the session cookie with sibling hosts of this domain. It then loses its `__Host-` prefix, and every one of those hosts can set or read it.",
      ),
    sameSite: oneOf("lax", "none")
      .default("lax")
      .describe("`none` when our pages are embedded in another site; needs https."),
  })
  .prefault({})
  .describe("How long people stay signed in, and the cookie.");

const rates = z.strictObject({
  start: rate().prefault("600/min").describe("Sign-ins begun, per address."),
  callback: rate().prefault("60/min").describe("Callbacks that failed, per address."),
  logout: rate()
    .prefault("60/min")
    .describe("Logout tokens and front-channel logouts that failed, per address. Those that are good never count."),
  token: rate()
    .prefault("600/min")
    .describe(
      "Requests of services at `/token` and `/revoke`, per address and, once it has authenticated, per service.",
    ),
});
const off = { start: "off", callback: "off", logout: "off", token: "off" } as const;

export const rateLimitsSchema = z
  .union([z.literal("off").transform(() => off), rates])
  .prefault({})
  .describe("How often one address (one /64 of IPv6) may ask. `off` is for tests; `serve` warns.");
