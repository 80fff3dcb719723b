import { expect, test } from "vitest";
import { isReservedAuthorizeParameter } from "./reserved-parameters.js";

test.each([
  "client_id",
  "redirect_uri",
  "response_type",
  "response_mode",
  "scope",
  "state",
  "nonce",
  "code_challenge",
  "code_challenge_method",
  "request",
  "request_uri",
  "resource",
  "dpop_jkt",
  "client_assertion",
  "client_assertion_type",
  "client_secret",
  "id_token_hint",
  "registration",
  "Client_ID",
  " state ",
])("SI-6 %s is reserved", (name) => {
  expect(isReservedAuthorizeParameter(name)).toBe(true);
});

test.each([
  "prompt",
  "login_hint",
  "hd",
  "audience",
  "access_type",
  "max_age",
  "acr_values",
  "ui_locales",
  "states",
  "constructor",
])("SI-6 %s is the operator's", (name) => {
  expect(isReservedAuthorizeParameter(name)).toBe(false);
});
