/**
 * What `Location` says. Its bytes are UTF-8 where they are no ASCII (Fetch Standard, "location URL"), and `Headers` have
 * one character for each byte.
 */
export function redirectLocation(headers: Headers): string | null {
  const location = headers.get("location");
  return location === null ? null : Buffer.from(location, "latin1").toString("utf8");
}
