/**
 * The identity provider of the enterprise scenario. The suite plays only its token exchange and hands out an ID token that
 * its exchange takes; where a person would sign in there is nothing. This stands in front: it signs a person in, with that ID
 * token, and passes every exchange on as it came.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Employer {
  readonly origin: string;
  close(): void;
}

export async function startEmployer(idToken: string, exchangeEndpoint: string): Promise<Employer> {
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const json = (status: number, text: string): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(text);
    if (url.pathname === "/authorize") {
      const back = new URL(url.searchParams.get("redirect_uri") ?? "");
      back.searchParams.set("code", "a-code");
      back.searchParams.set("state", url.searchParams.get("state") ?? "");
      return void response.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname === "/userinfo") return json(200, JSON.stringify({ sub: "ann", email: "ann@employer.test" }));
    if (new URLSearchParams(body).get("grant_type") === "authorization_code") {
      const answer = { access_token: "of-ann", token_type: "Bearer", expires_in: 3_600, id_token: idToken };
      return json(200, JSON.stringify(answer));
    }
    const { authorization } = request.headers;
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      ...(authorization ? { authorization } : {}),
    };
    const answer = await fetch(exchangeEndpoint, { method: "POST", headers, body });
    return json(answer.status, await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close(),
  };
}
