/** The keys about this process: what it listens on, what it logs, and how it reaches others. */
import { z } from "zod";
import { milliseconds, minutes } from "../kernel/time.js";
import {
  addressOrRange,
  allowing,
  bypassedHost,
  byteSize,
  duration,
  flag,
  hostOrRange,
  hostWithPort,
  oneOf,
  ownSecret,
  passwordProblem,
  text,
  urlProblem,
} from "./values.js";

export const serverSchema = z
  .strictObject({
    host: text(255)
      .default("127.0.0.1")
      .describe("Address that `latchkey serve` listens on. `0.0.0.0` for every interface."),
    port: allowing(z.int().min(0).max(65_535), "a port from 0 to 65535")
      .default(3000)
      .describe("Port to listen on; 0 takes any free one, which the ready line tells."),
    trustedProxies: z
      .array(addressOrRange())
      .default([])
      .describe(
        "Addresses or CIDR ranges of the proxies in front. Only what they send in `X-Forwarded-*` counts; from everybody else those headers are ignored.",
      ),
    shutdownGrace: duration({ max: minutes(10) })
      .prefault("10s")
      .describe("How long requests under way may take after SIGTERM before the process ends."),
    insecureHttp: flag()
      .default(false)
      .describe(
        "Allows `http` in `baseUrl` on a name that is not loopback. Sessions can then be read on the way; `serve` warns.",
      ),
  })
  .prefault({})
  .describe("What `latchkey serve` listens on.");

export const logSchema = z
  .strictObject({
    level: oneOf("debug", "info", "warn", "error", "silent")
      .default("info")
      .describe("Least important lines that are written. Requests are logged at `debug`."),
    format: oneOf("auto", "pretty", "json")
      .default("auto")
      .describe("`auto` is `pretty` on a terminal and `json` otherwise."),
  })
  .prefault({})
  .describe("What is logged, and how. Lines go to standard error.");

export const observabilitySchema = z
  .strictObject({
    metrics: z
      .strictObject({
        enabled: flag().default(true).describe("Serves `{base}/metrics` for Prometheus."),
        token: ownSecret()
          .nullable()
          .default(null)
          .describe(
            "What a reader of the metrics must send as `Authorization: Bearer`. With null anybody who reaches the page may read it: keep it from the public at the proxy.",
          ),
      })
      .prefault({})
      .describe("What is counted, for Prometheus (docs/reference/metrics.md)."),
  })
  .prefault({})
  .describe("What whoever runs this can watch.");

/** `env`, or the URL of an HTTP proxy; user information is how proxies are given a password, so it may stand here. */
const proxyUrl = () =>
  allowing(
    z.string().superRefine((value, ctx) => {
      if (value === "env") return;
      const usable = urlProblem(value.replace(/^(https?:\/\/)[^/@]*@/i, "$1"), false) === undefined;
      const problem = passwordProblem(value) ?? (usable ? undefined : "is neither env nor a proxy URL");
      if (problem !== undefined) ctx.addIssue({ code: "custom", message: problem });
    }),
    "null, env, or a URL such as http://proxy.internal:3128",
    { password: true },
  );

export const egressSchema = z
  .strictObject({
    allow: z
      .array(hostOrRange())
      .default([])
      .describe(
        "Hosts or CIDR ranges that may have private or special-use addresses, for example `[10.1.0.0/16, idp.internal]`.",
      ),
    allowHttp: z
      .array(hostWithPort())
      .default([])
      .describe("Hosts that may be asked over plain http. For a provider on loopback in development."),
    timeout: duration({ min: milliseconds(100), max: minutes(5) })
      .prefault("10s")
      .describe("Longest time for one outbound request, from name lookup to the last byte."),
    maxBytes: byteSize({ min: 1_000, max: 100_000_000 })
      .prefault("1MB")
      .describe("Most bytes of one answer, after decompression."),
    proxy: proxyUrl()
      .nullable()
      .default(null)
      .describe(
        "HTTP proxy for outbound requests: `env` reads HTTPS_PROXY and NO_PROXY. Addresses are then the proxy's to check.",
      ),
    noProxy: z.array(bypassedHost()).default([]).describe("Hosts that are reached without the proxy."),
    ca: text(4_096).nullable().default(null).describe("PEM file with further certificate authorities."),
  })
  .prefault({})
  .describe("The one door out: how Latchkey reaches providers.");
