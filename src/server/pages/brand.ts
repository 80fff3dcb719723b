/**
 * From the operator's one colour to the variables of the style sheet, light and dark. Contrast is computed and not
 * hoped for: a shade moves towards black (or white, in the dark) until text in it and on it reaches 4.5:1 (WCAG AA).
 */
type Rgb = readonly [number, number, number];

const parse = (color: string): Rgb =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)) as unknown as Rgb;
const spell = (color: Rgb): string => `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

/** `share` of `other` in `color`, 0 to 1. */
const mix = (color: Rgb, other: Rgb, share: number): Rgb =>
  color.map((part, at) => Math.round(part + ((other[at] ?? 0) - part) * share)) as unknown as Rgb;

/** WCAG 2.2, relative luminance. */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** WCAG 2.2, contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(parse(one)), luminance(parse(other))].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** The grounds that accented text stands on in style.ts, and the ink of dark and light buttons. */
const grounds = { light: ["#f4f5f7", "#ffffff"], dark: ["#11151c", "#1a202a"] } as const;
const inks = ["#ffffff", "#0d1a2e"] as const;
/** 4.5, and what a button with white words loses while it is pointed at (8 % brighter). */
const enough = 5.2;

export interface Shades {
  readonly accent: string;
  /** Text on it. */
  readonly ink: string;
  /** The ground of what is pointed at. */
  readonly wash: string;
}

/** The nearest shade of a colour with which everything can be read. */
export function shadesOf(color: string, scheme: "light" | "dark"): Shades {
  const [ground, card] = grounds[scheme];
  const end = parse(scheme === "light" ? "#000000" : "#ffffff");
  for (let step = 0; ; step++) {
    const shade = mix(parse(color), end, step / 50);
    const accent = spell(shade);
    const wash = spell(mix(parse(card), shade, 0.1));
    const ink = contrast(accent, inks[0]) >= contrast(accent, inks[1]) ? inks[0] : inks[1];
    const pairs = [ground, card, wash, ink].map((other) => contrast(accent, other));
    // Black on light and white on dark reach it, so the search ends.
    if (step === 50 || Math.min(...pairs) >= enough) return { accent, ink, wash };
  }
}

const variables = ({ accent, ink, wash }: Shades): string =>
  `:root { --accent: ${accent}; --accent-ink: ${ink}; --accent-wash: ${wash}; }`;

/** What is appended to the style sheet; empty without a colour. */
export const brandStyle = (color: string | null): string =>
  color === null
    ? ""
    : `${variables(shadesOf(color, "light"))}
@media (prefers-color-scheme: dark) { ${variables(shadesOf(color, "dark"))} }
`;
