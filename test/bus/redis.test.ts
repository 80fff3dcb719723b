import { createHeartbeatBus } from "../../src/bus/heartbeat-bus.js";
import { openRedisTransport } from "../../src/bus/redis-transport.js";
import { systemClock } from "../../src/kernel/time.js";
import { describeWith, redisUrl } from "../services.js";
import { describeBus } from "./bus-suite.js";

describeWith("redis", await redisUrl(), "over Redis", (server) => {
  const at = new URL(server);
  const channel = `latchkey-test-${process.pid}`;
  describeBus("Redis", { host: at.hostname, port: Number(at.port || 6379) }, (port, { log, ...who }) => {
    const url = new URL(server);
    url.port = String(port);
    const ports = { clock: systemClock, log };
    const open = (listener: Parameters<typeof openRedisTransport>[1]) =>
      openRedisTransport({ ...ports, url: url.href, channel }, listener);
    return createHeartbeatBus({ ...ports, ...who, open });
  });
});
