/** The grammar of `WWW-Authenticate`, from both sides: what is written by it is read back, and nothing makes it throw. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { headers } from "../../test/tool-servers/www-authenticate-corpus.js";
import { parseAuthChallenges } from "./auth-challenges.js";

const characters = [..."!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"];
const token = fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 12 });
const token68 = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(..."abcXYZ019-._~+/"), minLength: 1, maxLength: 20 }),
    fc.constantFrom("", "=", "=="),
  )
  .map((parts) => parts.join(""));
const text = fc.string({ unit: fc.constantFrom(...' !,=\\"abcBearer\tñ;:/'), maxLength: 20 });
const blank = fc.constantFrom("", " ", "  ", "\t");

interface Written {
  readonly scheme: string;
  readonly token68: string | null;
  readonly parameters: readonly { name: string; value: string; written: string }[];
}
const quoted = (value: string): string => `"${value.replace(/["\\]/g, "\\$&")}"`;
const parameter = fc
  .record({ name: token, value: fc.oneof(text, token), before: blank, behind: blank, plain: fc.boolean() })
  .map(({ name, value, before, behind, plain }) => ({
    name,
    value,
    written: `${name}${before}=${behind}${plain && /^[!#$%&'*+.^_`|~\w-]+$/.test(value) ? value : quoted(value)}`,
  }));
const challenge: fc.Arbitrary<Written> = fc.oneof(
  fc.record({ scheme: token, token68, parameters: fc.constant([]) }),
  fc.record({
    scheme: token,
    token68: fc.constant(null),
    parameters: fc.uniqueArray(parameter, { selector: ({ name }) => name, maxLength: 5 }),
  }),
);
const comma = fc.constantFrom(",", ", ", " , ", ",,", ", ,\t");
const written = fc.tuple(fc.array(challenge, { maxLength: 5 }), comma).map(([challenges, between]) => ({
  challenges,
  header: challenges
    .map(({ scheme, token68, parameters }) => {
      const inside = token68 ?? parameters.map((one) => one.written).join(between);
      return inside === "" ? scheme : `${scheme} ${inside}`;
    })
    .join(between),
}));

describe("WWW-Authenticate", () => {
  test("TS-1 what is written by the grammar is read back whole, each parameter under its own scheme", () => {
    fc.assert(
      fc.property(written, ({ challenges, header }) => {
        const read = parseAuthChallenges(header).map((one) => ({
          ...one,
          parameters: Object.fromEntries(one.parameters),
        }));
        const expected = challenges.map((one) => ({
          scheme: one.scheme,
          token68: one.token68,
          parameters: Object.fromEntries(one.parameters.map(({ name, value }) => [name, value])),
        }));
        expect(read).toEqual(expected);
      }),
      { numRuns: 3_000 },
    );
  });

  test("TS-1 a scheme of ours gets nothing of what others around it say", () => {
    const foreign = challenge.filter(({ scheme }) => scheme !== "bearer");
    const render = (one: Written): string =>
      `${one.scheme} ${one.token68 ?? one.parameters.map((each) => each.written).join(", ")}`.trim();
    fc.assert(
      fc.property(fc.array(foreign, { maxLength: 3 }), fc.array(foreign, { maxLength: 3 }), (before, behind) => {
        const header = [...before.map(render), 'Bearer scope="mine"', ...behind.map(render)].join(", ");
        const [ours, more] = parseAuthChallenges(header).filter(({ scheme }) => scheme === "bearer");
        expect([...(ours?.parameters ?? [])]).toEqual([["scope", "mine"]]);
        expect(more).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test("TS-1 20,000 headers made of pieces of real ones: none throws, none hangs, none gives a parameter without a scheme", () => {
    const pieces = headers.map(([, header]) => header).filter((header) => header.length < 500);
    const cut = fc
      .tuple(fc.constantFrom(...pieces), fc.nat(200), fc.nat(200), fc.string({ maxLength: 3 }))
      .map(
        ([piece, from, length, noise]) =>
          piece.slice(from % (piece.length + 1), (from % (piece.length + 1)) + length) + noise,
      );
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 6 }), (parts) => {
        for (const { scheme, parameters } of parseAuthChallenges(parts.join(""))) {
          expect(scheme).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
          for (const name of parameters.keys()) expect(name).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
        }
      }),
      { numRuns: 20_000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (any) => void parseAuthChallenges(any)),
      { numRuns: 5_000 },
    );
  });
});
