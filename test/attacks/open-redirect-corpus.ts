/**
 * Targets that must never get a browser off our origin (AT-1), made by combining the known tricks: what stands before
 * the host, how the slashes are written, what is hidden in between, and which host-like part follows.
 */
const hosts = ["evil.example", "evil.example:8443", "app.example@evil.example", "app.example:x@evil.example", "evil.example%2f@app.example"];
const openings = [
  "//", "///", "////", "/\\", "\\/", "\\\\", "\\", "/\\/", "/\\\\", "//\\", "/ /", "/\t/", "/%09/", "/%0d/", "/%0a/", "/%00/",
  "/%5c", "/%5C", "/%2f", "/%2F", "/%5c%5c", "/.//", "/..//", "/./\\", "/%2e//", "/%2e%2e//", "/;//", "/\u0000/",
  "/\r/", "/\n/", "/\u00a0/", "/\u2028/", "/\u3000/",
];
const schemes = [
  "https://", "http://", "HTTPS://", "https:", "https:/", "https:\\\\", "https:///", "ftp://", "ws://", "//https://",
  "hTTps:\t//", " https://", "\thttps://", "\u0001https://", "https\u003a//", "blob:https://", "view-source:https://",
  "data:text/html,https://", "javascript:location='//", "JaVaScRiPt:alert(1)//", "vbscript:", "file://", "mailto:", "about:", "filesystem:https://",
];
const odd = [
  "", " ", ".", "..", "app", "evil.example", "?//evil.example", "#//evil.example", "@evil.example", ":@evil.example",
  ":443", "*", "https", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "／／evil.example",
  "//evil。example", "//evil．example", "\u202e//evil.example", "/\u0000", "/a\u0000b", "/a\nb", "/a\rb", "/a\tb", "/a\\b",
  "/a\u0085b", "/%0d%0aSet-Cookie:x=1", "/a%0d%0aLocation:%20https://evil.example", "/a/%5c/evil.example", "/a%00", "/a%7f",
  "/\ud800", `/${"a".repeat(65_536)}`, `/${"../".repeat(500)}`, `https://evil.example/${"a".repeat(2_000)}`,
];

export const openRedirects: readonly string[] = [
  ...openings.flatMap((opening) => hosts.map((host) => opening + host)),
  ...schemes.flatMap((scheme) => hosts.map((host) => scheme + host)),
  ...odd,
];

/** Targets that are ours and must keep working. */
export const ownTargets: readonly [given: string, becomes: string][] = [
  ["/", "/"],
  ["/chat", "/chat"],
  ["/chat?id=1&x=https://elsewhere.example", "/chat?id=1&x=https://elsewhere.example"],
  ["/chat#top", "/chat#top"],
  ["/a/../b", "/b"],
  ["/a//b", "/a//b"],
  ["/caf%C3%A9", "/caf%C3%A9"],
  ["/café", "/caf%C3%A9"],
  ["/search?q=a%0Ab", "/search?q=a%0Ab"],
  ["/user@example.com", "/user@example.com"],
  ["/a:b", "/a:b"],
];
