/**
 * The seconds that a `max_age` asks for (OpenID Connect Core §3.1.2.1), also 0; undefined for what is no whole number of
 * them. The configuration, which refuses the rest, and the check of the ID token must read it alike (SI-6).
 */
export const maxAgeSeconds = (text: string): number | undefined => (/^\d{1,10}$/.test(text) ? Number(text) : undefined);
