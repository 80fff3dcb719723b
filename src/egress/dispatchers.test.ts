/** Connections are opened with the first request, and closing takes whatever state it finds. */
import { expect, test } from "vitest";
import { seconds } from "../kernel/time.js";
import { compileAllowList } from "./allow-list.js";
import { createDispatchers } from "./dispatchers.js";
import { lookupBySystem } from "./guarded-lookup.js";

const made = (proxy: string | null) =>
  createDispatchers({
    allowed: compileAllowList({ allow: [], allowHttp: [] }),
    lookup: lookupBySystem,
    chooseProxy: () => proxy,
    ca: null,
    dialTimeout: seconds(1),
  });
const url = new URL("https://idp.example.com/");

test.each([null, "http://127.0.0.1:1"])(
  "EG-1 connections that close before, while and after they open (proxy %s)",
  async (proxy) => {
    const before = made(proxy);
    await before.close();
    expect((await before.for(url)).constructor.name).toBe(proxy === null ? "Agent" : "ProxyAgent");
    await before.close();

    const during = made(proxy);
    const opening = during.for(url);
    await Promise.all([during.close(), opening]);

    const after = made(proxy);
    const one = await after.for(url);
    expect(await after.for(url)).toBe(one);
    await after.close();

    // Closed is closed: none of them dials any more.
    for (const dispatchers of [before, during, after]) {
      const dispatcher = await dispatchers.for(url);
      expect(() =>
        dispatcher.dispatch(
          { origin: url.origin, path: "/", method: "GET" },
          {
            onResponseError: (_, error) => {
              throw error;
            },
          },
        ),
      ).toThrow(/closed|destroyed/);
    }
  },
);
