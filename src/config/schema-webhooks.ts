/**
 * The keys about webhooks (SI-23). A URL of a chat service is itself the key to its channel, so every URL is boxed and
 * masked like a secret: what is shown of it anywhere is its host.
 */
import { z } from "zod";
import { type Secret, secret } from "../kernel/secret.js";
import { checkSecret } from "../kernel/secret-strength.js";
import { allowing, oneOf, urlProblem } from "./values.js";

/** What there is to tell. */
const events = ["user.created", "grant.needs_reconnect"] as const;

const eventName = () =>
  allowing(
    z.string().transform((value, ctx): (typeof events)[number] => {
      const name = events.find((event) => event === value);
      if (name !== undefined) return name;
      ctx.addIssue({ code: "custom", message: "is no event", params: { reason: "unknown" } });
      return z.NEVER;
    }),
    events.join(" · "),
  );

const url = () =>
  allowing(
    z.string().transform((value, ctx): Secret => {
      const problem = urlProblem(value, false) ?? (value.includes("#") ? "must not have a fragment" : undefined);
      if (problem === undefined) return secret(value);
      ctx.addIssue({ code: "custom", message: problem });
      return z.NEVER;
    }),
    "an absolute https URL",
    { secret: true },
  );

/** `whsec_` and the base64 of 24 to 64 bytes, as Standard Webhooks writes its symmetric secrets. */
const signingSecret = () =>
  allowing(
    z.string().transform((value, ctx): Secret => {
      const encoded = /^whsec_((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/.exec(value)?.[1];
      const length = encoded === undefined ? 0 : Buffer.from(encoded, "base64").length;
      if (length >= 24 && length <= 64 && checkSecret(value).ok) return secret(value);
      ctx.addIssue({ code: "custom", message: "is no signing secret, or one that can be guessed" });
      return z.NEVER;
    }),
    "whsec_ and the base64 of 24 to 64 random bytes; make one with: echo whsec_$(openssl rand -base64 32)",
    { secret: true },
  );

const webhookSchema = z.strictObject({
  id: allowing(z.string().regex(/^[a-z0-9-]{1,32}$/), "null, or 1 to 32 of a-z, 0-9 and -")
    .nullable()
    .default(null)
    .describe(
      "Name in the log and on the command line; null is the host of the URL. Two webhooks to one host need it.",
    ),
  url: url().describe("Where messages are posted. Kept like a secret, since a chat service's URL is one."),
  format: oneOf("standard", "slack", "discord", "teams")
    .default("standard")
    .describe(
      "`standard` is JSON signed as Standard Webhooks says; the others are the message forms of these services.",
    ),
  secret: signingSecret()
    .nullable()
    .default(null)
    .describe("What `standard` messages are signed with, and needed for them. The other formats have no signature."),
  events: z.array(eventName()).min(1).max(20).default(["user.created"]).describe("What is told to this webhook."),
});

export const webhooksSchema = z
  .array(webhookSchema)
  .max(100)
  .default([])
  .describe("Where others are told what happened here (docs/webhooks.md).");
