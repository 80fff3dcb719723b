/**
 * The keys about tool servers: where each is, who we are to it, who may use it (docs/tool-servers). What a server says of
 * itself is found when it is used; a key here is the operator's word over that.
 */
import { z } from "zod";
import { type Secret, secret } from "../kernel/secret.js";
import { allowing, authorizeParameters, flag, oneOf, secretText, text, urlProblem, webUrl } from "./values.js";

/** Ways to be known to an authorization server, then those in which nobody is asked. */
const registrations = [
  "auto",
  "static",
  "cimd",
  "dynamic",
  "client-credentials",
  "enterprise",
  "workload",
  "key",
  "provider",
] as const;

/** What goes behind `Authorization:` (RFC 9110 §11.6.2); a bare key is a bearer token. */
const keyHeader = () =>
  allowing(
    z
      .string()
      .regex(/^[\x21-\x7e]([\x20-\x7e]{0,4094}[\x21-\x7e])?$/, "is no value of a header")
      .transform((value) => secret(value.includes(" ") ? value : `Bearer ${value}`)),
    "a key, or the whole value of the Authorization header with its scheme",
    { secret: true },
  );

/** A server's URL may have a query, and names what tokens are good for: a fragment means nothing there (RFC 8707 §2). */
const serverUrl = () =>
  allowing(
    z.string().superRefine((value, ctx) => {
      const problem = urlProblem(value, false) ?? (value.includes("#") ? "must not have a fragment" : undefined);
      if (problem !== undefined) ctx.addIssue({ code: "custom", message: problem });
    }),
    "an absolute https URL without fragment",
  );

/** Which `resource` its metadata may name (RFC 9728 §3.3); a URL is kept as it is written, since it is compared so. */
const resourceIdentifier = () =>
  allowing(
    z.string().superRefine((value, ctx) => {
      if (value === "prefix" || value === "exact") return;
      const problem = urlProblem(value, false) ?? (value.includes("#") ? "must not have a fragment" : undefined);
      if (problem !== undefined) ctx.addIssue({ code: "custom", message: problem });
    }),
    "prefix, exact, or an absolute https URL without fragment",
  );

/** An id that is a URL: https, and with a path (Client ID Metadata Document §3). */
const documentUrl = () =>
  allowing(
    webUrl({ bare: true }).refine((value) => {
      if (!URL.canParse(value)) return false;
      const { protocol, pathname, href } = new URL(value);
      return protocol === "https:" && pathname !== "/" && href === value;
    }, "is no id of a client metadata document"),
    "null, or an https URL with a path, without query and fragment, as a browser would write it",
  );

const scope = () =>
  allowing(
    z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/),
    "a scope: printable ASCII without spaces, quotes and backslashes",
  );

/** What says who is calling, or what the transport itself sets, is not for a configuration to overwrite. */
const reservedHeaders =
  /^(?:authorization|proxy-.*|cookie|host|connection|transfer-encoding|te|upgrade|trailer|content-.*|accept|dpop|mcp-.*|origin|forwarded|x-forwarded-.*)$/i;

const headers = () =>
  allowing(
    z.record(z.string(), z.string()).transform((value, ctx): Readonly<Record<string, Secret>> => {
      const kept: [string, Secret][] = [];
      for (const [name, content] of Object.entries(value)) {
        const problem = !/^[!#$%&'*+.^_`|~\w-]{1,100}$/.test(name)
          ? "is no name of a header"
          : reservedHeaders.test(name)
            ? "is a header that is not the configuration's to set"
            : !/^[\x20-\x7e]{1,4096}$/.test(content)
              ? "is no value of a header"
              : undefined;
        if (problem === undefined) kept.push([name.toLowerCase(), secret(content)]);
        else ctx.addIssue({ code: "custom", path: [name], message: problem });
      }
      return Object.fromEntries(kept);
    }),
    "a map of header names and values, without Authorization, Cookie and those of the transport",
    { secret: true },
  );

const role = () => allowing(z.string().regex(/^[a-z][a-z0-9_-]{0,31}$/), "a name of roles.order");

const access = z
  .strictObject({
    roles: z
      .array(role())
      .max(100)
      .default(["user", "admin"])
      .describe("Roles that may use it; an empty list asks for none. `groups` must be met as well."),
    groups: z
      .array(text(256))
      .max(1_000)
      .default([])
      .describe("Groups of which one must be the person's; an empty list asks for none."),
    users: z
      .array(text(320))
      .max(1_000)
      .default([])
      .describe("People who may use it whatever their role and groups: e-mail addresses or user ids."),
  })
  .prefault({})
  .describe("Who may use it; asked at the start, at the callback and at every use.");

export const toolServerSchema = z.strictObject({
  id: allowing(z.string().regex(/^[a-z0-9-]{1,32}$/), "1 to 32 of a-z, 0-9 and -").describe(
    "Name of the tool server in URLs and records; its connection is `tool:<id>`. Another id is another connection.",
  ),
  name: text(100).nullable().default(null).describe("Name that people see; null shows the id."),
  url: serverUrl().describe("Where the MCP server is: the URL that a client is given."),
  enabled: flag().default(true).describe("Switched off, nobody can connect or use it; what people connected is kept."),
  registration: oneOf(...registrations)
    .default("auto")
    .describe(
      "Who we are to its authorization server. `auto`: `clientId` if there is one, else a client metadata document where the server takes one and `baseUrl` is public, else dynamic registration. The last five ask nobody for consent: `client-credentials` asks as `clientId` itself, `enterprise` with an assertion of the sign-in provider about the person, `workload` with the token of `workloadTokenFile`, `provider` sends a token that the sign-in provider gives for this server, `key` sends `key`.",
    ),
  key: keyHeader()
    .nullable()
    .default(null)
    .describe(
      "For `registration: key`: what is sent as `Authorization`. Without a scheme (`Basic …`, `Token …`) it is sent as `Bearer`. For a header of another name use `headers`.",
    ),
  provider: allowing(z.string().regex(/^[a-z0-9-]{1,32}$/), "null, or the id of a provider")
    .nullable()
    .default(null)
    .describe(
      "The sign-in provider whose word counts at this server, for `registration: provider` and `enterprise`; null is the only one that there is.",
    ),
  passToken: flag()
    .default(false)
    .describe(
      "For `registration: provider`: with `true` the person's own access token is sent where the server publishes no metadata, and where that provider exchanges tokens although the server's metadata names it. With `false` it is sent only where every authorization server that the metadata names is that provider, and the provider does not list token exchange. In all other cases a token is got for the server (RFC 8693); where the metadata names another authorization server, always.",
    ),
  workloadTokenFile: text(1_000)
    .nullable()
    .default(null)
    .describe(
      "For `registration: workload`: the file into which the platform writes a JWT about this program. It is read at each use, so that a token that is renewed there is used.",
    ),
  headers: headers()
    .prefault({})
    .describe("Further headers of every request to the tool server. Kept like secrets, since some are."),
  clientId: text(1_000)
    .nullable()
    .default(null)
    .describe("The client id that its authorization server gave, for one that registers nobody by itself."),
  clientSecret: secretText().nullable().default(null).describe("The secret of `clientId`; null for a public client."),
  clientKey: secretText("a private key: PEM (PKCS #8) or a JWK as JSON text, best as ${file:/run/secrets/name}")
    .nullable()
    .default(null)
    .describe("Private key of `clientId`, for `private_key_jwt`."),
  tokenEndpointAuthMethod: oneOf("auto", "client_secret_basic", "client_secret_post", "private_key_jwt", "none")
    .default("auto")
    .describe(
      "How `clientId` authenticates at the token endpoint, or what dynamic registration asks for. `auto` follows the metadata, basic first.",
    ),
  authorizeParams: authorizeParameters().prefault({}).describe("Extra parameters of the authorization request."),
  initialAccessToken: secretText()
    .nullable()
    .default(null)
    .describe("What a registration endpoint that is not open to everybody wants to see (RFC 7591)."),
  authorizationServer: webUrl({ bare: true })
    .nullable()
    .default(null)
    .describe(
      "Pins the issuer of its authorization server: one of several that it names, or the one where it names none. null takes what it names.",
    ),
  scopes: z
    .array(scope())
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .describe("Scopes to ask for; null asks for what the server challenges with, else for those that it lists."),
  resource: oneOf("auto", "include", "omit")
    .default("auto")
    .describe(
      "Whether `resource` (RFC 8707) names the tool server to its authorization server. `auto` leaves it out for Entra, which refuses it, and where nothing but the paths of 2025-03-26 is known.",
    ),
  resourceIdentifier: resourceIdentifier()
    .default("prefix")
    .describe(
      "Which `resource` its metadata may name. `prefix`: its URL, or, with a warning, a part of it that ends at a path segment. `exact` forbids that part. A URL pins that text, of what `prefix` would take, and takes no other.",
    ),
  clientMetadata: oneOf("server", "installation")
    .default("server")
    .describe(
      "Which client metadata document is our id: one of this server alone, or the installation's, which lists the redirect URIs of all.",
    ),
  clientMetadataUrl: documentUrl()
    .nullable()
    .default(null)
    .describe("A client metadata document that lies elsewhere; null is ours below `{base}/client-metadata`."),
  dpop: oneOf("auto", "always", "never")
    .default("auto")
    .describe(
      "Whether tokens are bound to a key (DPoP, RFC 9449). `auto`: where the tool server and its authorization server say that they know it. `always` refuses any other token.",
    ),
  refreshScope: oneOf("omit", "requested", "granted")
    .default("omit")
    .describe("Which `scope` a refresh asks for: none, those that were asked for, or those that were granted."),
  allowMissingPkceMetadata: flag()
    .default(false)
    .describe("Takes a server whose metadata does not list S256, for one that is known to do it. PKCE is sent anyway."),
  allowIssuerMismatch: webUrl({ bare: true })
    .nullable()
    .default(null)
    .describe(
      "The exact issuer that its metadata may name although it was found under another. For metadata alone, never for a callback.",
    ),
  access,
});

export const toolServersSchema = z
  .array(toolServerSchema)
  .max(1_000)
  .default([])
  .describe("Servers that people connect their own accounts of: MCP servers with OAuth 2.1 (docs/tool-servers).");
