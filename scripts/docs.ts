/** `npm run docs`: writes the pages that are made from the sources. Run it after a change of a schema or a catalog. */
await import("./config-docs.js");
await import("./error-docs.js");
await import("./metrics-docs.js");
await import("./audit-docs.js");

export {};
