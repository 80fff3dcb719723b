import { describe, expect, test } from "vitest";
import { LatchkeyError } from "../../kernel/errors.js";
import { UniqueViolation } from "../contract.js";
import { connecting, translated } from "./failures.js";

const failure = (code: string, message = "x") => Object.assign(new Error(message), { code });

describe("Postgres's failures", () => {
  test.each(["08006", "25P03", "28P01", "3D000", "53300", "57P01", "57014", "58030"])(
    "QU-21 %s is store.unavailable and keeps its cause",
    (code) => {
      const cause = failure(code);
      expect(translated(cause)).toEqual(new LatchkeyError("store.unavailable", { cause, data: { postgres: code } }));
    },
  );

  test.each([
    "ECONNREFUSED",
    "ECONNRESET",
    "EPIPE",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_FAIL",
    "ERR_STREAM_DESTROYED",
    "ERR_STREAM_WRITE_AFTER_END",
    "ERR_SOCKET_CLOSED",
    "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR",
    "ERR_TLS_CERT_ALTNAME_INVALID",
  ])("QU-21 %s of the network is store.unavailable", (code) => {
    expect(translated(failure(code))).toMatchObject({ code: "store.unavailable", data: { postgres: code } });
  });

  test.each([
    "timeout expired",
    "Connection terminated",
    "Connection terminated unexpectedly",
    "Connection terminated due to connection timeout",
    "timeout exceeded when trying to connect",
    "Query read timeout",
    "Client has encountered a connection error and is not queryable",
    "Client was closed and is not queryable",
    "Cannot use a pool after calling end on the pool",
  ])("QU-21 the driver's words without a code, %s, are store.unavailable", (message) => {
    expect(translated(new Error(message))).toMatchObject({ code: "store.unavailable", data: { postgres: "network" } });
  });

  test.each(["55P03", "40P01", "40001"])("QU-21 %s is store.busy", (code) => {
    expect(translated(failure(code))).toMatchObject({ code: "store.busy", data: { postgres: code } });
  });

  test("a unique constraint names its table", () => {
    const error = translated(Object.assign(failure("23505"), { table: "users" }));
    expect(error).toBeInstanceOf(UniqueViolation);
    expect(error).toMatchObject({ table: "users" });
  });

  test.each([
    failure("23503"),
    failure("42P01"),
    failure("ERR_INVALID_ARG_TYPE"),
    new TypeError("something else"),
    new Error("the timeout expired long ago"),
    "text",
    undefined,
  ])("a defect comes back as it is: %s", (error) => {
    expect(translated(error)).toBe(error);
  });
});

describe("a connection that cannot be opened", () => {
  const opening = (error: unknown) => connecting(() => Promise.reject(error)).catch((thrown: unknown) => thrown);

  test.each([
    "The server does not support SSL connections",
    "SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string",
    "words of a driver that is not written yet",
  ])("QU-21 is store.unavailable whatever the words are: %s", async (message) => {
    const cause = new Error(message);
    expect(await opening(cause)).toMatchObject({ code: "store.unavailable", cause });
  });

  test("QU-21 what the server itself says keeps its meaning", async () => {
    expect(await opening(failure("53300"))).toMatchObject({ code: "store.unavailable", data: { postgres: "53300" } });
    const refused = failure("42704");
    expect(await opening(refused)).toBe(refused);
  });
});
