import { createHeartbeatBus } from "../../src/bus/heartbeat-bus.js";
import { openPostgresTransport } from "../../src/bus/postgres-transport.js";
import { systemClock } from "../../src/kernel/time.js";
import { describeWith, postgresUrl } from "../services.js";
import { describeBus } from "./bus-suite.js";

describeWith("postgres", await postgresUrl(), "over Postgres", (server) => {
  const at = new URL(server);
  const channel = `latchkey-test-${process.pid}`;
  describeBus("Postgres", { host: at.hostname, port: Number(at.port || 5432) }, (port, { log, ...who }) => {
    const url = new URL(server);
    url.port = String(port);
    const ports = { clock: systemClock, log };
    const open = (listener: Parameters<typeof openPostgresTransport>[1]) =>
      openPostgresTransport({ ...ports, url: url.href, channel }, listener);
    return createHeartbeatBus({ ...ports, ...who, open });
  });
});
