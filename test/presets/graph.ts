/**
 * Microsoft Graph as its pages describe it, on loopback: pages of memberships with `value`, entries of `@odata.type` and
 * `id`, and `@odata.nextLink` on all pages but the last (https://learn.microsoft.com/en-us/graph/api/user-list-transitivememberof,
 * https://learn.microsoft.com/en-us/graph/paging), 401 and 403 as objects with `error.code`
 * (https://learn.microsoft.com/en-us/graph/errors). The claims that point to it are those of
 * https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference#groups-overage-claim.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export const accessToken = "EwB4A8l6BAAU";

/** What an ID token says in place of `groups`; the link names the API that is gone, as it often does. */
export const overage = {
  _claim_names: { groups: "src1" },
  _claim_sources: {
    src1: { endpoint: "https://graph.windows.net/8eaef023-2b34-4da1-9baa-8bc8c9d6a490/users/u/getMemberObjects" },
  },
};

export const groupId = (n: number): string => `00000000-0000-0000-0000-${String(n).padStart(12, "0")}`;
export const aGroup = (n: number) => ({ "@odata.type": "#microsoft.graph.group", id: groupId(n) });

export async function startGraph() {
  const says = {
    /** Entries by page. */
    pages: [[aGroup(1)]] as readonly (readonly unknown[])[],
    /** Where page `n` says the next one is. */
    link: (n: number): unknown => `${graph.origin}/v1.0/me/transitiveMemberOf?$select=id&$top=999&$skiptoken=${n}`,
    status: 200,
    /** One page that fails while the others are there. */
    failing: undefined as { readonly page: number; readonly status: number } | undefined,
    contentType: "application/json;odata.metadata=minimal",
    /** Instead of a page. */
    body: undefined as string | undefined,
  };
  const requests: { url: URL; authorization: string | undefined }[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", graph.origin);
    requests.push({ url, authorization: request.headers.authorization });
    const answer = (status: number, value: unknown) =>
      response.writeHead(status, { "Content-Type": says.contentType }).end(says.body ?? JSON.stringify(value));
    if (request.headers.authorization !== `Bearer ${accessToken}`)
      return answer(401, { error: { code: "InvalidAuthenticationToken", message: "…" } });
    if (says.status !== 200)
      return answer(says.status, { error: { code: "Authorization_RequestDenied", message: "…" } });
    const n = Number(url.searchParams.get("$skiptoken") ?? 0);
    if (says.failing?.page === n)
      return answer(says.failing.status, { error: { code: "serviceNotAvailable", message: "…" } });
    const last = n >= says.pages.length - 1;
    return answer(200, {
      "@odata.context": `${graph.origin}/v1.0/$metadata#directoryObjects(id)`,
      ...(last ? {} : { "@odata.nextLink": says.link(n + 1) }),
      value: says.pages[n] ?? [],
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const graph = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    says,
    requests,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return graph;
}
