/** The keys about how the pages look (SU-10). Nothing here can make a page load anything from another origin. */
import { z } from "zod";
import { allowing, isOwnPath, text, urlProblem } from "./values.js";

/** A picture that pages may show: from our own origin, or written out in the page. */
export const picture = () =>
  allowing(
    z
      .string()
      .max(100_000)
      .regex(/^(\/(?![/\\])[^\s\\]*|data:image\/(png|jpeg|webp|gif|svg\+xml)[;,][^\s]*)$/),
    "null, a path on our own origin, or a data:image/… URL",
  );

const isLinkTarget = (value: string): boolean =>
  isOwnPath(value) || (/^https:/i.test(value) && urlProblem(value, false) === undefined);

const link = z.strictObject({
  label: text(60).describe("The words of the link."),
  url: allowing(
    z.string().max(1_024).refine(isLinkTarget, "is neither https nor a path on our own origin"),
    "an absolute https URL, or a path such as /imprint",
  ).describe("Where it leads."),
});

export const brandingSchema = z
  .strictObject({
    name: text(60).default("Latchkey").describe("Name of this installation on its pages."),
    logo: picture()
      .nullable()
      .default(null)
      .describe("Picture beside the name at the top of pages, at most 32 pixels high and 160 wide; null shows a key."),
    color: allowing(z.string().regex(/^#[0-9a-f]{6}$/i), "null, or six hexadecimal digits such as #1f5fbf")
      .nullable()
      .default(null)
      .describe(
        "Colour of buttons, links and the focus ring. Where text in it or on it could have less contrast than 4.5:1, pages use the nearest darker shade, or in the dark the nearest lighter one.",
      ),
    css: text(4_096)
      .nullable()
      .default(null)
      .describe(
        "CSS file that pages load after their own, from our origin. It is read at the start. What it names of another origin is not loaded.",
      ),
    links: z.array(link).max(8).default([]).describe("Links at the foot of pages, such as imprint and privacy."),
  })
  .prefault({})
  .describe("How the pages look.");
