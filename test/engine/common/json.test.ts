import assert from "node:assert/strict";
import { MOST_NESTED, excerpt, parseJson } from "../../../engine/common/json.ts";

const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

describe("JSON from elsewhere", () => {
  it("is read as it is, with every name its own", () => {
    const value = parseJson('{"__proto__":{"a":[1,null,"x"]}}') as object;
    assert.deepEqual(Object.entries(value), [["__proto__", { a: [1, null, "x"] }]]);
    assert.equal(JSON.stringify(parseJson(nested(MOST_NESTED))), nested(MOST_NESTED));
  });

  for (const [what, text, message] of [
    ["no JSON", "{", "not JSON"],
    ["nested too deep", nested(MOST_NESTED + 1), "JSON that is nested more than 200 deep"],
    ["nested far too deep", nested(1_000_000), "JSON that is nested more than 200 deep"],
    ["with a number beyond a double", '{"a":[1e999]}', "JSON with a number beyond a double"],
  ] as const) {
    it(`is refused where it is ${what}`, () => {
      assert.throws(() => parseJson(text), { name: "JsonError", message });
    });
  }

  it("is refused with more values than are asked for, and read with as many, whatever its strings hold", () => {
    const text = '{"a":[1,2],"b":",[{\\\\\\",","c":{}}';
    assert.deepEqual(parseJson(text, 6), { a: [1, 2], b: ',[{\\",', c: {} });
    assert.throws(() => parseJson(text, 5), { name: "JsonError", message: "JSON with more than 5 values" });
    assert.throws(() => parseJson('"', 0), { message: "not JSON" });
  });

  it("stands in messages cut short, however deep and long it is", () => {
    assert.equal(excerpt({ a: 1 }), '{"a":1}');
    assert.equal(excerpt(undefined), "nothing");
    assert.equal(excerpt("x".repeat(1e6)).length, 61);
    assert.equal(excerpt(JSON.parse(nested(100_000))), "a value that is nested too deep");
  });
});
