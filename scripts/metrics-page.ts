/** What docs/reference/metrics.md says: a pure function over the list of metrics. Writing it is metrics-docs.ts. */
import { type MetricEntry, metricList } from "../src/server/prometheus.js";

const row = ({ name, type, labels, help }: MetricEntry): string =>
  `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`;

export const metricsPage = (): string => `# Metrics

<!-- Made from src/server/prometheus.ts by \`npm run docs\`; a test compares it. -->

\`GET {base}/metrics\` answers in the text format of Prometheus. Each process counts for itself, from its start.

| name | type | labels | meaning |
|---|---|---|---|
${Object.values(metricList).map(row).join("\n")}

A label never holds anything from a request: \`provider\` is an id of the configuration, or \`unknown\`; \`outcome\` and \`purpose\`
are words of ours, \`outcome\` also a code of [errors](errors.md); \`route\` is a pattern such as \`/providers/:provider/start\`. So the
number of series is bounded, whatever is sent. Nothing tells who signed in.

## Who may read them

With \`observability.metrics.token\` set, whoever sends it:

\`\`\`yaml
observability:
  metrics: { token: "\${METRICS_TOKEN}" }     # openssl rand -base64 32
\`\`\`

\`\`\`yaml
# prometheus.yml
scrape_configs:
  - job_name: latchkey
    metrics_path: /auth/metrics
    authorization: { credentials_file: /run/secrets/metrics_token }
    static_configs: [{ targets: ["127.0.0.1:3000"] }]
\`\`\`

Without a token everybody who reaches the page may read it: how many people sign in, through what, and what fails. Keep it
from the public at the proxy (nginx: \`location = /auth/metrics { return 404; }\`) and scrape the process itself, or
switch it off with \`observability: { metrics: { enabled: false } }\`; then nothing is counted and the page is a 404.

## What to watch

| question | expression |
|---|---|
| Do sign-ins fail? | \`sum by (provider, outcome) (rate(latchkey_sign_ins_total{outcome!="ok"}[10m]))\` |
| Do people leave at a provider and not come back? | \`sum by (provider) (increase(latchkey_sign_in_starts_total[1h])) - sum by (provider) (increase(latchkey_sign_ins_total[1h]))\` |
| Can sessions be checked? | \`rate(latchkey_session_checks_total{outcome="unknown"}[5m]) > 0\` |
| Is a provider slow? | \`histogram_quantile(0.95, sum by (purpose, le) (rate(latchkey_egress_duration_seconds_bucket[10m])))\` |
| Do revocations and webhooks arrive? | \`latchkey_outbox_lag_seconds > 600\` |
| Has a message to a webhook been given up? | \`latchkey_outbox_dead_rows > 0\` |

Metrics of the process itself (memory, CPU, event loop) are not here: take them from the container or the host.
Whoever embeds the library keeps the global registry of prom-client to themselves; ours is another.
`;
