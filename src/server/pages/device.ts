/**
 * A device in plain words, from its User-Agent: "Firefox on Windows". Enough to recognise one's own; never used
 * to decide anything. The order of the tables matters, since browsers claim to be each other.
 */
import type { Messages } from "./messages.js";
import { english } from "./messages-en.js";

const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgi?A?(?:OS)?\//, "Edge"],
  [/\bOPR\/|\bOpera\b/, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bYaBrowser\//, "Yandex Browser"],
  [/\bFirefox\/|\bFxiOS\//, "Firefox"],
  [/Chrome\/|\bCriOS\/|\bChromium\//, "Chrome"],
  [/\bVersion\/[\d.]+ .*\bSafari\//, "Safari"],
];

const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPad\b/, "iPad"],
  [/\biPhone\b|\biPod\b/, "iPhone"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b|\bX11\b/, "Linux"],
];

const first = (table: readonly (readonly [RegExp, string])[], text: string): string | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1];

/**
 * The name of a device; a program that is no browser is called by the product name it gives (RFC 9110 §10.1.5).
 *
 * @param words in which language; English for the API, whose words do not change with who asks.
 */
export function deviceName(userAgent: string | null, words: Messages["device"] = english.device): string {
  if (!userAgent) return words.unknown;
  const browser = first(browsers, userAgent);
  const system = first(systems, userAgent);
  if (browser && system) return words.browserOnSystem(browser, system);
  if (browser ?? system) return browser ?? system ?? "";
  return /^[A-Za-z][A-Za-z0-9._-]{0,39}(?=\/|$)/.exec(userAgent)?.[0] ?? words.unknown;
}
