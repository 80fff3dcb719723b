/** A provider that signs people out: what it posts, and what is answered. */
import type { Browser } from "../../src/testing/browser.js";
import type { World } from "../../src/testing/world.js";

export interface LogoutAnswer {
  readonly status: number;
  /** `error` of the answer's JSON; undefined for an empty body. */
  readonly error: string | undefined;
  readonly headers: Headers;
}

/** Posts a form to `{base}/backchannel-logout`, or below one provider. */
export async function postLogout(
  world: Pick<World, "request">,
  form: Record<string, string> | URLSearchParams | string,
  how: { readonly path?: string; readonly headers?: Record<string, string> } = {},
): Promise<LogoutAnswer> {
  const answer = await world.request(how.path ?? "/backchannel-logout", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...how.headers },
    body: typeof form === "string" ? form : new URLSearchParams(form).toString(),
  });
  const text = await answer.text();
  const error = text === "" ? undefined : (JSON.parse(text) as { error: string }).error;
  return { status: answer.status, error, headers: answer.headers };
}

/** The same with a token: what most tests ask. */
export const logOut = async (world: Pick<World, "request">, token: string | Promise<string>, path?: string) => {
  const { status, error } = await postLogout(world, { logout_token: await token }, path === undefined ? {} : { path });
  return error === undefined ? `${status}` : `${status} ${error}`;
};

/** Somebody signs in in a new browser, and the provider's name for that session. */
export async function signedIn(world: World, sub: string, provider = "fake") {
  const browser = world.browser();
  await world.signIn(browser, sub, { provider });
  const session = (await world.session(browser)).body.session;
  if (session === undefined) throw new Error(`${sub} is not signed in`);
  return { browser, sid: world.provider.sidOf(sub) ?? "", id: session.id };
}

/** 200 or 401 for each browser. */
export const statuses = (world: World, ...browsers: { readonly browser: Browser }[]): Promise<number[]> =>
  Promise.all(browsers.map(async ({ browser }) => (await world.session(browser)).status));
