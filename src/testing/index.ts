/** `latchkey/testing`: what an app needs to test its own sign-in. See docs/testing.md. */

export { days, hours, milliseconds, minutes, seconds, toInstant } from "../kernel/time.js";
export { type Cookie, type CookieContext, type CookieJar, createCookieJar } from "./browser/cookie-jar.js";
export type { Form } from "./browser/forms.js";
export {
  type Browser,
  type BrowserOptions,
  createBrowser,
  type Hop,
  type NavigateOptions,
  type Page,
} from "./browser.js";
export { type CapturedLog, createCapturedLog, type LogLine } from "./captured-log.js";
export {
  type Answer,
  type AnswerScript,
  type ProviderEndpoint,
  type RawAnswer,
  type RecordedRequest,
  type Scripted,
  withJson,
} from "./fake-provider/answers.js";
export { createSigningKey, type SigningAlgorithm, type SigningKey, signJwt } from "./fake-provider/keys.js";
export type { FakeClient, FakePerson, FakeProviderTweaks } from "./fake-provider/state.js";
export {
  defaultClient,
  defaultPeople,
  type FakeProvider,
  type FakeProviderOptions,
  startFakeProvider,
} from "./fake-provider.js";
export { type FetchLike, loopbackFetch } from "./loopback-fetch.js";
export { createManualClock, type ManualClock } from "./manual-clock.js";
export { createWorld, type SessionAnswer, type SignInOptions, type World, type WorldOptions } from "./world.js";
