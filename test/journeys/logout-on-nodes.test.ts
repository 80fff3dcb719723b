/** A logout token at one of three processes: Postgres with its own bus, Postgres with Redis. */
import { startFaultyProxy } from "../bus/faulty-proxy.js";
import { describeWith, postgresUrl, redisUrl } from "../services.js";
import { createTestDatabase } from "../stores/postgres-database.js";
import { describeLogoutOnNodes } from "./logout-nodes-suite.js";

const postgres = await postgresUrl();
const redis = await redisUrl();

/** The same URL by way of a proxy. */
async function proxied(text: string, usualPort: number, only?: (first: Buffer) => boolean) {
  const url = new URL(text);
  const proxy = await startFaultyProxy({ host: url.hostname, port: Number(url.port) || usualPort }, only);
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  return { proxy, url: url.href };
}

describeWith("postgres", postgres, "on Postgres", (server) => {
  describeLogoutOnNodes("of Postgres itself", async () => {
    const database = await createTestDatabase(server);
    // The bus is a connection of its own, and says so when it connects; the others stay.
    const { proxy, url } = await proxied(database.url, 5432, (first) => first.includes("latchkey bus"));
    return {
      config: { database: url },
      cutBus: (on) => proxy.cut(on),
      drop: async () => {
        await proxy.close();
        await database.drop();
      },
    };
  });

  describeWith("redis", redis, "with Redis", (bus) => {
    describeLogoutOnNodes("of Redis", async () => {
      const database = await createTestDatabase(server);
      const { proxy, url } = await proxied(bus, 6379);
      return {
        config: { database: database.url, bus: url, busPrefix: `test-${process.pid}` },
        cutBus: (on) => proxy.cut(on),
        drop: async () => {
          await proxy.close();
          await database.drop();
        },
      };
    });
  });
});
