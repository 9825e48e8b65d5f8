import assert from "node:assert/strict";
import { byBenchmark, pairKey, sorted, stars, verdict } from "../../../webview/tables/rates.ts";
import { rateOf } from "./rows.ts";

describe("win rates by benchmark", () => {
  const rows = [
    rateOf({ a: "salsa", adjusted: 0.6, p: 0.01 }),
    rateOf({ a: "salsa", seed: 1, adjusted: 0.58 }),
    rateOf({ a: "salsa", seed: 2, adjusted: 0.62 }),
    rateOf({ a: "mkl", adjusted: null, low: null, high: null, p: null }),
    rateOf({ a: "soup", adjusted: 0.7, p: 0.001 }),
    rateOf({ a: "salsa", benchmark: "outOfDistribution", adjusted: 0.5 }),
  ];

  it("stand in the order of the table, seeds under their pair", () => {
    const benchmarks = byBenchmark([rows]);
    const shown = benchmarks.map(({ benchmark, pairs }) => [benchmark, ...pairs.map(({ a }) => a)]);
    assert.deepEqual(shown, [
      ["inDistribution", "salsa", "mkl", "soup"],
      ["outOfDistribution", "salsa"],
    ]);
    assert.deepEqual(
      benchmarks[0]?.pairs[0]?.runs[0]?.seeds.map(({ seed }) => seed),
      [1, 2],
    );
  });

  it("take the only seed for the whole where nothing is pooled", () => {
    const only = byBenchmark([[rateOf({ a: "salsa", seed: 7 })]])[0]?.pairs[0]?.runs[0];
    assert.equal(only?.pooled.seed, 7);
    assert.deepEqual(only.seeds, []);
  });

  it("are sorted either way, with numbers that do not exist last", () => {
    const pairs = byBenchmark([rows])[0]?.pairs ?? [];
    const names = (isDescending: boolean): string[] =>
      sorted(pairs, { key: "adjusted", isDescending }, 0).map(({ a }) => a);
    assert.deepEqual(names(true), ["soup", "salsa", "mkl"]);
    assert.deepEqual(names(false), ["salsa", "soup", "mkl"]);
    assert.deepEqual(
      sorted(pairs, { key: "pair", isDescending: false }, 0).map(({ a }) => a),
      ["mkl", "salsa", "soup"],
    );
  });

  it("of several runs are all that any of them has, sorted by the numbers of one", () => {
    const other = [
      rateOf({ a: "dpo", adjusted: 0.9 }),
      rateOf({ a: "salsa", adjusted: 0.4 }),
      rateOf({ benchmark: "own" }),
    ];
    const benchmarks = byBenchmark([[], rows, other]);
    const shown = benchmarks.map(({ benchmark, pairs }) => [benchmark, ...pairs.map(({ a }) => a)]);
    assert.deepEqual(shown, [
      ["inDistribution", "salsa", "mkl", "soup", "dpo"],
      ["outOfDistribution", "salsa"],
      ["own", "salsa"],
    ]);
    const pairs = benchmarks[0]?.pairs ?? [];
    assert.deepEqual(
      pairs.map(({ runs }) => runs.map((run) => run?.pooled.adjusted)),
      [
        [undefined, 0.6, 0.4],
        [undefined, null, undefined],
        [undefined, 0.7, undefined],
        [undefined, undefined, 0.9],
      ],
    );
    const names = sorted(pairs, { key: "adjusted", isDescending: true }, 1).map(({ a }) => a);
    assert.deepEqual(names, ["soup", "salsa", "mkl", "dpo"]);
  });

  it("are told apart by a key that names of any kind cannot confuse", () => {
    assert.notEqual(pairKey({ benchmark: "x", a: "a b", b: "c" }), pairKey({ benchmark: "x", a: "a", b: "b c" }));
  });

  it("have stars by the corrected p where there is one", () => {
    assert.equal(stars({ p: 0.001, holm: 0.06 }), "");
    assert.equal(stars({ p: 0.0001, holm: 0.04 }), "*");
    assert.equal(stars({ p: 0.009 }), "**");
    assert.equal(stars({ p: 0.0009 }), "***");
    assert.equal(stars({ p: null }), "");
  });

  it("say who is better only when that is decided", () => {
    assert.equal(verdict(rateOf({ adjusted: 0.6, holm: 0.001 })), "better");
    assert.equal(verdict(rateOf({ adjusted: 0.4, holm: 0.001 })), "worse");
    assert.equal(verdict(rateOf({ adjusted: 0.6, holm: 0.2 })), "open");
  });
});
