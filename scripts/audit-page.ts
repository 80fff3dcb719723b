/** What docs/reference/audit.md says: a pure function over the list of event types. Writing it is audit-docs.ts. */
import { auditEventTypes } from "../src/audit/audit-event.js";

const row = ([type, meaning]: [string, string]): string => `| \`${type}\` | ${meaning} |`;

export const auditPage = (): string => `# Audit events

<!-- Made from src/audit/audit-event.ts by \`npm run docs\`; a test compares it. -->

\`latchkey audit tail\` and \`latchkey audit export\` show them, with \`--type\` those of one type. An event is written in
the transaction that does what it tells, and outlives the people it is about. They are not what webhooks are sent: those are
\`user.created\` and \`grant.needs_reconnect\` alone ([webhooks](../webhooks.md)).

| type | meaning |
|---|---|
${Object.entries(auditEventTypes).map(row).join("\n")}

An event says when, who did it (\`actor\`), to whom or what (\`target\`), from where (\`address\`, of the peer or of a trusted proxy), through which \`provider\` or
\`connection\`, by which \`rule\`, with which \`code\` of [errors](errors.md), in which request (\`requestId\`), and facts in \`data\`. No token, code or secret is in one.
`;
