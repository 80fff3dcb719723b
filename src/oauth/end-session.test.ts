import { expect, test } from "vitest";
import { endSessionUrl } from "./end-session.js";

const request = {
  idToken: "a.b.c",
  clientId: "latchkey",
  state: "the-state",
  postLogoutRedirectUri: "https://app.example/auth/signed-out",
};
const url = (end_session_endpoint: string | undefined, more: object = {}) =>
  endSessionUrl({ issuer: "https://i", end_session_endpoint }, { ...request, ...more });

test("LO-5 carries hint, client, state and where to return, beside the endpoint's own query", () => {
  expect(Object.fromEntries(url("https://i/end?p=1&state=fixed#x")?.searchParams ?? [])).toEqual({
    p: "1",
    id_token_hint: "a.b.c",
    client_id: "latchkey",
    state: "the-state",
    post_logout_redirect_uri: "https://app.example/auth/signed-out",
  });
  expect(url("https://i/end#x")?.hash).toBe("");
  expect(url("https://i/end", { idToken: null })?.searchParams.has("id_token_hint")).toBe(false);
  expect(url("http://localhost:9/end")?.href).toMatch(/^http:\/\/localhost:9\/end\?/);
});

test.each([
  undefined,
  "",
  "http://i.example/end",
  "javascript:alert(1)",
  "file:///x",
  "https://u:p@i/end",
  "http://localhost.evil.example/",
  "http://127.0.0.1.evil.example/",
])("SI-5 LO-5 %s is no place to send a browser to", (endpoint) => {
  expect(url(endpoint)).toBeUndefined();
});
