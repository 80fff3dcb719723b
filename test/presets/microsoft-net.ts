/**
 * Microsoft's hosts on loopback under their own names: Entra and Graph behind TLS, reached through an HTTP proxy as an
 * operator's would be. So the preset is the one that ships, with no address of it changed: `login.microsoftonline.com`
 * says who somebody is, and `graph.microsoft.com` which groups did not fit into the token.
 *
 * The keys were made for these tests, protect nothing, and are meant to be read; valid from 2020 to 2120.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request as httpRequest, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ConfigInput } from "../../src/config/schema.js";
import { createLatchkey } from "../../src/create-latchkey.js";
import type { Clock } from "../../src/kernel/time.js";
import { type Browser, createBrowser } from "../../src/testing/browser.js";
import { type CapturedLog, createCapturedLog } from "../../src/testing/captured-log.js";
import { startFakeProvider } from "../../src/testing/fake-provider.js";
import { loopbackFetch } from "../../src/testing/loopback-fetch.js";
import { openWorldDatabase } from "../../src/testing/world-database.js";
import { closing } from "../options/setting.js";
import { accessToken, startGraph } from "./graph.js";
import { ada, contoso } from "./microsoft-entra.js";

const authority = `
-----BEGIN CERTIFICATE-----
MIIBezCCASKgAwIBAgICIAAwCgYIKoZIzj0EAwIwJDEiMCAGA1UEAwwZTGF0Y2hr
ZXkgdGVzdCBhdXRob3JpdHkgMjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAw
MDAwMFowJDEiMCAGA1UEAwwZTGF0Y2hrZXkgdGVzdCBhdXRob3JpdHkgMjBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABJeIR8BroJILIln+DfcakWkNwybsj3u33o4p
CAdaKPvvPPAeBHaXNAup/nRFDNGLs4CY7mf688lDViMgQKAv2C6jQjBAMA8GA1Ud
EwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMB0GA1UdDgQWBBQT0B81QzDfeXlt
zmHFacBrnkn99zAKBggqhkjOPQQDAgNHADBEAiEAqD8faJqvIzscTmzD+bXIGYRP
7K+S26UGMM11AOylyHMCHzNKnUORkRdkBd3s9GiGxAP4a+reHVQtzhI7Wr8P3ZY=
-----END CERTIFICATE-----
`.trimStart();
const certificate = `
-----BEGIN CERTIFICATE-----
MIIBuDCCAV6gAwIBAgICIAEwCgYIKoZIzj0EAwIwJDEiMCAGA1UEAwwZTGF0Y2hr
ZXkgdGVzdCBhdXRob3JpdHkgMjAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAw
MDAwMFowJDEiMCAGA1UEAwwZbG9naW4ubWljcm9zb2Z0b25saW5lLmNvbTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABI8aqh5rQN17eW4cQoMDmschJwzWOteeuzWz
niRnLTt86EKHJjk3HLkFXGK8UpZrbCnksWPY7HK79GesRcjacJSjfjB8MAkGA1Ud
EwQCMAAwEwYDVR0lBAwwCgYIKwYBBQUHAwEwOQYDVR0RBDIwMIIZbG9naW4ubWlj
cm9zb2Z0b25saW5lLmNvbYITZ3JhcGgubWljcm9zb2Z0LmNvbTAfBgNVHSMEGDAW
gBQT0B81QzDfeXltzmHFacBrnkn99zAKBggqhkjOPQQDAgNIADBFAiEAyoGPeATh
ECAuRaIZThD/89uAshgRplvV0zYy3mgGf4MCIEG5cP8buV76sbvpOeLIJamBi75v
4t4729UOB7QfB7CY
-----END CERTIFICATE-----
`.trimStart();
const key = `
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg53Ztw8uggOWd9Gi0
aqm1Iap+tmZ+9lzzs8ffva/I/dKhRANCAASPGqoea0Dde3luHEKDA5rHIScM1jrX
nrs1s54kZy07fOhChyY5Nxy5BVxivFKWa2wp5LFj2Oxyu/RnrEXI2nCU
-----END PRIVATE KEY-----
`.trimStart();

const login = "https://login.microsoftonline.com";
const baseUrl = "http://localhost:3000";

const closable = async (server: Server) => {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => void sockets.add(socket.on("error", () => {})));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  await closing(Promise.resolve({ close }));
  return (server.address() as AddressInfo).port;
};

/** Passes what comes on to the server of its host name. */
const passingOn =
  (ports: Readonly<Record<string, number>>): RequestListener =>
  (incoming, answer) => {
    const { headers, method = "GET", url = "/" } = incoming;
    const port = ports[headers.host ?? ""];
    if (port === undefined) return void answer.writeHead(421).end();
    const onward = httpRequest({ host: "127.0.0.1", port, method, path: url, headers }, (came) => {
      answer.writeHead(came.statusCode ?? 502, came.headers);
      came.pipe(answer);
    });
    onward.on("error", () => answer.destroy());
    incoming.pipe(onward);
  };

/** A proxy that tunnels every name to one port, and remembers the names. */
async function aProxy(port: number) {
  const asked: string[] = [];
  const server = createServer((_request, response) => response.writeHead(403).end());
  server.on("connect", (request: { url: string }, socket: Socket) => {
    asked.push(request.url);
    const upstream = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(upstream).pipe(socket);
    });
    const end = () => {
      socket.destroy();
      upstream.destroy();
    };
    for (const side of [socket, upstream]) side.on("error", end).on("close", end);
  });
  return { port: await closable(server), asked };
}

export interface MicrosoftNet {
  readonly graph: Awaited<ReturnType<typeof startGraph>>;
  readonly log: CapturedLog;
  readonly latchkey: Awaited<ReturnType<typeof createLatchkey>>;
  /** `name:port` of every tunnel that was asked for. */
  readonly asked: readonly string[];
  /** What the next ID tokens say besides who Ada is. */
  claims: Readonly<Record<string, unknown>>;
  browser(): Browser;
  /** Ada signs in, or somebody else by their subject. */
  signIn(browser?: Browser, sub?: string): Promise<SignedIn>;
  session(browser: Browser): Promise<SessionBody & { readonly status: number }>;
}
interface SessionBody {
  readonly user?: { readonly id: string; readonly role: string; readonly groups: readonly string[] };
  readonly session?: { readonly id: string };
}
interface SignedIn extends SessionBody {
  readonly browser: Browser;
  readonly error: string | null;
  readonly status: number;
}

export async function aMicrosoftNet(config: Partial<ConfigInput> = {}, clock?: Clock): Promise<MicrosoftNet> {
  const timed = clock === undefined ? {} : { clock };
  const provider = await startFakeProvider({ ...timed, path: `/${contoso}/v2.0`, alg: "RS256", people: [ada] });
  await closing(Promise.resolve({ close: () => provider.stop() }));
  const graph = await closing(startGraph());
  graph.says.link = (n) => `https://graph.microsoft.com/v1.0/me/transitiveMemberOf?$select=id&$top=999&$skiptoken=${n}`;
  const hosts = {
    "login.microsoftonline.com": provider.port,
    "graph.microsoft.com": Number(new URL(graph.origin).port),
  };
  const secure = await closable(createTlsServer({ key, cert: certificate }, passingOn(hosts)));
  const proxy = await aProxy(secure);

  const origin = new URL(provider.issuer).origin;
  const named = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(origin, login));
  provider.tweaks.metadata = ({ authorization_response_iss_parameter_supported: _, ...metadata }) =>
    named({ ...metadata, revocation_endpoint: undefined, pushed_authorization_request_endpoint: undefined });
  provider.tweaks.jwks = (keys) => keys.map(({ alg: _, ...one }) => ({ ...one, issuer: `${login}/{tenantid}/v2.0` }));
  provider.tweaks.authorizationResponse = (parameters) => ({ ...parameters, iss: undefined });
  provider.tweaks.tokenAnswer = (answer) => ({ ...answer, access_token: accessToken });
  provider.tweaks.idTokenClaims = ({ at_hash: _, auth_time: __, email_verified: ___, ...claims }) => ({
    ...named(claims),
    tid: contoso,
    ver: "2.0",
    ...net.claims,
  });

  const folder = await mkdtemp(join(tmpdir(), "latchkey-microsoft-"));
  await closing(Promise.resolve({ close: () => rm(folder, { recursive: true, force: true }) }));
  await writeFile(join(folder, "authority.pem"), authority);
  const database = await openWorldDatabase();
  await closing(Promise.resolve({ close: () => database.drop() }));
  const log = createCapturedLog();
  const latchkey = await closing(
    createLatchkey({
      baseUrl,
      secrets: [Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")],
      ...database.config,
      rateLimits: "off",
      ...config,
      egress: { proxy: `http://127.0.0.1:${proxy.port}`, ca: join(folder, "authority.pem") },
      signIn: { signUp: true, claims: { picture: null }, ...config.signIn },
      providers: [
        {
          id: "entra",
          preset: "microsoft",
          tenant: contoso,
          clientId: provider.client.clientId,
          clientSecret: provider.client.clientSecret ?? null,
          scopes: ["openid", "email", "profile", "offline_access", "User.Read"],
          ...config.providers?.[0],
        },
      ],
      ports: { log, ...timed },
    }),
  );

  const browser = () =>
    createBrowser((request) => {
      const url = new URL(request.url);
      if (url.origin === baseUrl) return latchkey.fetch(request, { address: "127.0.0.1" });
      return loopbackFetch(new Request(url.origin === login ? origin + url.pathname + url.search : url, request));
    }, timed);
  const session = async (at: Browser) => {
    const cookie = at.cookies.header(`${baseUrl}/auth/session`) ?? "";
    const answer = await latchkey.fetch(new Request(`${baseUrl}/auth/session`, { headers: { cookie } }));
    return { status: answer.status, ...((await answer.json()) as SessionBody) };
  };
  const net: MicrosoftNet = {
    graph,
    log,
    latchkey,
    asked: proxy.asked,
    claims: {},
    browser,
    session,
    async signIn(at = browser(), sub = ada.sub) {
      const began = await at.get(`${baseUrl}/auth/providers/entra/start`, { follow: false });
      const authorization = new URL(began.location ?? "");
      authorization.searchParams.set("login_hint", sub);
      if (!provider.people.has(sub))
        provider.people.set(sub, { sub, name: sub, claims: { email: `${sub}@contoso.com` } });
      const page = await at.get(authorization.href, { from: `${baseUrl}/auth/sign-in` });
      return { browser: at, error: new URL(page.url).searchParams.get("error"), ...(await session(at)) };
    },
  };
  return net;
}
