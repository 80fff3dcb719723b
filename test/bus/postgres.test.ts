import { createHeartbeatBus } from "../../src/bus/heartbeat-bus.js";
import { openPostgresTransport } from "../../src/bus/postgres-transport.js";
import { silentLog } from "../../src/kernel/log.js";
import { systemClock } from "../../src/kernel/time.js";
import { describeWith, postgresUrl } from "../services.js";
import { describeBus } from "./bus-suite.js";

describeWith("postgres", await postgresUrl(), "over Postgres", (server) => {
  const at = new URL(server);
  const channel = `latchkey-test-${process.pid}`;
  describeBus("Postgres", { host: at.hostname, port: Number(at.port || 5432) }, (port, node, sequence) => {
    const url = new URL(server);
    url.port = String(port);
    const ports = { clock: systemClock, log: silentLog };
    const open = (listener: Parameters<typeof openPostgresTransport>[1]) =>
      openPostgresTransport({ ...ports, url: url.href, channel }, listener);
    return createHeartbeatBus({ ...ports, node, sequence, open });
  });
});
