import assert from "node:assert/strict";
import fc from "fast-check";
import { begin, follow, mayEnd, mustEnd } from "../../../../engine/serving/server/grammar/automaton.ts";
import { Guide, TokenTexts } from "../../../../engine/serving/server/grammar/guide.ts";
import { ANY, ANY_OBJECT, type ValueShape, shapeOfSchema } from "../../../../engine/serving/server/grammar/schema.ts";
import { Random } from "../../../../engine/training/index.ts";

/** True if a text is a whole value of a shape. */
function fits(shape: ValueShape, text: string): boolean {
  return mayEnd(follow(begin(shape), text));
}

function assertFits(shape: ValueShape, good: readonly unknown[], bad: readonly unknown[]): void {
  for (const value of good) assert.ok(fits(shape, JSON.stringify(value)), JSON.stringify(value));
  for (const value of bad) assert.ok(!fits(shape, JSON.stringify(value)), JSON.stringify(value));
}

describe("the grammar of JSON", () => {
  it("takes every value as it is written, compact or indented", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        assert.ok(fits(ANY, text));
        assert.ok(fits(ANY, JSON.stringify(JSON.parse(text), null, 2)));
      }),
    );
  });

  it("takes no text that JSON.parse refuses, and knows when it is whole", () => {
    const unit = fc.constantFrom(...Array.from('{}[]",:\\ eE+-.019tfnulrsa\n\u0001'));
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
        const state = follow(begin(ANY), text);
        if (!mayEnd(state)) return;
        assert.doesNotThrow(() => JSON.parse(text) as unknown);
        if (mustEnd(state)) assert.equal(follow(state, "0").length + follow(state, ",").length, 0);
      }),
      { numRuns: 3000 },
    );
  });

  it("follows every beginning of a value", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), (text) => {
        for (let end = 0; end <= text.length; end++) assert.ok(follow(begin(ANY), text.slice(0, end)).length > 0);
      }),
    );
  });
});

describe("the grammar of a JSON schema", () => {
  it("keeps to properties in their order, and asks for those required", () => {
    const shape = shapeOfSchema({
      type: "object",
      properties: { a: { type: "integer" }, b: { type: "string" }, c: { type: "boolean" } },
      required: ["a", "c"],
      additionalProperties: false,
    });
    assertFits(
      shape,
      [
        { a: 1, c: true },
        { a: -20, b: 'x"y', c: false },
      ],
      [
        {},
        { a: 1 },
        { a: 1.5, c: true },
        { a: 1, c: 1 },
        { a: 1, c: true, d: 1 },
        { c: true, a: 1 },
        [1],
        { a: 1, b: null, c: true },
      ],
    );
  });

  it("keeps to types, choices, lengths and references", () => {
    assertFits(shapeOfSchema({ enum: ["red", "reddish", 1, null] }), ["red", "reddish", 1, null], ["re", "blue", 12]);
    assertFits(shapeOfSchema({ type: ["number", "null"] }), [1, -0.5, 1e21, null], ["1", true]);
    assertFits(shapeOfSchema({ type: "string", minLength: 2, maxLength: 3 }), ["ab", "a\nb"], ["a", "abcd"]);
    assertFits(
      shapeOfSchema({ type: "array", items: { const: 7 }, minItems: 1, maxItems: 2 }),
      [[7], [7, 7]],
      [[], [7, 7, 7], [8]],
    );
    const tree = shapeOfSchema({
      $ref: "#/$defs/tree",
      $defs: {
        tree: {
          type: "object",
          properties: { left: { anyOf: [{ $ref: "#/$defs/tree" }, { type: "null" }] } },
          required: ["left"],
        },
      },
    });
    assertFits(tree, [{ left: null }, { left: { left: { left: null } } }], [{}, { left: 1 }]);
    assertFits(shapeOfSchema({ type: "object" }), [{ a: [1, { b: null }] }, {}], [[], 1]);
  });

  for (const [what, schema, message] of [
    ["a keyword that it cannot keep", { type: "string", pattern: "a" }, /"pattern" is not supported/],
    ["a type that is none", { type: "text" }, /"text" is not known/],
    ["a reference to nowhere", { $ref: "#/$defs/x" }, /leads nowhere/],
    ["a circle of references", { $ref: "#" }, /in a circle/],
    ["a circle of choices", { $defs: { a: { anyOf: [{ $ref: "#/$defs/a" }] } }, $ref: "#/$defs/a" }, /in a circle/],
    ["what is required and not there", { properties: {}, required: ["a"] }, /"a" is required/],
    [
      "another schema for other names",
      { type: "object", additionalProperties: { type: "string" } },
      /additionalProperties/,
    ],
    [
      "what is wrong further in",
      { properties: { a: { properties: { b: { oneOf: [] } } } } },
      /schema\.a\.b: the keyword "oneOf"/,
    ],
    ["lengths that contradict", { type: "string", minLength: 3, maxLength: 2 }, /must be counts/],
    ["no schema", "x", /a schema is an object/],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => shapeOfSchema(schema),
        (error: Error) => error.name === "ApiError" && message.test(error.message),
      );
    });
  }
});

describe("an answer that is kept to a grammar", () => {
  /** Tokens of one or two characters; the last one ends. */
  const ALPHABET = [
    ...new Set([
      ...Array.from('{}[]",:\\ abcn\n0123456789truefalsen.-'),
      '{"',
      '":',
      '",',
      "ab",
      'a"',
      "}}",
      "true",
      "null",
      "\ufffd",
    ]),
  ];
  const END = ALPHABET.length;
  const V = END + 1;
  const tokenizer = {
    decode: (ids: readonly number[]) => ids.map((id) => ALPHABET[id] ?? "").join(""),
    encode: (text: string) => Array.from(text, (one) => ALPHABET.indexOf(one)),
    decodeAll: () => "",
    isAdded: (id: number) => id === END,
  };
  const texts = new TokenTexts(tokenizer, V);

  function answer(shape: ValueShape, seed: number, sampling = { temperature: 1, topK: 0, topP: 1 }): string {
    const random = Random.of(seed, "guide");
    const guide = new Guide(shape, texts, [END]);
    let text = "";
    for (let at = 0; at < 400 && !guide.isWhole; at++) {
      const logits = Float32Array.from({ length: V }, () => 2 * random.normal());
      // Closing marks come often, so that answers end.
      for (const mark of ["}", "]", '"']) logits[ALPHABET.indexOf(mark)] = 3;
      const token = guide.draw(logits, sampling, random);
      assert.ok(token !== undefined);
      if (token === END) break;
      text += ALPHABET[token] ?? "";
    }
    return text;
  }

  it("is JSON of that shape, however it is sampled", () => {
    const shape = shapeOfSchema({
      type: "object",
      properties: { a: { type: "array", items: { type: "number" } }, b: { enum: ["ab", "ba"] } },
      required: ["a", "b"],
    });
    for (const sampling of [
      { temperature: 1, topK: 0, topP: 1 },
      { temperature: 0, topK: 0, topP: 1 },
      { temperature: 1.5, topK: 4, topP: 1 },
      { temperature: 1, topK: 0, topP: 0.6 },
    ]) {
      let nWhole = 0;
      for (let seed = 0; seed < 30; seed++) {
        const text = answer(shape, seed, sampling);
        if (!fits(shape, text)) continue; // cut at the most tokens
        nWhole += 1;
        const { a, b } = JSON.parse(text) as { a: unknown[]; b: string };
        assert.ok(a.every((one) => typeof one === "number") && ["ab", "ba"].includes(b));
      }
      assert.ok(nWhole > 20, `${nWhole} of 30 ended`);
    }
    for (let seed = 0; seed < 30; seed++) assert.match(answer(ANY_OBJECT, seed), /^\{/);
  });

  it("is drawn from the distribution of what fits, renormalised", () => {
    const shape = shapeOfSchema({ enum: ["a", "b", "c"] });
    const logits = new Float32Array(V).fill(1);
    const counts: Record<string, number> = {};
    const n = 3000;
    // Behind the quote, a has twice the weight of b and c, and nothing else fits but what is far likelier.
    for (const [mark, weight] of [
      ["a", 2],
      ["b", 1],
      ["c", 1],
      ["}", 50],
    ] as const)
      logits[ALPHABET.indexOf(mark)] = Math.log(weight);
    logits[ALPHABET.indexOf("ab")] = -20;
    const random = Random.of(9, "counts");
    for (let at = 0; at < n; at++) {
      const guide = new Guide(shape, texts, [END]);
      const quote = new Float32Array(V).fill(-30);
      quote[ALPHABET.indexOf('"')] = 0;
      guide.draw(quote, { temperature: 1, topK: 0, topP: 1 }, random);
      const drawn = guide.draw(logits, { temperature: 1, topK: 0, topP: 1 }, random) ?? 0;
      const text = ALPHABET[drawn] ?? "";
      counts[text] = (counts[text] ?? 0) + 1;
    }
    // "a" may also come as the token a". Four standard deviations of a share of a half are 4 %.
    const share = (counts["a"] ?? 0) / ((counts["a"] ?? 0) + (counts["b"] ?? 0) + (counts["c"] ?? 0));
    assert.ok(Math.abs(share - 0.5) < 0.05, JSON.stringify(counts));
  });

  it("ends where no token fits", () => {
    const guide = new Guide(shapeOfSchema({ const: "ÿ" }), texts, [END]);
    const draw = (): number | undefined =>
      guide.draw(new Float32Array(V), { temperature: 0, topK: 0, topP: 1 }, Random.of(1));
    assert.equal(ALPHABET[draw() ?? 0], '"');
    assert.equal(draw(), undefined);
  });
});
