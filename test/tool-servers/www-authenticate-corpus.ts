/**
 * `WWW-Authenticate` values as servers send them, and as they send them broken: what our grammar has to make of each. The
 * fuzzing starts from here; a header that ever misled us is added.
 */
import type { Challenge } from "../../src/tool-servers/found.js";

const bearer = (more: Partial<Challenge>): Challenge => ({
  scheme: "Bearer",
  resourceMetadata: null,
  scopes: null,
  error: null,
  ...more,
});
const at = "https://mcp.example/.well-known/oauth-protected-resource";

export const headers: readonly (readonly [why: string, header: string, expected: Challenge | null])[] = [
  ["one challenge with one parameter", `Bearer resource_metadata="${at}"`, bearer({ resourceMetadata: at })],
  [
    "all that a server may say",
    `Bearer realm="mcp", error="invalid_token", error_description="No, really", scope="a b", resource_metadata="${at}"`,
    bearer({ error: "invalid_token", scopes: ["a", "b"], resourceMetadata: at }),
  ],
  ["the scheme alone", "Bearer", bearer({})],
  ["another spelling of scheme and name", `bEaReR RESOURCE_METADATA="${at}"`, bearer({ resourceMetadata: at })],
  ["blanks around the equals sign", `Bearer resource_metadata = "${at}"`, bearer({ resourceMetadata: at })],
  ["a tab and empty list elements", `,, Bearer\t resource_metadata="${at}" ,,`, bearer({ resourceMetadata: at })],
  [
    "no quotes around a URL",
    `Bearer resource_metadata=${at}, scope=a`,
    bearer({ resourceMetadata: at, scopes: ["a"] }),
  ],
  ["no comma between parameters", `Bearer error="e" scope="a"`, bearer({ error: "e", scopes: ["a"] })],
  ["a quoted pair", 'Bearer error="in\\"valid\\\\"', bearer({ error: 'in"valid\\' })],
  ["commas and schemes inside a string", 'Bearer realm="a, Basic realm=b", error="x"', bearer({ error: "x" })],
  ["Basic before it", `Basic realm="x", Bearer resource_metadata="${at}"`, bearer({ resourceMetadata: at })],
  ["Basic behind it", `Bearer error="e", Basic realm="x", scope="stolen"`, bearer({ error: "e" })],
  [
    "Digest with its many parameters",
    'Digest realm="d", qop="auth", nonce="n", Bearer scope="s"',
    bearer({ scopes: ["s"] }),
  ],
  ["Negotiate with a token68", `Negotiate YIIB6w==, Bearer error="e"`, bearer({ error: "e" })],
  ["a token68 that looks like a parameter", `Negotiate scope=, Bearer error="e"`, bearer({ error: "e" })],
  ["only others", 'Basic realm="x", Negotiate', null],
  ["nothing", "", null],
  ["only commas", ",,,", null],
  ["a parameter without a scheme", `resource_metadata="${at}"`, null],
  ["a scheme that ends like ours", `XBearer resource_metadata="${at}"`, null],
  ["a scheme that begins like ours", `Bearer2 resource_metadata="${at}"`, null],
  [
    "DPoP alone",
    'DPoP algs="ES256", error="use_dpop_nonce"',
    { ...bearer({ error: "use_dpop_nonce" }), scheme: "DPoP" },
  ],
  ["both, Bearer second", 'DPoP algs="ES256", Bearer scope="a"', bearer({ scopes: ["a"] })],
  [
    "both, where only DPoP says where",
    `Bearer scope="a", DPoP algs="ES256", resource_metadata="${at}"`,
    { ...bearer({ resourceMetadata: at }), scheme: "DPoP" },
  ],
  ["two Bearer challenges", `Bearer realm="old", Bearer resource_metadata="${at}"`, bearer({ resourceMetadata: at })],
  ["a parameter twice, the same", 'Bearer scope="a", scope="a"', bearer({ scopes: ["a"] })],
  ["a parameter twice, two meanings", 'Bearer error="e", scope="a", scope="b"', bearer({ error: "e" })],
  ["an empty scope", 'Bearer scope=""', bearer({})],
  ["blanks in a scope", 'Bearer scope="  a   b a "', bearer({ scopes: ["a", "b"] })],
  ["characters that no scope has", 'Bearer scope="a \\"b\\" c\u00e9 d"', bearer({ scopes: ["a", "d"] })],
  ["an unfinished string", 'Bearer error="e", realm="never ends', bearer({ error: "e" })],
  ["what follows an unfinished string", 'Bearer realm="never ends, scope=a', bearer({})],
  ["another header behind an unfinished string", 'Bearer realm="x, Bearer error=e', bearer({})],
  ["an equals sign and nothing", "Bearer error=, scope=a", bearer({ scopes: ["a"] })],
  ["two equals signs", 'Bearer error=="e", scope="a"', bearer({})],
  ["rubbish", "Bearer @@@, (comment), scope=a", bearer({})],
  ["a line of spaces", `Bearer ${" ".repeat(3_000)}error="e"`, bearer({ error: "e" })],
  ["a thousand challenges", `${'Basic realm="x", '.repeat(900)}Bearer error="e"`, bearer({ error: "e" })],
  ["what lies behind 16 KB", `Basic realm="${"x".repeat(17_000)}", Bearer error="e"`, null],
  ["names of the prototype", 'Bearer __proto__="x", constructor="y", error="e"', bearer({ error: "e" })],
];
