/**
 * The files that pages load: from our own origin, and under a name that changes with the content, so that they may
 * be kept for ever (SU-10). The name is no secret and no proof, so a plain FNV-1a sum is enough for it.
 */
import { brandStyle } from "./brand.js";
import { script } from "./script.js";
import { style } from "./style.js";

export interface Asset {
  /** The file's name below `{base}/assets/`. */
  readonly name: string;
  readonly contentType: string;
  readonly body: string;
}

function contentTag(text: string): string {
  let sum = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    sum = ((sum ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return sum.toString(16).padStart(16, "0");
}

export interface Assets {
  readonly style: Asset;
  readonly script: Asset;
  /** The operator's own style sheet, after ours. */
  readonly extra?: Asset;
}

/**
 * @param color of the operator, in which ours is drawn
 * @param extraCss text of the operator's own style sheet
 */
export function makeAssets(color: string | null = null, extraCss: string | null = null): Assets {
  const css = (body: string): Asset => ({
    name: `${contentTag(body)}.css`,
    contentType: "text/css; charset=utf-8",
    body,
  });
  return {
    style: css(style + brandStyle(color)),
    script: { name: `${contentTag(script)}.js`, contentType: "text/javascript; charset=utf-8", body: script },
    ...(extraCss === null ? {} : { extra: css(extraCss) }),
  };
}
