import { expect, test } from "vitest";
import { chromiumPath, curl, nginx, postgresUrl, python, pythonJwt, redisUrl, requiredServices } from "./services.js";

test("every service that LATCHKEY_TEST_REQUIRE names is here", async () => {
  const found = {
    postgres: await postgresUrl(),
    redis: await redisUrl(),
    chromium: chromiumPath(),
    "python3-jwt": pythonJwt(),
    python3: python(),
    curl: curl(),
    nginx: nginx(),
  };
  expect(requiredServices().filter((name) => found[name] === undefined)).toEqual([]);
});

test("a list of required services is read with its spaces, and a typo in it is refused", () => {
  expect(requiredServices("")).toEqual([]);
  expect(requiredServices("postgres, chromium")).toEqual(["postgres", "chromium"]);
  expect(() => requiredServices("postgre")).toThrow(/it may name postgres, redis, chromium/);
});
