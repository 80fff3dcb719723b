/** The keys about what claims lead to: roles and groups, for all providers and, key by key over that, for one (AC-10 to AC-21). */
import { z } from "zod";
import { mostPatterns, pattern, patterns } from "./pattern.js";
import { allowing, flag, oneOf } from "./values.js";

const roleName = () =>
  allowing(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/), "a name of a-z, 0-9, - and _, beginning with a letter");

const groupName = () =>
  allowing(
    z.string().regex(/^(?=\S)(?=[\s\S]*\S$)\P{Cc}{1,256}$/u, "is no name of a group"),
    "null, or a name of 1 to 256 characters without spaces around it",
  );

/** Without defaults, so that one set of words serves the global keys and a provider's. */
const roleKeys = {
  default: roleName().describe("Role of a new user. `pending` may see nothing until an admin lets them in."),
  fromClaims: flag().describe("Whether the roles claim decides the role, at every sign-in."),
  allowed: patterns().describe("Values of the roles claim that give `user`."),
  admin: patterns().describe("Values of the roles claim that give `admin`."),
  rules: z
    .array(
      z.strictObject({
        when: z.array(pattern()).min(1).max(mostPatterns).describe("Patterns, of which one has to fit a value."),
        role: roleName().describe("The role that this gives."),
      }),
    )
    .max(mostPatterns)
    .describe(
      "Rules in full; when there are any they replace `allowed` and `admin`. Of all that fit the highest role wins.",
    ),
  noMatch: oneOf("deny", "default").describe(
    "When the claim is empty or nothing in it fits: refuse, or give the role `default`. A known person who is refused is signed out everywhere.",
  ),
};
const absentNewUser = oneOf("deny", "default").describe(
  "When there is no roles claim, for somebody new: refuse, or give the role `default`.",
);
const absentKnownUser = oneOf("keep", "deny", "default").describe(
  "When there is no roles claim, for a known person: keep the role, refuse, or give the role `default`.",
);

export const rolesSchema = z
  .strictObject({
    order: z
      .array(roleName())
      .default(["pending", "user", "admin"])
      .describe("Every role there is, least first. `pending`, `user` and `admin` always exist, in this order."),
    default: roleKeys.default.default("pending"),
    fromClaims: roleKeys.fromClaims.default(false),
    allowed: roleKeys.allowed.prefault(["user", "admin"]),
    admin: roleKeys.admin.prefault(["admin"]),
    rules: roleKeys.rules.prefault([]),
    noMatch: roleKeys.noMatch.default("deny"),
    absent: z
      .strictObject({ newUser: absentNewUser.default("deny"), knownUser: absentKnownUser.default("keep") })
      .prefault({})
      .describe("What a roles claim that is not there means."),
    healLoneUser: flag()
      .default(false)
      .describe("Make the only user there is an admin at their next sign-in, when there is no admin left."),
  })
  .prefault({})
  .describe("The roles, and what decides who gets which.");

const groupKeys = {
  fromClaims: flag().describe("Whether the groups claim puts people into groups, at every sign-in."),
  create: flag().describe("Whether groups that the claim names, and that are not there, are made."),
  absent: oneOf("keep", "empty").describe(
    "What a groups claim that is not there means: nothing, or that the person is in no group. Some providers leave it out when it is empty.",
  ),
  join: oneOf("own", "any").describe(
    "Which groups the claim may put people into: those that this provider's claims made, or any that bears the name.",
  ),
  blocked: patterns().describe("Groups that claims never make, join or leave."),
  default: groupName().nullable().describe("A group that new users join; made when it is not there. null for none."),
  permissions: allowing(z.record(z.string().max(100), z.json()), "a map of names and values").describe(
    "Permissions that groups made from claims begin with. Later sign-ins do not write them.",
  ),
  share: allowing(
    z.union([z.boolean(), z.literal("members")]).transform((value) => `${value}` as const),
    "true · false · members",
  ).describe("Who may share with a group that was made from claims."),
};

export const groupsSchema = z
  .strictObject({
    fromClaims: groupKeys.fromClaims.default(false),
    create: groupKeys.create.default(false),
    absent: groupKeys.absent.default("keep"),
    join: groupKeys.join.default("own"),
    blocked: groupKeys.blocked.prefault([]),
    default: groupKeys.default.default(null),
    permissions: groupKeys.permissions.default({}),
    share: groupKeys.share.prefault(true),
  })
  .prefault({})
  .describe("Groups from claims.");

export const limitsSchema = z
  .strictObject({
    groupsPerClaim: allowing(z.number().int().min(1).max(10_000), "a whole number from 1 to 10000")
      .default(1_000)
      .describe("Most values that a groups or roles claim may hold; with more the sign-in is refused."),
  })
  .prefault({})
  .describe("Limits.");

/** A provider's own: each key that is written goes over the global one, a list as a whole. */
export const providerRolesSchema = z
  .strictObject({
    default: roleKeys.default.optional(),
    fromClaims: roleKeys.fromClaims.optional(),
    allowed: roleKeys.allowed.optional(),
    admin: roleKeys.admin.optional(),
    rules: roleKeys.rules.optional(),
    noMatch: roleKeys.noMatch.optional(),
    absent: z
      .strictObject({ newUser: absentNewUser.optional(), knownUser: absentKnownUser.optional() })
      .optional()
      .describe("What a roles claim that is not there means."),
  })
  .nullable()
  .default(null)
  .describe("Over `roles` for this provider, key by key. `order` and `healLoneUser` are the installation's.");

export const providerGroupsSchema = z
  .strictObject({
    fromClaims: groupKeys.fromClaims.optional(),
    create: groupKeys.create.optional(),
    absent: groupKeys.absent.optional(),
    join: groupKeys.join.optional(),
    blocked: groupKeys.blocked.optional(),
    default: groupKeys.default.optional(),
    permissions: groupKeys.permissions.optional(),
    share: groupKeys.share.optional(),
  })
  .nullable()
  .default(null)
  .describe("Over `groups` for this provider, key by key.");
