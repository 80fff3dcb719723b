/** Forms in a page, as far as a test presses them: action, method, and the named inputs with their values. */
export interface Form {
  /** Absolute. */
  readonly action: string;
  readonly method: "GET" | "POST";
  readonly fields: Readonly<Record<string, string>>;
  /** Name and value of each button, and the words on it. */
  readonly buttons: readonly { readonly name: string | undefined; readonly value: string; readonly text: string }[];
}

const decode = (text: string): string =>
  text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, decimal: string) => String.fromCodePoint(Number(decimal)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");

const attribute = (tag: string, name: string): string | undefined => {
  const match = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, "i").exec(tag);
  return match ? decode(match[1] ?? match[2] ?? match[3] ?? "") : undefined;
};

/** The forms of a page, in order. @param pageUrl what a relative action is resolved against */
export function formsIn(html: string, pageUrl: string): readonly Form[] {
  return [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/gi)].map(([, tag = "", inside = ""]) => {
    const fields: Record<string, string> = {};
    for (const [input] of inside.matchAll(/<input\b[^>]*>/gi)) {
      const name = attribute(input, "name");
      const type = attribute(input, "type")?.toLowerCase() ?? "text";
      if (name === undefined || type === "submit" || type === "button") continue;
      if ((type === "checkbox" || type === "radio") && !/\schecked\b/i.test(input)) continue;
      fields[name] = attribute(input, "value") ?? "";
    }
    const buttons = [...inside.matchAll(/(<button\b[^>]*>)([\s\S]*?)<\/button>/gi)].map(
      ([, button = "", text = ""]) => ({
        name: attribute(button, "name"),
        value: attribute(button, "value") ?? "",
        text: decode(text.replace(/<[^>]*>/g, " "))
          .replace(/\s+/g, " ")
          .trim(),
      }),
    );
    return {
      action: new URL(attribute(tag, "action") ?? "", pageUrl).href,
      method: attribute(tag, "method")?.toLowerCase() === "post" ? "POST" : "GET",
      fields,
      buttons,
    };
  });
}
